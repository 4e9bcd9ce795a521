"""What time it is for the product, and waiting for a time.

Everything in the product that depends on the time uses `now_ms` and `sleep_until`: a development
server can move its clock, and everything follows at once. Log lines and measured durations use the
machine's clock.
"""

from __future__ import annotations

import asyncio
import time

from waflows import times

_MS = 1_000_000


class _Clock:
    """The clock of this process; `moved_ns` is not 0 only in development."""

    def __init__(self) -> None:
        self.moved_ns = 0
        self.sleepers: set[asyncio.Future[None]] = set()

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns() + self.moved_ns

    def move(self, moved_ns: int) -> None:
        """Moves the clock and wakes all sleepers, so that they check it again."""
        self.moved_ns = moved_ns
        for sleeper in self.sleepers:
            if not sleeper.done():
                sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)


_clock = _Clock()


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return _clock.now_ns() // _MS


async def sleep_until(at_ms: int) -> None:
    """Returns when that time is reached, by waiting or because the clock was moved."""
    while (left := at_ms - now_ms()) > 0:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        _clock.sleepers.add(sleeper)
        try:
            async with asyncio.timeout(left / 1000):
                await sleeper
        except TimeoutError:
            pass
        finally:
            _clock.sleepers.discard(sleeper)


async def sleep(seconds: float) -> None:
    """`sleep_until` a number of seconds from now."""
    await sleep_until(now_ms() + int(seconds * 1000))


def moved_ms() -> int:
    """How far the clock is ahead of the machine's own, in milliseconds; negative when behind."""
    return _clock.moved_ns // _MS


def move_to(at_ms: int) -> None:
    """Sets the clock, which continues from there. For development servers and tests."""
    _clock.move(at_ms * _MS - time.time_ns())


def advance(by_ms: int) -> None:
    """Moves the clock forward, or back by a negative number. For development servers and tests."""
    _clock.move(_clock.moved_ns + by_ms * _MS)


def reset() -> None:
    """Sets the clock back to the machine's."""
    _clock.move(0)


def error_timestamp() -> str:
    """The present time as error envelopes carry it."""
    return times.ten_millionths(_clock.now_ns())


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
