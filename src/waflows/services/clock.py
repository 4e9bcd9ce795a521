"""The time, as the product stores and shows it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def error_timestamp() -> str:
    """The present moment with seven fraction digits and an offset, as error envelopes carry it."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{nanoseconds // 100:07}+00:00"


def iso(at_ms: int) -> str:
    """A stored time to the second, in UTC: 2026-03-01T09:30:00Z."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hundredths(at_ms: int) -> str:
    """A stored time as messages carry it: to the hundredth, in UTC: 2026-03-01T09:30:00.25Z."""
    whole = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{at_ms % 1000 // 10:02}Z"
