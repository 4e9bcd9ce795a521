"""What changed between two revisions, as the history shows it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from waflows.console.flow_history import DiffLine, compare

_LINES = st.lists(st.sampled_from(["{", "}", '"a": 1', "-x", "+x", "@@", ""]), max_size=30)


def rebuilt(lines: list[DiffLine], kept: str) -> list[str]:
    return [line.text[1:] for line in lines if line.kind in {"kept", kept}]


@given(_LINES, _LINES)
def test_the_lines_shown_lead_from_one_text_to_the_other(old: list[str], new: list[str]) -> None:
    # Short texts with a break in them are shown whole when every line is near a change.
    older, newer = "\n".join([*old, "", "old"]), "\n".join([*new, "", "new"])
    lines, note = compare(older, newer)
    assert not note
    assert set(rebuilt(lines, "removed")) <= set(older.split("\n"))
    assert set(rebuilt(lines, "added")) <= set(newer.split("\n"))
    assert DiffLine("removed", "-old") in lines
    assert DiffLine("added", "+new") in lines


def test_texts_on_one_line_are_laid_out_before_they_are_compared() -> None:
    lines, _ = compare('{"a":1,"b":2}', '{"a":1,"b":3}')
    assert [line.text for line in lines if line.kind == "removed"] == ['-  "b": 2']
    assert [line.text for line in lines if line.kind == "added"] == ['+  "b": 3']


def test_texts_that_are_the_same_are_said_to_be() -> None:
    assert compare("{}", "{}") == ([], "The two revisions are the same.")


def test_texts_that_differ_in_blanks_alone_are_said_to() -> None:
    assert compare('{"a":1}', '{ "a": 1 }') == ([], "The two revisions differ in white space only.")


def test_what_would_take_too_long_is_not_compared() -> None:
    numbers = [str(number) for number in range(20_001)]
    lines, note = compare("\n".join(numbers), "\n".join(reversed(numbers)))
    assert lines == []
    assert "too many to compare" in note
