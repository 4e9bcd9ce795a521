"""Times, as they are stored and as they are shown."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

from waflows.services import clock


def test_an_error_carries_seven_fraction_digits_and_an_offset() -> None:
    text = clock.error_timestamp()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", text)
    shown = datetime.fromisoformat(text[:26] + text[27:])
    assert abs(shown.timestamp() - time.time()) < timedelta(minutes=1).total_seconds()


def test_a_stored_time_is_shown_to_the_second_in_utc() -> None:
    assert clock.iso(1_772_357_400_999) == "2026-03-01T09:30:00Z"
    assert clock.iso(0) == "1970-01-01T00:00:00Z"
