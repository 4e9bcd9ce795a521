"""Calendar dates: ISO for people and for Flow JSON from 5.0, epoch milliseconds before that."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from waflows.flowjson.spec import versions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def iso(text: str) -> str:
    """A date in any form that Flow JSON has, as `YYYY-MM-DD`; empty for anything else."""
    found = parse(text)
    return found.isoformat() if found is not None else ""


def parse(text: str) -> date | None:
    """The date a text says: `YYYY-MM-DD`, or milliseconds since 1970 in UTC."""
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return None
    try:
        return (_EPOCH + timedelta(milliseconds=int(text))).date()
    except OverflowError:
        return None


def written(iso_date: str, version: str) -> str:
    """A date as a form's value has it in a Flow JSON version."""
    found = parse(iso_date)
    if found is None or versions.at_least(version, "5.0"):
        return iso_date
    midnight = datetime(found.year, found.month, found.day, tzinfo=UTC)
    return str((midnight - _EPOCH) // timedelta(milliseconds=1))
