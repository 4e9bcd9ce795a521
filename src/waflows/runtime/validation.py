"""What keeps an input from being accepted, as the phone checks it before anything is sent."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec

from waflows.runtime import choices, dates, fields, patterns
from waflows.runtime.flow import Component
from waflows.runtime.scope import Scope


class Problem(msgspec.Struct, frozen=True):
    """Why an input is not accepted: `code` for programs, `message` for people.

    Codes: required, too-short, too-long, email, phone, number, passcode, pattern, too-few,
    too-many, date, range, file-type, file-size.
    """

    code: str
    message: str


_FORMATS = {
    "email": (re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"), "Enter a valid email address."),
    "phone": (re.compile(r"\+?[0-9][0-9 ().-]*"), "Enter a valid phone number."),
    "number": (re.compile(r"[+-]?[0-9]+([.,][0-9]+)?"), "Enter a number."),
    "passcode": (re.compile(r"[0-9]+"), "Enter digits only."),
}
_WITH_PATTERN = {"text", "number", "password", "passcode"}
_REQUIRED = Problem("required", "Fill this in.")


def problem(scope: Scope, component: Component, value: Any = None) -> Problem | None:
    """What is wrong with an input's value, or with another value it might take."""
    found = scope.value(component) if value is None else value
    if component.type in fields.MEDIA:
        return _media(scope, component, found)
    if component.type in fields.DATES:
        return _dates(scope, component, found)
    if fields.is_empty(found):
        return _REQUIRED if scope.flag(component, "required", default=False) else None
    if component.type in fields.MULTIPLE:
        return _selection(scope, component, found)
    return _text(scope, component, found) if component.type in fields.TEXTS else None


def longest(scope: Scope, component: Component) -> int:
    """The most characters a text input takes."""
    name, usual = (
        ("max-length", choices.MAX_LENGTH)
        if component.type == "TextArea"
        else ("max-chars", choices.MAX_CHARS)
    )
    found = scope.count(component, name)
    return usual if found is None or found < 0 else found


def input_type(scope: Scope, component: Component) -> str:
    """A TextInput's `input-type`."""
    return scope.text(component, "input-type") or "text"


def _text(scope: Scope, component: Component, text: str) -> Problem | None:
    most = longest(scope, component)
    if len(text) > most:
        return Problem("too-long", f"Use at most {most} characters.")
    if component.type == "TextArea":
        return None
    least = scope.count(component, "min-chars") or 0
    if len(text) < least:
        return Problem("too-short", f"Use at least {least} characters.")
    kind = input_type(scope, component)
    form = _FORMATS.get(kind)
    if form is not None and form[0].fullmatch(text.strip()) is None:
        return Problem(kind, form[1])
    pattern = component.value.get("pattern")
    if (
        isinstance(pattern, str)
        and kind in _WITH_PATTERN
        and scope.flow.since("6.2")
        and not patterns.found_in(pattern, text, scope.budget)
    ):
        return Problem("pattern", scope.text(component, "helper-text") or "Use another form.")
    return None


def selection_bounds(scope: Scope, component: Component) -> tuple[int, int | None]:
    """The fewest and the most items a group or chips take."""
    return (
        scope.count(component, "min-selected-items") or 0,
        scope.count(component, "max-selected-items"),
    )


def _selection(scope: Scope, component: Component, chosen: list[str]) -> Problem | None:
    least, most = selection_bounds(scope, component)
    if len(chosen) < least:
        return Problem("too-few", f"Choose at least {least}.")
    if most is not None and len(chosen) > most:
        return Problem("too-many", f"Choose at most {most}.")
    return None


# --- dates


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """The days a date input offers."""

    first: str
    last: str
    unavailable: frozenset[str]
    weekdays: tuple[str, ...]
    least_days: int | None
    most_days: int | None

    def offers(self, day: str) -> bool:
        """Whether an ISO date can be picked."""
        found = dates.parse(day)
        return (
            found is not None
            and found.isoformat() == day
            and self.first <= day <= self.last
            and day not in self.unavailable
            and dates.WEEKDAYS[found.weekday()] in self.weekdays
        )


def calendar(scope: Scope, component: Component) -> Calendar:
    """The days a DatePicker or CalendarPicker offers."""
    weekdays = scope.texts(component, "include-days") if _is_calendar(component) else ()
    return Calendar(
        first=dates.iso(scope.text(component, "min-date")) or choices.FIRST_DATE,
        last=dates.iso(scope.text(component, "max-date")) or choices.LAST_DATE,
        unavailable=frozenset(map(dates.iso, scope.texts(component, "unavailable-dates"))),
        weekdays=weekdays or dates.WEEKDAYS,
        least_days=scope.count(component, "min-days"),
        most_days=scope.count(component, "max-days"),
    )


def requires(scope: Scope, component: Component, end: str = "") -> bool:
    """Whether a date input, or one end of its range, has to be filled in."""
    found = scope.get(component, "required")
    if isinstance(found, dict):
        return any(found.values()) if not end else found.get(end) is True
    return found is True


def _is_calendar(component: Component) -> bool:
    return component.type == "CalendarPicker"


def _dates(scope: Scope, component: Component, value: Any) -> Problem | None:
    offered = calendar(scope, component)
    if not scope.is_range(component):
        if fields.is_empty(value):
            return _REQUIRED if requires(scope, component) else None
        return None if offered.offers(dates.iso(value)) else _NOT_OFFERED
    ends = value if isinstance(value, dict) else {}
    start, end = ends.get(fields.START, ""), ends.get(fields.END, "")
    if (not start and requires(scope, component, fields.START)) or (
        not end and requires(scope, component, fields.END)
    ):
        return _REQUIRED
    if any(day and not offered.offers(day) for day in (start, end)):
        return _NOT_OFFERED
    return _range(offered, start, end) if start and end else None


_NOT_OFFERED = Problem("date", "This date cannot be picked.")


def _range(offered: Calendar, start: str, end: str) -> Problem | None:
    """Days between the ends: from Monday to Tuesday is one day."""
    days = (date.fromisoformat(end) - date.fromisoformat(start)).days
    if days < 0:
        return Problem("range", "The end lies before the start.")
    if offered.least_days is not None and days < offered.least_days:
        return Problem("range", f"Pick at least {offered.least_days} days.")
    if offered.most_days is not None and days > offered.most_days:
        return Problem("range", f"Pick at most {offered.most_days} days.")
    return None


# --- files


class Uploads(msgspec.Struct, frozen=True):
    """What files a picker takes; no types means all."""

    least: int
    most: int
    max_kb: int
    types: tuple[str, ...]


def uploads(scope: Scope, component: Component) -> Uploads:
    """What files a PhotoPicker or DocumentPicker takes."""
    what = fields.MEDIA[component.type]
    least = scope.count(component, f"min-uploaded-{what}")
    most = scope.count(component, f"max-uploaded-{what}")
    size = scope.count(component, "max-file-size-kb")
    types = scope.texts(component, "allowed-mime-types") if what == "documents" else ()
    return Uploads(least or 0, 30 if most is None else most, 25600 if size is None else size, types)


def _media(scope: Scope, component: Component, files: list[Any]) -> Problem | None:
    taken = uploads(scope, component)
    if len(files) < taken.least:
        return _REQUIRED if not files else Problem("too-few", f"Add at least {taken.least}.")
    if len(files) > taken.most:
        return Problem("too-many", f"Add at most {taken.most}.")
    for file in fields.files(files):
        if file.size_bytes > taken.max_kb * 1024:
            return Problem("file-size", f"{file.file_name} is larger than {taken.max_kb} KB.")
        if taken.types and file.mime_type not in taken.types:
            return Problem("file-type", f"{file.file_name} is of a type that is not taken.")
        if component.type == "PhotoPicker" and not file.mime_type.startswith("image/"):
            return Problem("file-type", f"{file.file_name} is not a photo.")
    return None
