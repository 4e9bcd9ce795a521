"""Times as text: the one parser and the few forms in which they are written, all in UTC.

Everywhere else a time is a number of milliseconds since the epoch. What time it is now is known to
`waflows.services.clock`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TO_THE_SECOND = "%Y-%m-%dT%H:%M:%S"


def parse(text: str) -> int | None:
    """A date, or a date and time, in ISO 8601 as milliseconds since the epoch; None for others.

    A time without an offset is in UTC, and a date is the moment at which it begins.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None


def iso(at_ms: int, zone: str = "Z") -> str:
    """To the second, with UTC written as `zone`: 2026-03-01T09:30:00Z."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime(_TO_THE_SECOND) + zone


def hundredths(at_ms: int) -> str:
    """To the hundredth of a second, as messages carry it: 2026-03-01T09:30:00.25Z."""
    return iso(at_ms, f".{at_ms % 1000 // 10:02}Z")


def ten_millionths(at_ns: int) -> str:
    """Of nanoseconds, as error envelopes carry it: 2026-03-01T09:30:00.2500000+00:00."""
    return iso(at_ns // 1_000_000, f".{at_ns % 1_000_000_000 // 100:07}+00:00")


def for_people(moment: datetime) -> str:
    """As commands print it: 2026-03-01 09:30:00 UTC."""
    return f"{for_tables(moment)} UTC"


def for_tables(moment: datetime) -> str:
    """As commands print it where there is little room: 2026-03-01 09:30:00."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
