"""The validator over documents that people have published: no false alarm, no fault missed."""

import pytest
from harness.corpus import CORPUS, needs_the_corpus, rows

from waflows.flowjson import Report, lint

from .disagreements import EXAMINED

pytestmark = needs_the_corpus

NAMED = {
    "reserved screen id SUCCESS": {"reserved-screen-id"},
    "terminal screen without Footer": {"terminal-footer"},
    "unknown component": {"schema-invalid-value"},
    "screen.data entry without type": {"dm-no-type", "schema-wrong-type"},
    "${form.*} ref to no component": {
        "dyn-missing-form-component",
        "oc-missing-form-component",
        "global-missing",
    },
    "undeclared ${data.*} ref": {"dyn-missing", "oc-missing-data", "global-missing"},
    "navigate to missing screen": {"nav-unknown-screen"},
    "routing_model names missing screen": {"rm-invalid-destination", "rm-invalid-source"},
    "unknown version": {"version-invalid"},
    "cycle in routing_model": {"rm-loop", "rm-backward"},
    # Either there is no terminal screen, or the footer of one has no usable action.
    "no terminal screen with complete/data_exchange": {
        "no-terminal",
        "schema-required",
        "navigate-on-terminal",
        "terminal-footer",
    },
}
"""The reasons of the index, and the rules of which one must speak."""


def report(row: dict[str, str]) -> Report:
    return lint((CORPUS / row["file"]).read_bytes())


def errors(row: dict[str, str]) -> set[str]:
    return {found.rule for found in report(row).diagnostics if found.severity == "error"}


def called(verdict: str) -> list[dict[str, str]]:
    return [row for row in rows() if row["looks_valid"].split(":")[0] == verdict]


def named(row: dict[str, str]) -> str:
    return row["file"].removeprefix("flows/")


@pytest.mark.parametrize("row", called("yes"), ids=named)
def test_a_valid_document_has_no_error_but_those_examined(row: dict[str, str]) -> None:
    expected, _ = EXAMINED.get(named(row), (frozenset(), ""))
    assert errors(row) == expected


@pytest.mark.parametrize("row", called("no"), ids=named)
def test_an_invalid_document_has_the_fault_that_is_named(row: dict[str, str]) -> None:
    found = {each.rule for each in report(row).diagnostics}
    for reason in row["looks_valid"].removeprefix("no: ").split("; "):
        [rules] = [rules for start, rules in NAMED.items() if reason.startswith(start)]
        assert found & rules, reason


def test_every_examined_document_is_there_and_has_a_reason() -> None:
    there = {named(row) for row in called("yes")}
    for file, (rules, reason) in EXAMINED.items():
        assert file in there
        assert rules
        assert reason


@pytest.mark.parametrize("row", rows(), ids=named)
def test_every_position_lies_inside_the_document(row: dict[str, str]) -> None:
    lines = (CORPUS / row["file"]).read_bytes().decode("utf-8-sig").split("\n")
    for found in report(row).diagnostics:
        for pointer in found.pointers:
            assert 1 <= pointer.column_start <= len(lines[pointer.line_start - 1])
            assert 1 <= pointer.column_end <= len(lines[pointer.line_end - 1])
