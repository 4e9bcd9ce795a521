"""A line with marks under it: the marks stand under what they mean, whatever the line holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from waflows.flowjson.report.excerpt import Mark, excerpt, printable, shown

# Two alphabets without a character in common, so that a token is known again in what is shown.
# Each has narrow, wide and astral characters, and accents that are drawn into the one before.
_TOKEN_SIGNS = 'abc"火😀\u0301'
_OTHER_SIGNS = "xyz {}\t日🎉\u0302\x07\u202e"


def cells(line: str) -> list[str]:
    """The characters of a line by the cells they fill, as the library `rich` measures them."""
    return [character for character in line for _ in range(cell_len(character))]


def over_the_marks(shown_line: str, marks: str, sign: str = "^") -> str:
    """The characters that stand over a sign, one for each cell."""
    return "".join(
        character for character, mark in zip(cells(shown_line), marks, strict=False) if mark == sign
    )


def marked(line: str, token: str, width: int = 100) -> tuple[str, str]:
    start = line.index(token)
    return excerpt(line, [Mark(start, start + len(token), "^")], width)


def test_a_mark_stands_under_its_token() -> None:
    assert marked('  "titel": 1', '"titel"') == ('  "titel": 1', "  ^^^^^^^")


def test_a_tab_is_four_cells_wide_whether_before_a_token_or_in_it() -> None:
    assert marked('\t"a": 1', '"a"') == ('    "a": 1', "    ^^^")
    assert marked('"a\tb"', "\t") == ('"a    b"', "  ^^^^")


def test_wide_and_astral_characters_get_two_carets_each() -> None:
    assert marked('"日本": "🎉"', '"🎉"') == ('"日本": "🎉"', "        ^^^^")


def test_an_accent_of_its_own_takes_no_room() -> None:
    assert marked('"cafe\u0301": 7', "7") == ('"cafe\u0301": 7', "        ^")


def test_a_token_of_no_width_is_marked_under_the_character_it_is_drawn_into() -> None:
    assert marked('"e\u0301"', "\u0301") == ('"e\u0301"', " ^")


def test_a_place_after_the_last_character_is_marked_after_it() -> None:
    assert excerpt('"never closed', [Mark(13, 14, "^")], 100)[1] == " " * 13 + "^"


def test_control_characters_and_turns_of_direction_are_shown_and_not_obeyed() -> None:
    line, marks = marked('"\x1b[2J\u202e": 7', "7")

    assert line == '"␛[2J\ufffd": 7'
    assert marks == "         ^"


def test_a_long_line_is_cut_around_the_token_with_a_third_of_the_room_before_it() -> None:
    line, marks = marked("x" * 1000 + '"here"' + "y" * 1000, '"here"', width=60)

    assert line == "…" + "x" * 20 + '"here"' + "y" * 34 + "…"
    assert marks == " " * 21 + "^^^^^^"


def test_a_long_line_is_cut_on_one_side_only_when_the_token_is_near_an_end() -> None:
    line, marks = marked("x" * 1000 + '"here"', '"here"', width=60)
    assert line == "…" + "x" * 54 + '"here"'
    assert marks == " " * 55 + "^^^^^^"

    line, marks = marked('"here"' + "y" * 1000, '"here"', width=60)
    assert line == '"here"' + "y" * 54 + "…"
    assert marks == "^^^^^^"


def test_a_token_wider_than_the_room_is_marked_as_far_as_it_is_shown() -> None:
    line, marks = marked("x" * 50 + "a" * 500, "a" * 500, width=60)

    assert line == "…" + "x" * 20 + "a" * 40 + "…"
    assert marks == " " * 21 + "^" * 40


@pytest.mark.parametrize("width", range(40, 50))
def test_a_cut_does_not_part_a_letter_from_its_accent(width: int) -> None:
    line, marks = marked("e\u0301" * 100 + '"here"', '"here"', width)

    assert line[:2] == "…e"
    assert over_the_marks(line, marks) == '"here"'


def test_where_marks_overlap_the_first_is_seen() -> None:
    marks = [Mark(4, 6, "^"), Mark(2, 8, "-")]

    assert excerpt("0123456789", marks, 100)[1] == "  --^^--"


def test_a_line_of_a_million_accents_is_cut_all_the_same() -> None:
    line, _ = excerpt("\u0301" * 1_000_000 + "a", [Mark(1_000_000, 1_000_001, "^")], 60)

    assert len(line) <= 62


@given(
    before=st.text(_OTHER_SIGNS, max_size=300),
    token=st.text(_TOKEN_SIGNS, min_size=1, max_size=80),
    after=st.text(_OTHER_SIGNS, max_size=300),
    width=st.integers(10, 200),
)
def test_what_stands_over_the_carets_is_the_token_and_all_of_it_that_is_shown(
    before: str, token: str, after: str, width: int
) -> None:
    # An accent at its start would be drawn into what comes before the token.
    token = f"a{token}"
    line, marks = excerpt(
        before + token + after, [Mark(len(before), len(before + token), "^")], width
    )

    visible = "".join(character for character in cells(line) if character in _TOKEN_SIGNS)
    assert visible
    assert over_the_marks(line, marks) == visible
    assert cell_len(line) <= width + len("……")


@given(
    line=st.text(st.characters(exclude_characters="\n")),
    start=st.integers(0, 200),
    length=st.integers(0, 200),
    width=st.integers(10, 200),
)
def test_any_line_can_be_shown_with_any_mark(
    line: str, start: int, length: int, width: int
) -> None:
    text, marks = excerpt(line, [Mark(start, start + length, "^")], width)

    assert "^" in marks
    assert len(marks) <= width + 2
    assert all(shown(character)[0] == character for character in text)


@given(st.text())
def test_printable_text_moves_no_cursor(text: str) -> None:
    assert not any(
        c < " " or "\x7f" <= c <= "\x9f" or "\u202a" <= c <= "\u202e" for c in printable(text)
    )
