"""Texts that are not JSON, or hardly: each gets a clear diagnostic at its place."""

import sys

import msgspec
import pytest

from waflows.flowjson import Diagnostic, lint, parse
from waflows.flowjson.scanner import MAX_DEPTH


def one(text: str | bytes) -> Diagnostic:
    [found] = lint(text).diagnostics
    assert found.code == "INVALID_FLOW_JSON"
    assert found.message == "Flow JSON is not valid."
    assert found.error_type == "FLOW_JSON_ERROR"
    return found


@pytest.mark.parametrize(
    ("marked", "advice"),
    [
        ('{ "version": "7.3"«,» }', "Remove the comma"),
        ("[1, 2«,»]", "Remove the comma"),
        ('{ "version": «NaN» }', "NaN is not a JSON value"),
        ("[«-Infinity»]", "-Infinity is not a JSON value"),
        ('{ "a": «1» "b": 2 }', "A comma is missing after this"),
        ('{\n  "a": "one«"»\n  "b": 2\n}', "A comma is missing after this"),
        ('[{ "a": 1 «}»\n{ "a": 2 }]', "A comma is missing after this"),
        ('{ "a": 1 «"b"» }', 'Expected "," or "}"'),
        ("{ «a»: 1 }", "Expected a key in double quotes"),
        ('{ "a" «1» }', 'Expected ":"'),
        ("[1, «,» 2]", "Remove this comma"),
        ('{ "a": 1,«,» "b": 2 }', "Remove this comma"),
        ("[«,» 2]", "Expected a value"),
        ("[«'»a']", "double quotes only"),
        ("{ «'»a': 1 }", "double quotes only"),
        ("[«True»]", "writes this word as true"),
        ("[«None»]", "writes this word as null"),
        ("[«yes»]", "Expected a value"),
        ("{ «“»a”: 1 }", "“ is a typographic quotation mark"),
        ('{ "a": «„»b“ }', "„ is a typographic quotation mark"),
        ('{ "a«”»: "b" }', "” is a typographic quotation mark"),
        ('{ "a": "b«”», "c": 1 }', "” is a typographic quotation mark"),
        ('{ "a": "b«”»\n}', "” is a typographic quotation mark"),
        ('{ "a": 1, «// one»\n "b": 2 }', "JSON has no comments"),
        ('{ «/* one\n */» "b": 2 }'.replace("\n", " "), "JSON has no comments"),
        ("«# one»\n{}", "JSON has no comments"),
        ('{ "a": 1 } «// the end»', "JSON has no comments"),
        ("[0«1»]", 'Expected "," or "]"'),
        ("[1] «x»", "The document ends before this"),
        ('["a«\\»q"]', "JSON knows the escapes"),
        ('["a«\t»b"]', "control character"),
        ('[«"a»\nb"]', "control character"),
        ('["«\\ud800»"]', "half of a surrogate pair"),
        ('["\\ud83d\\ude00 «\\ude00»"]', "half of a surrogate pair"),
        ('{ "a": [«"»b }', "never closed"),
        ("«/» c\n[]", "Expected a value"),
    ],
)
def test_a_syntax_fault_is_named_at_its_place(marked: str, advice: str) -> None:
    start = marked.index("«")
    end = marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    found = next(each for each in lint(text).diagnostics if each.rule == "json-syntax")
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    assert (found.line_start, found.column_start) == (line, column)
    assert found.column_end - found.column_start == end - start - 1
    assert advice in found.help


def test_a_truncated_text_points_at_its_end_and_at_what_was_left_open() -> None:
    found = one('{\n  "screens": [\n    { "id": "A",\n')
    assert [(p.line_start, p.column_start, p.path) for p in found.pointers] == [
        (3, 16, "screens[0]"),
        (3, 5, "screens[0]"),
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\ufeff", b"", b"\xef\xbb\xbf"])
def test_an_empty_text_is_a_fault_at_its_beginning(text: str | bytes) -> None:
    found = one(text)
    assert (found.line_start, found.column_start, found.column_end) == (1, 1, 1)


def test_several_small_faults_are_reported_together() -> None:
    found = lint('{ "a": [1,], "b": NaN, "c": "\t" }').diagnostics
    assert [each.column_start for each in found] == [10, 19, 30]


def test_a_text_with_small_faults_is_read_to_its_end() -> None:
    text = '{ // one\n  "a": 1,, /* two */\n  "b": "two"\n  "c": [1 [2]],\n}'
    found = lint(text).diagnostics
    assert [(each.line_start, each.column_start) for each in found] == [
        (1, 3),
        (2, 10),
        (2, 12),
        (3, 12),
        (4, 9),
        (4, 15),
    ]


def test_typographic_quotes_inside_a_text_are_no_fault() -> None:
    assert parse('{ "a": "She said “yes”, and left", "b": "“”" }').readable
    [found] = lint('{ "a": "She said “yes” today" "b" }').diagnostics
    assert 'Expected "," or "}"' in found.help


def test_a_comment_that_is_never_closed_ends_with_the_text() -> None:
    comment, end = lint('{ "a": 1 /* and so on').diagnostics
    assert "JSON has no comments" in comment.help or "JSON has no comments" in end.help


def test_bytes_that_are_not_utf_8_are_placed() -> None:
    found = one(b'{\n "a": "\xff" }')
    assert (found.line_start, found.column_start) == (2, 8)
    assert "UTF-8" in found.help
    assert "UTF-8" in one("{}".encode("utf-16")).help


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_endless_nesting_is_a_fault_and_no_recursion(opening: str) -> None:
    for text in (opening * 100_000, "[" * 100_000 + "]" * 100_000):
        [found] = lint(text).diagnostics
        assert found.rule == "nesting-depth"
        assert found.column_start == len(opening) * MAX_DEPTH + 1 or text[1] == "["


def test_the_answer_does_not_depend_on_how_deep_the_caller_is() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    def deeper(frames: int) -> list[str]:
        if frames:
            return deeper(frames - 1)
        return [each.rule for each in lint(text).diagnostics]

    near = sys.getrecursionlimit() - 150
    depth = len(__import__("inspect").stack())
    assert deeper(near - depth) == deeper(0) == ["schema-wrong-type"]


def test_a_number_of_any_length_is_read() -> None:
    assert parse("[" + "9" * 10_000 + "]").readable
    assert parse("[1e999999]").readable


def test_a_document_that_is_no_object_is_said_to_be_none() -> None:
    [found] = lint("[]").diagnostics
    assert found.code == "INVALID_PROPERTY_TYPE"
    assert found.message == "Expected property $root to be of type object, but found array."


def test_a_parsed_document_keeps_what_was_written() -> None:
    document = parse('\ufeff{ "version": "6.3", "screens": [{ "id": "A" }] }')
    assert document.readable
    assert document.version == "6.3"
    assert document.value == {"version": "6.3", "screens": [{"id": "A"}]}
    assert document.flow is not None
    assert [screen.id for screen in document.flow.screens] == ["A"]
    assert not parse("{").readable


@pytest.mark.parametrize(
    "text",
    [
        r'{"version":"7.1","screens":[],"\ud800":1}',
        r'{"version":"7.1","screens":[{"id":"\ud800"},{"id":"\ud800"}]}',
        r'{"version":"7.1","screens":[],"\ud800":1,"\ud800":1}',
    ],
)
def test_half_a_surrogate_pair_in_a_name_can_be_reported(text: str) -> None:
    assert msgspec.json.encode(lint(text))
