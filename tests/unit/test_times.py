"""Times as text, read and written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows import times

AT_MS = 1_772_357_400_259
"""2026-03-01, half past nine in the morning."""


def test_a_time_is_written_in_utc_as_exactly_as_each_form_has_it() -> None:
    assert times.iso(AT_MS) == "2026-03-01T09:30:00Z"
    assert times.iso(0) == "1970-01-01T00:00:00Z"
    assert times.iso(AT_MS, "+00:00") == "2026-03-01T09:30:00+00:00"
    assert times.hundredths(AT_MS) == "2026-03-01T09:30:00.25Z"
    assert times.ten_millionths(AT_MS * 1_000_000 + 199) == "2026-03-01T09:30:00.2590001+00:00"
    moment = datetime(2026, 3, 1, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert times.for_people(moment) == "2026-03-01 09:30:00 UTC"
    assert times.for_tables(moment) == "2026-03-01 09:30:00"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:30:00.259Z",
        "2026-03-01T10:30:00.259+01:00",
        "2026-03-01 09:30:00.259",
        "20260301T093000.259Z",
    ],
)
def test_a_time_is_read_with_its_offset_and_without_one_in_utc(text: str) -> None:
    assert times.parse(text) == AT_MS


def test_a_date_is_the_moment_at_which_it_begins() -> None:
    assert times.parse("2026-03-01") == times.parse("2026-03-01T00:00:00Z")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "1772357400", "9999-12-31T99:00"])
def test_what_is_not_a_time_is_none(text: str) -> None:
    assert times.parse(text) is None


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_that_was_written_is_read_again(at_ms: int) -> None:
    assert times.parse(times.iso(at_ms)) == at_ms // 1000 * 1000
    assert times.parse(times.hundredths(at_ms)) == at_ms // 10 * 10
