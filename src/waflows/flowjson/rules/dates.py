"""Dates of DatePicker and CalendarPicker: their format, whether they exist, and their order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding, Path
from waflows.flowjson.document import Component
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.rule import Rule

_PICKER = '{ "type": "DatePicker", "name": "day", "label": "Day", MORE }'
_CALENDAR = (
    '{ "type": "CalendarPicker", "name": "days", "label": "Days", "mode": "range",\n'
    '  "init-value": MORE }'
)

FORMAT = Rule(
    id="date-format",
    code="INVALID_PROPERTY_VALUE_FORMAT",
    other_codes=("INVALID_DATE_SINGLE_INIT_VALUE_FORMAT",),
    evidence=("page", "names"),
    title="Dates have the format of the version, and exist",
    wording={
        "format": "Property '{propertyName}' should be in '{format}' format.",
        "exists": "Property '{propertyName}' names the day {value}, which does not exist.",
    },
    why="From 5.0 a date is written YYYY-MM-DD; before, as milliseconds since 1970 in a string. A "
    "date in another form is not a limit: the user can choose any day.",
    help="Write a day as 2026-01-31.",
    warning_until="5.0",
    failing=fails(
        page(_PICKER.replace("MORE", '"min-date": «"31/12/2025"»')),
        "Property 'min-date' should be in 'YYYY-MM-DD' format.",
        "screens[0].layout.children[0].min-date",
    )
    + fails(
        page(_PICKER.replace("MORE", '"unavailable-dates": [«"2025-02-30"»]')),
        "Property 'unavailable-dates' names the day 2025-02-30, which does not exist.",
        "screens[0].layout.children[0].unavailable-dates[0]",
    ),
    passing=passes(page(_PICKER.replace("MORE", '"min-date": "2025-12-31"'))),
)
RANGE = Rule(
    id="date-range",
    code="INVALID_DATE_RANGE",
    evidence=("names",),
    title="A range of dates does not end before it begins",
    message="{first} cannot be after {last} for {componentType} {componentName}.",
    why="No day lies between the two, so nothing can be chosen.",
    help="Swap the two dates, or correct one.",
    failing=fails(
        page(_PICKER.replace("MORE", '"min-date": «"2026-02-01"», "max-date": «"2026-01-01"»')),
        "min-date cannot be after max-date for DatePicker day.",
        "screens[0].layout.children[0].min-date",
        "screens[0].layout.children[0].max-date",
    )
    + fails(
        page(
            _CALENDAR.replace(
                "MORE", '{ "start-date": «"2026-02-01"», "end-date": «"2026-01-01"» }'
            )
        ),
        "start-date cannot be after end-date for CalendarPicker days.",
        "screens[0].layout.children[0].init-value.start-date",
        "screens[0].layout.children[0].init-value.end-date",
    ),
    passing=passes(
        page(_PICKER.replace("MORE", '"min-date": "2026-01-01", "max-date": "2026-02-01"'))
    ),
)


def check_component(component: Component) -> Iterator[Finding]:
    """Every date that a picker is given as text."""
    for steps, text in _dates(component.value):
        yield from _malformed(component, steps, text)
    yield from _reversed(component, ("min-date",), ("max-date",))
    yield from _reversed(component, ("init-value", "start-date"), ("init-value", "end-date"))


def _dates(value: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for name in ("min-date", "max-date", "init-value", "unavailable-dates"):
        given = value.get(name)
        places: list[tuple[Path, Any]] = [((name,), given)]
        if isinstance(given, list):
            places = [((name, index), each) for index, each in enumerate(given)]
        elif isinstance(given, dict):
            places = [((name, key), given.get(key)) for key in ("start-date", "end-date")]
        for steps, text in places:
            if isinstance(text, str) and text.strip() and expressions.classify(text) is None:
                yield steps, text


def _malformed(component: Component, steps: Path, text: str) -> Iterator[Finding]:
    name, at = steps[0], component.target(*steps)
    if not component.screen.flow.spec.since("5.0"):
        if not (text.isascii() and text.removeprefix("-").isdigit()):
            advice = "Write the milliseconds since 1970 as a string, or move to 5.0 or later."
            yield FORMAT.finding(at, advice=advice, propertyName=name, format="milliseconds")
        return
    single = component.type == "CalendarPicker" and steps == ("init-value",)
    code = "INVALID_DATE_SINGLE_INIT_VALUE_FORMAT" if single else None
    if not _looks_like_a_date(text):
        yield FORMAT.finding(at, code=code, propertyName=name, format="YYYY-MM-DD")
    elif _day(text) is None:
        yield FORMAT.finding(at, say="exists", code=code, propertyName=name, value=text)


def _reversed(component: Component, first: Path, last: Path) -> Iterator[Finding]:
    begin, end = _at(component.value, first), _at(component.value, last)
    if begin is not None and end is not None and begin > end:
        yield RANGE.finding(
            component.target(*first),
            component.target(*last),
            first=first[-1],
            last=last[-1],
            componentType=component.type,
            componentName=component.value.get("name", ""),
        )


def _at(value: Any, steps: Path) -> date | None:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return _day(value) if isinstance(value, str) else None


def _looks_like_a_date(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [4, 2, 2] and all(
        part.isascii() and part.isdigit() for part in parts
    )


def _day(text: str) -> date | None:
    if not _looks_like_a_date(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


FAMILY = Family(
    rules=(FORMAT, RANGE),
    checks=(OnComponent(check_component, types=("DatePicker", "CalendarPicker")),),
)
