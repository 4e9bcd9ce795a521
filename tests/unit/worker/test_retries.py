"""When a failed delivery is tried again, and when it is given up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from waflows.worker.retries import Retries, is_over

HOUR_MS = 3600 * 1000


def test_the_first_retries_are_those_of_8x8() -> None:
    delays = [Retries().delay_ms(failures, 0.9) for failures in (1, 2, 3, 4)]
    assert delays == [1_000, 10_000, 30_000, 90_000]


def test_a_longer_tail_doubles_up_to_an_hour() -> None:
    minutes = [Retries().delay_ms(failures, 0.5) / 60_000 for failures in range(5, 12)]
    assert minutes == [3, 6, 12, 24, 48, 60, 60]


@given(failures=st.integers(5, 10_000), chance=st.floats(0, 1))
def test_the_tail_stays_within_a_tenth_of_its_delay(failures: int, chance: float) -> None:
    middle = Retries().delay_ms(failures, 0.5)
    assert 0.899 * middle <= Retries().delay_ms(failures, chance) <= 1.101 * middle
    assert middle <= HOUR_MS


def test_a_delivery_is_given_up_when_its_next_try_would_come_after_its_time() -> None:
    three_days = 72 * HOUR_MS
    assert not is_over(1_000, 1_000 + three_days, days=3)
    assert is_over(1_000, 1_001 + three_days, days=3)


def test_three_days_of_failures_are_some_eighty_tries() -> None:
    at = tries = 0
    while not is_over(0, at, days=3):
        tries += 1
        at += Retries().delay_ms(tries, 0.5)
    assert tries == 80
