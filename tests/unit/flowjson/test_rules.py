"""Every rule, by the examples it documents itself with.

The marks « » in a failing example are the expected positions: lines and columns are counted here
from the marks alone, and held against what the validator says.
"""

import re

import pytest

from waflows.flowjson import RULES, Example, Rule, lint
from waflows.flowjson.diagnostics import Pointer

PLACEHOLDER = re.compile(r"(?<!\$)\{\w+\}")
FAILING = [(rule, example) for rule in RULES.values() for example in rule.failing]
PASSING = [(rule, example) for rule in RULES.values() for example in rule.passing]


def named(value: object) -> str:
    return value.id if isinstance(value, Rule) else ""


def place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1


def marked_pointers(example: Example) -> list[Pointer]:
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    offset = 0
    for character in example.marked:
        if character == "«":
            opened.append(len(spans))
            spans.append((offset, offset))
        elif character == "»":
            index = opened.pop()
            spans[index] = (spans[index][0], offset)
        else:
            offset += 1
    pointers = []
    for (start, end), path in zip(spans, example.paths, strict=True):
        first, last = place(example.text, start), place(example.text, end - 1)
        pointers.append(Pointer(first[0], last[0], first[1], last[1], path))
    return pointers


@pytest.mark.parametrize(("rule", "example"), FAILING, ids=named)
def test_a_failing_example_yields_exactly_its_diagnostic(rule: Rule, example: Example) -> None:
    [found] = [
        found
        for found in lint(example.text).diagnostics
        if found.rule == rule.id or found.rule != "version-frozen"
    ]
    assert found.rule == rule.id
    assert found.code in {rule.code, *rule.other_codes}
    if rule.warning_since is None:
        assert found.error_type == rule.error_type
        assert found.severity == rule.severity
    assert found.message == example.message
    assert list(found.pointers) == marked_pointers(example)
    assert found.help
    for words in (found.message, found.help):
        assert not PLACEHOLDER.search(words)


@pytest.mark.parametrize(("rule", "example"), PASSING, ids=named)
def test_a_passing_example_does_not_break_the_rule(rule: Rule, example: Example) -> None:
    assert rule.id not in {found.rule for found in lint(example.text).diagnostics}


def test_a_refusal_that_newer_notes_lift_is_a_warning_from_that_version_on() -> None:
    [example] = RULES["native-default-30"].failing
    before = lint(example.text.replace('"7.3"', '"4.0"')).diagnostics
    after = lint(example.text.replace('"7.3"', '"5.0"')).diagnostics
    assert [found.severity for found in before if found.rule == "native-default-30"] == ["error"]
    assert [found.severity for found in after if found.rule == "native-default-30"] == ["warning"]


def test_every_rule_has_a_page() -> None:
    for rule in RULES.values():
        assert rule.title
        assert rule.why.endswith(".")
        assert rule.help
        assert rule.messages
        assert rule.passing


def test_a_warning_has_a_code_of_our_own_unless_the_public_list_names_its_check() -> None:
    for rule in RULES.values():
        own = rule.code.startswith("WAFLOWS_")
        assert own or rule.error_type == "FLOW_JSON_ERROR" or "names" in rule.evidence
