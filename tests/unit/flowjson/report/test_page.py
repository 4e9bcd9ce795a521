"""A rule's page."""

from __future__ import annotations

import re

import pytest

from waflows.flowjson import RULES, Rule, lint
from waflows.flowjson.report import Checked
from waflows.flowjson.report.human import diagnoses
from waflows.flowjson.report.page import markdown, output, page, versions

SHOWN = [rule for rule in RULES.values() if rule.failing]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_page_says_what_is_wanted_why_and_what_mends_it(rule: Rule) -> None:
    words = " ".join(page(rule).split())

    assert words.startswith(f"{rule.id}: {rule.title}")
    for part in (rule.code, rule.severity, rule.why, rule.help, *rule.messages):
        assert " ".join(part.split()) in words


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.id)
def test_the_output_on_a_page_is_that_of_lint_for_the_failing_example(rule: Rule) -> None:
    text = rule.failing[0].text
    report = lint(text)
    whole = diagnoses(
        Checked(
            name="flow.json",
            place="flow.json",
            text=text,
            version=None,
            diagnostics=report.diagnostics,
        ),
        width=88,
    )

    assert output(rule)
    assert output(rule) in whole
    assert output(rule).rstrip() in markdown(rule)


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.id)
def test_the_colours_of_a_page_change_no_word(rule: Rule) -> None:
    coloured = page(rule, colour=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == page(rule)


def test_the_versions_of_a_rule_are_told_in_words() -> None:
    rule = next(iter(RULES.values()))

    def told(since: str, until: str | None) -> str:
        fields = {name: getattr(rule, name) for name in rule.__struct_fields__}
        return versions(Rule(**fields | {"since": since, "until": until}))

    assert told("2.1", None) == "every version"
    assert told("6.0", None) == "Flow JSON 6.0 and later"
    assert told("2.1", "5.0") == "Flow JSON 2.1 until before 5.0"
