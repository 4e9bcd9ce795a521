"""The two modes of a CalendarPicker: one day, or a range of days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.json_types import json_type
from waflows.flowjson.rule import Rule

_CALENDAR = '{ "type": "CalendarPicker", "name": "days"MORE }'
_AT = "screens[0].layout.children[0]"
_BOTH = '{ "start-date": "From", "end-date": "To"EXTRA }'


def _page(more: str) -> str:
    return page(_CALENDAR.replace("MORE", f", {more}"))


RANGE_ONLY = Rule(
    id="calendar-range-only",
    code="UNEXPECTED_CALENDAR_PICKER_RANGE_MODE_PROP",
    evidence=("page", "names"),
    title="Some properties of a CalendarPicker belong to the range mode",
    message="Property '{property}' of CalendarPicker is only available in mode 'range'.",
    why="title, description, min-days and max-days describe a range; one day has none of them.",
    help='Add "mode": "range", or remove {property}.',
    since="6.1",
    failing=fails(
        _page('"label": "Day", «"title"»: "Your stay"'),
        "Property 'title' of CalendarPicker is only available in mode 'range'.",
        f"{_AT}.title",
    ),
    passing=passes(_page('"label": "Stay", "mode": "range", "title": "Your stay"')),
)
MISSING = Rule(
    id="calendar-range-missing",
    code="MISSING_CALENDAR_PICKER_RANGE_MODE_PROP",
    evidence=("names",),
    title="A label for a range names both ends",
    message="Property 'label' of CalendarPicker in mode 'range' lacks '{missing}'.",
    why="A range has two fields, and each needs its own label.",
    help="Add '{missing}' beside the other.",
    since="6.1",
    failing=fails(
        _page('"mode": "range", "label": «{ "start-date": "From" }»'),
        "Property 'label' of CalendarPicker in mode 'range' lacks 'end-date'.",
        f"{_AT}.label",
    ),
    passing=passes(_page(f'"mode": "range", "label": {_BOTH.replace("EXTRA", "")}')),
)
TYPE = Rule(
    id="calendar-type",
    code="INVALID_TYPE",
    evidence=("page", "names"),
    title="Values of a CalendarPicker have the form of its mode",
    message="Property '{property}' of CalendarPicker in mode '{mode}' should be of type {expected},"
    " but found {found}.",
    why="One day takes one value, a range takes one for each end: start-date and end-date.",
    help="Write a value of type {expected}, or change the mode.",
    since="6.1",
    failing=fails(
        _page(f'"label": «{_BOTH.replace("EXTRA", "")}»'),
        "Property 'label' of CalendarPicker in mode 'single' should be of type string, but found "
        "object.",
        f"{_AT}.label",
    )
    + fails(
        _page('"mode": "range", "label": "Stay", "init-value": «"2026-01-01"»'),
        "Property 'init-value' of CalendarPicker in mode 'range' should be of type object, but "
        "found string.",
        f"{_AT}.init-value",
    ),
    passing=passes(_page('"label": "Day", "init-value": "2026-01-01"')),
)
KEYS = Rule(
    id="calendar-range-keys",
    code="INVALID_PROPERTY_NAME_FOR_CONDITION",
    evidence=("names",),
    title="A range has a start and an end, and nothing else",
    message="'{key}' is not one of start-date, end-date in property '{property}'.",
    why="Only the two ends of a range can be told apart.",
    help="Remove '{key}', or correct its name.",
    since="6.1",
    failing=fails(
        _page('"mode": "range", "label": ' + _BOTH.replace("EXTRA", ', «"middle"»: "Via"')),
        "'middle' is not one of start-date, end-date in property 'label'.",
        f"{_AT}.label.middle",
    ),
    passing=passes(_page(f'"mode": "range", "label": {_BOTH.replace("EXTRA", "")}')),
)
_RANGE_ONLY = ("title", "description", "min-days", "max-days")
_EITHER = ("label", "helper-text", "required", "init-value", "error-message")
_ENDS = ("start-date", "end-date")


def check_component(component: Component) -> Iterator[Finding]:
    """A picker whose mode is written, or left out."""
    mode = component.value.get("mode", "single")
    if mode == "single":
        for name in _RANGE_ONLY:
            if name in component.value:
                yield RANGE_ONLY.finding(component.target(name, key=True), property=name)
        for name in _EITHER:
            if isinstance(component.value.get(name), dict):
                expected = "boolean" if name == "required" else "string"
                yield _type(component, (name,), expected, "object", "single")
    elif mode == "range":
        given = component.value.get("init-value")
        if isinstance(given, str) and given.strip() and expressions.classify(given) is None:
            yield _type(component, ("init-value",), "object", "string", "range")
        for name in _EITHER:
            ends = component.value.get(name)
            if isinstance(ends, dict):
                yield from _ends(component, name, ends)


def _ends(component: Component, name: str, ends: dict[str, Any]) -> Iterator[Finding]:
    for key in ends:
        if key not in _ENDS:
            yield KEYS.finding(component.target(name, key, key=True), key=key, property=name)
    for end in _ENDS:
        if end not in ends:
            if name == "label":
                yield MISSING.finding(component.target(name), missing=end)
            continue
        expected = "boolean" if name == "required" else "string"
        found = json_type(ends[end])
        if found not in {expected, "string"}:
            yield _type(component, (name, end), expected, found, "range")


def _type(
    component: Component, steps: tuple[str, ...], expected: str, found: str, mode: str
) -> Finding:
    name = ".".join(steps)
    at = component.target(*steps)
    return TYPE.finding(at, property=name, mode=mode, expected=expected, found=found)


FAMILY = Family(
    rules=(RANGE_ONLY, MISSING, TYPE, KEYS),
    checks=(OnComponent(check_component, types=("CalendarPicker",)),),
)
