"""What holds for any text and any JSON value."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from waflows.flowjson import Diagnostic, examples, lint

LINES = st.sampled_from(["\n", "\r\n", "\r", "\t", " "])
WORDS = st.sampled_from(
    [
        *("version", "screens", "id", "layout", "type", "children", "data", "terminal", "name"),
        *("routing_model", "data_api_version", "on-click-action", "payload", "next", "condition"),
        *("then", "else", "cases", "value", "items", "properties", "__example__", "data-source"),
        *("7.3", "2.1", "Form", "If", "Switch", "Footer", "TextInput", "TextBody", "navigate"),
        *(
            "MAIN",
            "SUCCESS",
            "string",
            "array",
            "object",
            "${data.x}",
            "${form.y}",
            "`1 + 'a'`",
            "``",
        ),
        *(
            "${screen.MAIN.data.x}",
            "(${form.y} == 'a') && ${data.x}",
            "`",
            "${",
            "SingleColumnLayout",
        ),
    ]
)
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """JSON values that look a little like Flow JSON."""
    texts = texts.map(lambda text: text[:20])
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | texts
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(WORDS | texts, inner, max_size=5)
        ),
        max_leaves=40,
    )


def written(value: Any, indent: str | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def token(text: str, found: Diagnostic, pointer: int) -> str:
    """The text a pointer covers; fails when it lies outside the text."""
    at = found.pointers[pointer]
    lines = text.removeprefix("\ufeff").split("\n")
    assert 1 <= at.line_start <= at.line_end <= len(lines)
    start = sum(len(line) + 1 for line in lines[: at.line_start - 1]) + at.column_start - 1
    end = sum(len(line) + 1 for line in lines[: at.line_end - 1]) + at.column_end
    assert at.column_start >= 1
    assert at.column_start <= max(len(lines[at.line_start - 1]), 1)
    assert at.column_end <= max(len(lines[at.line_end - 1]), 1)
    assert start < end
    return text.removeprefix("\ufeff")[start:end]


def steps(path: str) -> list[str | int]:
    """A pointer's path, read back."""
    found: list[str | int] = []
    decoder = json.JSONDecoder(strict=False)
    while path:
        if path.startswith("["):
            step, end = decoder.raw_decode(path, 1)
            found.append(step)
            path = path[end + 1 :]
        else:
            path = path.removeprefix(".")
            end = min((n for n in (path.find("."), path.find("[")) if n >= 0), default=len(path))
            found.append(path[:end])
            path = path[end:]
    return found


@given(ANY_TEXT | st.binary())
@example("\ud800")
@example('{"a": "\\ud800"}')
@settings(max_examples=300, deadline=None)
def test_any_text_is_survived(text: str | bytes) -> None:
    lint(text)


@given(values(ANY_TEXT))
@settings(max_examples=300, deadline=None)
def test_any_value_is_survived(value: Any) -> None:
    lint(json.dumps(value))


@given(values(st.text()), st.sampled_from([None, "  ", "\t"]))
@settings(max_examples=300, deadline=None)
def test_every_position_is_inside_the_text_and_covers_what_its_path_names(
    value: Any, indent: str | None
) -> None:
    text = written({"version": "7.3", "screens": [value], "x": value}, indent)
    for found in lint(text).diagnostics:
        for index, pointer in enumerate(found.pointers):
            covered = token(text, found, index)
            if found.rule == "json-syntax":
                continue
            here: Any = json.loads(text)
            path = steps(pointer.path)
            for step in path:
                here = here[step]
            if found.rule == "schema-unknown-property":
                assert json.loads(covered) == path[-1]
            elif covered[:1] in '{["' and covered[-1:] in '}]"':
                whole = json.loads(covered)
                assert whole in (here, path[-1] if path else here)


@given(st.text(max_size=5), st.lists(LINES), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_a_text_that_is_cut_off_is_a_fault_inside_it(
    label: str, space: list[str], cut: int
) -> None:
    text = examples.page(f'{{ "type": "TextBody", "text": {json.dumps(label)} }}')
    text = text.replace(" ", "".join(space) or " ", 3)
    text = text[: min(cut, len(text) - 1)]
    for found in lint(text).diagnostics:
        for index in range(len(found.pointers)):
            if text.strip():
                token(text, found, index)
    assert lint(text).diagnostics


@given(values(ANY_TEXT), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_same_text_gets_the_same_answer(value: Any, as_bytes: bool) -> None:
    text = json.dumps({"version": "7.3", "screens": [value, value]})
    first = lint(text)
    assert lint(text.encode() if as_bytes else text) == first
    assert lint("\ufeff" + text) == first
    places = [(each.line_start, each.column_start) for each in first.diagnostics]
    assert places == sorted(places)


VALID = examples.a_flow(
    examples.a_screen(
        "ONE",
        '{ "type": "TextHeading", "text": "Welcome" }',
        '{ "type": "TextInput", "name": "city", "label": "City" }',
        '{ "type": "Dropdown", "name": "d", "label": "D", "data-source": [\n'
        '  { "id": "1", "title": "One" }] }',
        '{ "type": "CheckboxGroup", "name": "c", "label": "C", "data-source": [\n'
        '  { "id": "1", "title": "One" }] }',
        '{ "type": "OptIn", "name": "o", "label": "O" }',
        '{ "type": "EmbeddedLink", "text": "More", "on-click-action": {\n'
        '  "name": "open_url", "url": "https://example.com" } }',
        '{ "type": "Image", "src": "iVBORw0KGgo=" }',
        '{ "type": "ImageCarousel", "images": [{ "src": "iVBORw0KGgo=", "alt-text": "A" }] }',
        '{ "type": "If", "condition": "${form.o}", "then": [\n'
        '  { "type": "TextBody", "text": "Yes" }] }',
        '{ "type": "Switch", "value": "${form.d}", "cases": { "1": [\n'
        '  { "type": "TextCaption", "text": "One" }] } }',
        '{ "type": "CalendarPicker", "name": "day", "label": "Day" }',
        '{ "type": "PhotoPicker", "name": "photo", "label": "Photo",\n  "max-uploaded-photos": 1 }',
        examples.go("END", '{ "city": "${form.city}" }'),
    ),
    examples.a_screen(
        "END",
        '{ "type": "Form", "name": "form", "children": [\n'
        '  { "type": "DatePicker", "name": "date", "label": "Date" },\n'
        '  { "type": "RadioButtonsGroup", "name": "r", "label": "R", "data-source": [\n'
        '    { "id": "1", "title": "One" }] },\n'
        '  { "type": "TextArea", "name": "t", "label": "T" }] }',
        examples.finish(
            '{ "date": "${form.date}", "r": "${form.r}", "t": "${form.t}", '
            '"c": "${screen.ONE.form.c}", "day": "${screen.ONE.form.day}", '
            '"photo": "${screen.ONE.form.photo}" }'
        ),
        head='"terminal": true,\n"data": { "city": { "type": "string", "__example__": "" } }',
    ),
)
REQUIRED = {
    None: {"version", "screens"},
    "screen": {"id", "layout"},
    "SingleColumnLayout": {"type", "children"},
    "item": {"id", "title", "src", "alt-text"},
    "action": {"name", "payload", "next", "url"},
    "next": {"type", "name"},
    "field": {"type"},
    "component": {
        *("type", "text", "label", "name", "data-source", "on-click-action", "src", "images"),
        *("condition", "then", "value", "cases", "children"),
    },
}


def kind(path: tuple[str | int, ...], value: dict[str, Any]) -> str | None:
    if not path:
        return None
    if path[-1] == "next":
        return "next"
    if path[-1] == "layout":
        return "SingleColumnLayout"
    if path[-1] == "on-click-action":
        return "action"
    if len(path) == 2:
        return "screen"
    if len(path) > 2 and path[-2] == "data":
        return "field"
    if len(path) > 1 and path[-2] in {"data-source", "images"}:
        return "item"
    return "component" if "type" in value else "other"


def required_keys(
    value: Any, path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    if isinstance(value, dict):
        wanted = REQUIRED.get(kind(path, value), set())
        found += [(path, key) for key in value if key in wanted]
        for key, inner in value.items():
            found += required_keys(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += required_keys(inner, (*path, index))
    return found


def test_the_flow_whose_keys_are_taken_away_is_valid() -> None:
    assert not lint(VALID).diagnostics
    assert len(required_keys(json.loads(VALID))) > 80


@pytest.mark.parametrize("renamed", [False, True], ids=["deleted", "renamed"])
@pytest.mark.parametrize(("path", "key"), required_keys(json.loads(VALID)), ids=str)
def test_a_required_key_that_is_gone_is_a_fault_at_its_parent(
    path: tuple[str | int, ...], key: str, renamed: bool
) -> None:
    document = json.loads(VALID)
    parent = document
    for step in path:
        parent = parent[step]
    value = parent.pop(key)
    if renamed:
        parent["unlike"] = value
    text = json.dumps(document, indent=2)
    at_parent = [found for found in lint(text).diagnostics if steps(found.path) == list(path)]
    assert at_parent
    assert any(json.loads(token(text, found, 0)) == parent for found in at_parent)
