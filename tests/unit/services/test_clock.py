"""The clock of a development server, which can be moved."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from waflows import times
from waflows.services import clock

_DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def moved() -> Iterator[None]:
    """A clock that may be moved, and is set right afterwards."""
    yield
    clock.reset()


@pytest.mark.usefixtures("moved")
def test_a_clock_that_was_set_goes_on_from_there() -> None:
    clock.move_to(1_772_357_400_000)

    assert times.iso(clock.now_ms()).startswith("2026-03-01T09:30:0")
    assert clock.error_timestamp().startswith("2026-03-01T09:30:0")
    clock.advance(2 * _DAY_MS)
    assert times.iso(clock.now_ms()).startswith("2026-03-03T09:30:0")
    clock.advance(-_DAY_MS)
    assert times.iso(clock.now_ms()).startswith("2026-03-02T09:30:0")
    clock.reset()
    assert clock.moved_ms() == 0
    assert abs(clock.now_ms() - time.time() * 1000) < _DAY_MS


@pytest.mark.usefixtures("moved")
def test_who_sleeps_wakes_when_the_clock_is_moved_past_the_time_and_not_before() -> None:
    async def scenario() -> None:
        due = clock.now_ms() + _DAY_MS
        sleeper = asyncio.create_task(clock.sleep_until(due))
        await asyncio.sleep(0)
        clock.advance(_DAY_MS // 2)
        await asyncio.sleep(0.02)
        assert not sleeper.done()
        clock.advance(_DAY_MS // 2 + 1000)
        await asyncio.wait_for(sleeper, 5)

    asyncio.run(scenario())


@pytest.mark.usefixtures("moved")
def test_a_clock_moved_back_lets_sleepers_sleep_longer() -> None:
    async def scenario() -> None:
        sleeper = asyncio.create_task(clock.sleep(0.05))
        await asyncio.sleep(0)
        clock.advance(-_DAY_MS)
        await asyncio.sleep(0.1)
        assert not sleeper.done()
        clock.reset()
        await asyncio.wait_for(sleeper, 5)

    asyncio.run(scenario())


def test_sleep_ends_by_itself_and_at_once_for_a_time_gone_by() -> None:
    started = clock.now_ms()
    asyncio.run(clock.sleep(0.02))
    asyncio.run(clock.sleep_until(0))

    assert clock.now_ms() >= started + 20


def test_who_is_cancelled_asleep_is_forgotten() -> None:
    async def scenario() -> None:
        sleeper = asyncio.create_task(clock.sleep(60))
        await asyncio.sleep(0)
        sleeper.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeper

    asyncio.run(scenario())
    clock.reset()
