"""Sample values for inputs, made up from their types, for the automatic player."""

from __future__ import annotations

import importlib
import mimetypes
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from waflows.runtime import Media, widgets
from waflows.runtime.dates import WEEKDAYS

SOME_DAY = "2030-01-15"
_MOST_DAYS = 800
_BY_TYPE = {
    "email": ("ines@example.com", "a@b.example", "a@b.co"),
    "phone": ("+15551234567", "5551234567", "15551234"),
    "number": ("42", "7", "123456", "1", "12.5"),
    "passcode": ("123456", "1234", "007007"),
    "password": ("Abcdef1!", "Correct-Horse-7"),
    "text": (
        "Ines",
        "Ines Silva",
        "2030-01-15",
        "12:30",
        "ines@example.com",
        "+15551234567",
        "https://example.com",
        "12345",
        "AB123456",
    ),
}
_SOME_ITEMS = 3
_AN_ITEM: dict[str, Any] = {"id": {"type": "string"}, "title": {"type": "string"}}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def texts(widget: widgets.TextField, pattern: str = "") -> Iterator[str]:
    """Texts to try in an input, likelier ones first; lengths from 1 to the input's longest."""
    if pattern:
        yield from filter(None, (from_pattern(pattern),))
    usual = _BY_TYPE.get(widget.input_type, _BY_TYPE["text"])
    yield from usual
    digits = widget.input_type in {"number", "passcode", "phone"}
    for length in (*range(1, 41), 80, 200, widget.longest):
        if length <= min(widget.longest, 5000):
            signs = "1234567890" if digits else _LETTERS
            text = (signs * (length // len(signs) + 1))[:length]
            yield text if widget.input_type != "email" else _email(text)


def _email(text: str) -> str:
    return f"{text[: max(len(text) - 10, 1)]}@example.com"


def days(widget: widgets.Dates) -> Iterator[str]:
    """Days a date input offers, from the first not long past."""
    start = max(widget.first, min(SOME_DAY, widget.last))
    for origin, direction in ((start, 1), (start, -1)):
        try:
            day = date.fromisoformat(origin)
            for _ in range(_MOST_DAYS):
                if _offers(widget, day.isoformat(), day):
                    yield day.isoformat()
                day += timedelta(days=direction)
        except (ValueError, OverflowError):
            return


def _offers(widget: widgets.Dates, day: str, found: date) -> bool:
    return (
        widget.first <= day <= widget.last
        and day not in widget.unavailable
        and WEEKDAYS[found.weekday()] in widget.weekdays
    )


def ranges(widget: widgets.Dates) -> Iterator[tuple[str, str]]:
    """Ranges a date input offers."""
    offered = list(days(widget))[:_MOST_DAYS]
    least = widget.least_days if widget.least_days is not None else 1
    for start in offered[:50]:
        for end in offered:
            length = (date.fromisoformat(end) - date.fromisoformat(start)).days
            if length >= max(least, 0) and (widget.most_days is None or length <= widget.most_days):
                yield start, end
                break


def files(widget: widgets.Upload) -> tuple[Media, ...]:
    """As few files as an input takes, one at least."""
    photo = widget.component == "PhotoPicker"
    kind = "image/jpeg" if photo else (widget.types[0] if widget.types else "application/pdf")
    ending = mimetypes.guess_extension(kind) or ".bin"
    return tuple(
        Media(
            id=f"media-{number}",
            file_name=f"file-{number}{ending}",
            mime_type=kind,
            size_bytes=min(1024, widget.max_kb * 1024),
        )
        for number in range(1, max(widget.least, 1) + 1)
    )


def data_for(declaration: Any) -> Any:
    """A value of a declared type: its example, unless that is missing or an empty list."""
    if not isinstance(declaration, dict):
        return "text"
    if declaration.get("__example__") not in (None, []):
        return declaration["__example__"]
    kind = declaration.get("type")
    if kind == "array":
        made = data_for(declaration.get("items"))
        if not isinstance(made, dict):
            return [made]
        return [{**made, "id": f"item-{number}"} for number in range(1, _SOME_ITEMS + 1)]
    if kind == "object":
        properties = declaration.get("properties")
        listed = properties if isinstance(properties, dict) and properties else _AN_ITEM
        return {name: data_for(each) for name, each in listed.items()}
    if "const" in declaration:
        return declaration["const"]
    plain: dict[str, Any] = {"number": 1, "boolean": True}
    return plain.get(kind, "text") if isinstance(kind, str) else "text"


# --- texts that a regular expression finds


def from_pattern(pattern: str) -> str:
    """A short text the expression is found in; empty when none can be made up."""
    try:
        parsed = importlib.import_module("re._parser").parse(pattern)
        return "".join(_sequence(parsed))
    except Exception:
        return ""


def _sequence(parsed: Any) -> Iterator[str]:
    for operation, argument in parsed:
        yield _PARTS.get(str(operation), lambda _: "")(argument)


def _one_of(options: Any) -> str:
    negated = [argument for operation, argument in options if str(operation) == "NEGATE"]
    if negated or any(str(operation) == "NEGATE" for operation, _ in options):
        excluded = {argument for operation, argument in options if str(operation) == "LITERAL"}
        return next(sign for sign in "aA1-_ x" if ord(sign) not in excluded)
    operation, argument = options[0]
    if str(operation) == "RANGE":
        return chr(argument[0])
    return _category(argument) if str(operation) == "CATEGORY" else chr(argument)


def _category(name: Any) -> str:
    text = str(name)
    if text.endswith("DIGIT") and "NOT" not in text:
        return "1"
    return " " if text.endswith("SPACE") and "NOT" not in text else "a"


def _repeat(argument: Any) -> str:
    least, _, parsed = argument
    return "".join("".join(_sequence(parsed)) for _ in range(min(int(least), 200)))


_PARTS: dict[str, Any] = {
    "LITERAL": chr,
    "NOT_LITERAL": lambda code: "b" if code == ord("a") else "a",
    "ANY": lambda _: "a",
    "IN": _one_of,
    "CATEGORY": _category,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "POSSESSIVE_REPEAT": _repeat,
    "SUBPATTERN": lambda argument: "".join(_sequence(argument[-1])),
    "ATOMIC_GROUP": lambda argument: "".join(_sequence(argument)),
    "BRANCH": lambda argument: "".join(_sequence(argument[1][0])),
}
