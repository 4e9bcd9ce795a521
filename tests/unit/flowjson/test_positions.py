"""Where a diagnostic points, whatever the text is made of."""

import pytest

from waflows.flowjson import Diagnostic, lint
from waflows.flowjson.diagnostics import Target
from waflows.flowjson.positions import locate

TEXT = '{\n  "version": "7.3",\n  "screens": [\n    { "id": "A", "wrong": 1 }\n  ]\n}'


def wrong(text: str | bytes) -> Diagnostic:
    [found] = [each for each in lint(text).diagnostics if each.rule == "schema-unknown-property"]
    return found


def place(found: Diagnostic) -> tuple[int, int, int, int]:
    return (found.line_start, found.line_end, found.column_start, found.column_end)


def test_a_position_is_that_of_the_first_pointer() -> None:
    found = wrong(TEXT)
    assert place(found) == (4, 4, 18, 24)
    first = found.pointers[0]
    assert (first.line_start, first.column_start, first.path) == (4, 18, "screens[0].wrong")


@pytest.mark.parametrize(
    "text",
    [
        TEXT.encode(),
        "\ufeff" + TEXT,
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace('    { "id"', '\t\t\t\t{ "id"'),
        TEXT.replace('"A"', '"\U0001f600"'),
        TEXT.replace('"A"', '"\u00e9"').encode(),
    ],
    ids=["bytes", "mark", "mark in bytes", "CRLF", "tabs", "astral", "two bytes"],
)
def test_a_column_counts_code_points_and_a_byte_order_mark_is_none(text: str | bytes) -> None:
    assert place(wrong(text)) == (4, 4, 18, 24)


def test_an_escape_is_as_wide_as_it_is_written() -> None:
    assert place(wrong(TEXT.replace('"A"', '"\\u0041"'))) == (4, 4, 23, 29)
    assert place(wrong(TEXT.replace("wrong", "wr\\u006fng"))) == (4, 4, 18, 29)


def test_equal_fragments_have_places_of_their_own() -> None:
    text = TEXT.replace('{ "id": "A", "wrong": 1 }', '{ "wrong": 1 }, { "wrong": 1 }')
    found = [each for each in lint(text).diagnostics if each.rule == "schema-unknown-property"]
    assert [place(each) for each in found] == [(4, 4, 7, 13), (4, 4, 23, 29)]
    assert [each.path for each in found] == ["screens[0].wrong", "screens[1].wrong"]


def test_of_a_key_given_twice_the_last_is_meant() -> None:
    text = TEXT.replace('"wrong": 1', '"id": 5')
    [found] = [each for each in lint(text).diagnostics if each.rule == "schema-wrong-type"]
    assert place(found) == (4, 4, 24, 24)


def test_a_container_spans_from_its_opening_to_its_closing_sign() -> None:
    [found] = [each for each in lint(TEXT).diagnostics if each.path == "screens[0]"]
    assert place(found) == (4, 4, 5, 29)


def test_characters_in_a_string_are_found_past_its_escapes() -> None:
    text = r'["a\"b\u00e9\ud83d\ude00c"]'
    within = [Target((0,), within=(n, n + 1)) for n in range(6)]
    spans = locate(text, within)
    written = [text[slice(*spans[target])] for target in within]
    assert written == ["a", r"\"", "b", r"\u00e9", r"\ud83d\ude00", "c"]


def test_a_key_with_signs_of_a_path_is_quoted_in_it() -> None:
    text = TEXT.replace('"wrong"', '"a.b"')
    assert wrong(text).path == 'screens[0]["a.b"]'


def test_a_target_that_is_not_there_gets_the_nearest_value_above() -> None:
    target = Target(("a", "b", "c"))
    assert locate('{ "a": { "x": 1 } }', [target]) == {target: (7, 17)}
