"""Findings of the text itself, before it means anything: JSON syntax, duplicate keys, size."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.scanner import MAX_DEPTH, TextFault
from waflows.flowjson.spec.objects import MAX_BYTES, MAX_VALUES

SYNTAX = Rule(
    id="json-syntax",
    code="INVALID_FLOW_JSON",
    title="The text is JSON",
    message="Flow JSON is not valid.",
    why="A text that is not JSON cannot be read at all. Meta says no more than that; the help "
    "line says what was expected and where.",
    help="Make the text valid JSON.",
    failing=fails('{ "version": "7.3", "screens": []«,» }', "Flow JSON is not valid.", ""),
    passing=passes('"[1, 2,]"'),
)
DUPLICATE = Gap(
    id="duplicate-key",
    code="WAFLOWS_DUPLICATE_KEY",
    evidence=("reading",),
    title="Each key stands once in its object",
    message="Key '{key}' is given more than once.",
    why="Readers of JSON keep the last value of a key given twice, or the first, so that the "
    "other is lost without a word.",
    help="Keep one '{key}'.",
    failing=fails(
        page(head='«"title"»: "One",\n«"title"»: "Two"'),
        "Key 'title' is given more than once.",
        "screens[0].title",
        "screens[0].title",
    ),
    passing=passes(page(head='"title": "One"')),
)
NESTING = Rule(
    id="nesting-depth",
    code="WAFLOWS_NESTING_TOO_DEEP",
    evidence=("reading",),
    title="Arrays and objects are not nested without end",
    message=f"Arrays and objects are nested deeper than {MAX_DEPTH} levels.",
    why="No Flow JSON comes near this depth, and readers that follow it would fail.",
    help=f"Nest at most {MAX_DEPTH} arrays and objects.",
    failing=fails(
        "[" * MAX_DEPTH + "«[»" + "]" * (MAX_DEPTH + 1),
        f"Arrays and objects are nested deeper than {MAX_DEPTH} levels.",
        "[0]" * MAX_DEPTH,
    ),
    passing=passes("[" * MAX_DEPTH + "]" * MAX_DEPTH),
)
SIZE = Rule(
    id="too-large",
    code="WAFLOWS_TOO_LARGE",
    title="The text is at most 10 MB",
    message="Flow JSON is {size} bytes long; at most {limit} are allowed.",
    why="Meta documents 10 MB as the largest Flow JSON. Nothing else is checked in a larger text.",
    help="Move images and long lists to the endpoint, or load them with the screen's data.",
    failing=(),  # 10 MB of documentation would help nobody
    passing=passes('""'),
)
VALUES = Rule(
    id="too-many-values",
    code="WAFLOWS_TOO_MANY_VALUES",
    evidence=("reading",),
    title="The text holds at most 250,000 values",
    message=f"Flow JSON has more than {MAX_VALUES:,} values.",
    why="Objects, arrays and what stands in them are counted before they are read. Fifty screens "
    "of fifty components come to some thousands; reading millions costs memory. The limit "
    "is our own, and nothing else is checked in a text beyond it.",
    help="Load long lists from the endpoint, or with the screen's data.",
    failing=(),  # a quarter of a million values would help nobody either
    passing=passes('""'),
)

_HELP = {
    "expected": "Expected {detail} here.",
    "truncated": "The text ends here, where {detail} was expected; the last bracket that was "
    "opened is never closed.",
    "ended": "The text ends here, where {detail} was expected.",
    "trailing-comma": "Remove the comma: nothing follows it.",
    "double-comma": "Remove this comma: there is one already.",
    "missing-comma": "A comma is missing after this.",
    "comment": "JSON has no comments: remove it.",
    "typographic-quote": '{detail} is a typographic quotation mark: write the straight one, ", in '
    "all places like this.",
    "single-quote": "JSON knows double quotes only: write \" instead of '.",
    "foreign-word": "JSON writes this word as {detail}.",
    "constant": "{detail} is not a JSON value: write a number, or null.",
    "control-character": "A string cannot hold a line end, a tab or another control character: "
    "write an escape such as \\n or \\t.",
    "lone-surrogate": "This is half of a surrogate pair and stands for no character: write both "
    "halves, or the character itself.",
    "bad-escape": 'JSON knows the escapes \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four '
    "hexadecimal digits.",
    "open-string": "This string is never closed: its closing quote is missing.",
    "extra-text": "The document ends before this: remove what follows it.",
    "not-utf-8": "The bytes from here on are not UTF-8: save the file as UTF-8.",
}


def text_findings(found: TextFault) -> Iterator[Finding]:
    """The finding for something the reader stumbled over."""
    if found.kind == "duplicate-key":
        yield DUPLICATE.text_finding(found.places, key=found.detail)
    elif found.kind == "too-deep":
        yield NESTING.text_finding(found.places)
    elif found.kind == "too-many-values":
        yield VALUES.text_finding(found.places)
    elif found.kind == "too-large":
        yield SIZE.text_finding(found.places, size=found.detail, limit=MAX_BYTES)
    else:
        advice = _HELP[found.kind]
        yield SYNTAX.text_finding(found.places, advice=advice, fix=found.fix, detail=found.detail)


FAMILY = Family(rules=(SYNTAX, DUPLICATE, NESTING, SIZE, VALUES))
