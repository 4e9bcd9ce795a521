"""The arithmetic of the sliding window, over every run of uses that can be thought of."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from waflows.services.accounts.rate_limits import WINDOW_MS, slide, wait_ms
from waflows.storage.rate_limits import Usage

_LIMITS = st.integers(1, 200)
# Milliseconds between one try and the next: crowded, at leisure, on the edges of the window.
_GAPS = st.lists(
    st.one_of(
        st.just(0),
        st.integers(0, 50),
        st.integers(0, 2 * WINDOW_MS),
        st.sampled_from([WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1, 3 * WINDOW_MS]),
    ),
    max_size=150,
)
_USAGES = st.builds(Usage, st.just(0), st.integers(0, 200), st.integers(0, 200))
_TIMES = st.integers(0, 3 * WINDOW_MS)


class _Key:
    """A key as the database counts it, and every use it was granted."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.usage = Usage(0, 0, 0)
        self.granted: list[int] = []

    def use(self, now: int) -> int:
        """Tries to use the key; milliseconds to wait, 0 when it was granted."""
        usage = slide(self.usage, now)
        wait = wait_ms(usage, self.limit, now)
        if wait == 0:
            self.usage = Usage(usage.window_start, usage.used + 1, usage.used_before)
            self.granted.append(now)
        return wait


def _weight(usage: Usage, now: int) -> Fraction:
    """How many uses count at a moment: those of this window and a part of those before it."""
    left = Fraction(WINDOW_MS - (now - usage.window_start), WINDOW_MS)
    return usage.used + usage.used_before * left


@given(_LIMITS, _GAPS)
@example(1, [WINDOW_MS] * 5)
@example(100, [0] * 101 + [WINDOW_MS] + [0] * 100)
def test_no_more_than_the_limit_ever_counts(limit: int, gaps: list[int]) -> None:
    key, now = _Key(limit), 0
    for gap in gaps:
        now += gap
        key.use(now)
        assert _weight(slide(key.usage, now), now) <= limit


@given(_LIMITS, _GAPS)
def test_no_minute_whatever_has_twice_the_limit(limit: int, gaps: list[int]) -> None:
    key, now = _Key(limit), 0
    for gap in gaps:
        now += gap
        key.use(now)
        last_minute = [at for at in key.granted if at > now - WINDOW_MS]
        assert len(last_minute) < 2 * limit


@given(_LIMITS, _USAGES, _TIMES)
@example(114, Usage(0, 200, 0), 0)
def test_waiting_as_long_as_told_is_enough(limit: int, usage: Usage, now: int) -> None:
    wait = wait_ms(slide(usage, now), limit, now)
    later = now + wait
    assert wait_ms(slide(usage, later), limit, later) == 0


@given(_LIMITS, _USAGES, _TIMES)
def test_whole_seconds_as_they_are_told_are_enough_too(limit: int, usage: Usage, now: int) -> None:
    seconds = math.ceil(wait_ms(slide(usage, now), limit, now) / 1000)
    later = now + seconds * 1000
    assert wait_ms(slide(usage, later), limit, later) == 0


@given(_LIMITS, _USAGES, _TIMES, st.data())
def test_no_one_is_told_to_wait_longer_than_needed(
    limit: int, usage: Usage, now: int, data: st.DataObject
) -> None:
    wait = wait_ms(slide(usage, now), limit, now)
    if wait > 0:
        sooner = now + data.draw(st.integers(0, wait - 1))
        assert wait_ms(slide(usage, sooner), limit, sooner) > 0


@given(_LIMITS, _GAPS)
def test_a_key_used_within_its_limit_is_never_refused(limit: int, gaps: list[int]) -> None:
    key, now = _Key(limit), 0
    for gap in gaps[:limit]:
        now += gap % (WINDOW_MS // limit + 1)
        assert key.use(now) == 0


@given(_LIMITS, st.lists(st.integers(-WINDOW_MS, WINDOW_MS - 1), max_size=200))
def test_clocks_that_differ_by_less_than_a_minute_refuse_no_one_for_it(
    limit: int, offsets: list[int]
) -> None:
    key = _Key(limit)
    key.usage = Usage(10 * WINDOW_MS, 0, 0)
    for offset in offsets[:limit]:
        assert key.use(10 * WINDOW_MS + offset) == 0
    assert key.usage.used == len(offsets[:limit])


@given(_USAGES, st.integers(0, 10 * WINDOW_MS), st.integers(0, 10 * WINDOW_MS))
def test_looking_in_between_makes_no_difference_within_two_windows(
    usage: Usage, first: int, second: int
) -> None:
    first, second = sorted((first, second))
    direct = slide(usage, second)
    if second < 2 * WINDOW_MS:
        assert slide(slide(usage, first), second) == direct
    assert _weight(direct, second) >= 0


@given(_USAGES, st.integers(2 * WINDOW_MS, 100 * WINDOW_MS))
def test_what_is_two_minutes_old_counts_for_nothing(usage: Usage, now: int) -> None:
    assert slide(usage, now) == Usage(now, 0, 0)


@given(_LIMITS, _USAGES, st.integers(1, 10**12))
def test_a_clock_put_back_by_more_than_a_minute_begins_anew(
    limit: int, usage: Usage, back: int
) -> None:
    now = -WINDOW_MS - back
    assert slide(usage, now) == Usage(now, 0, 0)
    assert wait_ms(slide(usage, now), limit, now) == 0
