"""`waflows explain`: a rule's page, the rules of a code, all rules."""

from __future__ import annotations

import json

from harness.servers import run
from harness.terminal import on_terminal

from waflows.flowjson import RULES
from waflows.flowjson.report.page import page

RULE = RULES["duplicate-key"]


def test_a_rule_is_explained_by_its_page() -> None:
    done = run("explain", "duplicate-key")

    assert done.returncode == 0
    assert done.stdout == page(RULE)


def test_a_code_of_one_rule_stands_for_the_rule_in_any_case() -> None:
    assert run("explain", "WAFLOWS_DUPLICATE_KEY").stdout == page(RULE)
    assert run("explain", "waflows_duplicate_key").stdout == page(RULE)
    assert run("explain", "Duplicate-Key").stdout == page(RULE)


def test_a_code_of_several_rules_lists_them() -> None:
    codes = [rule.code for rule in RULES.values()]
    code = next(code for code in codes if codes.count(code) > 1)

    listed = json.loads(run("explain", code, "--json").stdout)
    seen = on_terminal("explain", code, columns=200, env={"COLUMNS": ""})

    assert [rule["id"] for rule in listed] == [r.id for r in RULES.values() if r.code == code]
    for rule in listed:
        assert rule["id"] in seen.text
    assert f"{len(listed)} rules have this code" in seen.text


def test_all_rules_are_a_table_on_a_terminal_and_json_in_a_pipe() -> None:
    seen = on_terminal("explain", columns=200, env={"COLUMNS": ""}).text
    listed = json.loads(run("explain").stdout)

    assert [rule["id"] for rule in listed] == list(RULES)
    for rule in RULES.values():
        assert any(rule.id in line and rule.code in line for line in seen.splitlines()), rule.id


def test_a_rule_in_json_has_its_examples() -> None:
    rule = json.loads(run("explain", "duplicate-key", "--json").stdout)

    assert rule["id"] == "duplicate-key"
    assert rule["code"] == "WAFLOWS_DUPLICATE_KEY"
    assert rule["failing"] == [example.text for example in RULE.failing]
    assert rule["passing"] == [example.text for example in RULE.passing]


def test_a_slip_is_answered_with_what_was_meant() -> None:
    done = run("explain", "duplicate-keys")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "Error: Unknown rule or code 'duplicate-keys'. Did you mean 'duplicate-key'?"
        " `waflows explain` lists them all.\n"
    )
    assert "Did you mean 'WAFLOWS_DUPLICATE_KEY'?" in run("explain", "WAFLOWS_DUPLICATEKEY").stderr


def test_a_page_has_colours_on_a_terminal_unless_they_are_not_wanted() -> None:
    assert "\x1b[1;33mwarning[" in on_terminal("explain", "duplicate-key").raw
    assert "\x1b[" not in on_terminal("explain", "duplicate-key", env={"NO_COLOR": "1"}).raw
