"""What time it is for the product, and waiting for a time.

What the product does by the clock asks `now_ms` and waits with `sleep_until`, and with nothing
else: a development server can move its clock, and then all of it follows at once. Log lines and
measured durations keep to the machine's own clock.
"""

from __future__ import annotations

import asyncio
import time

from waflows import times

_MS = 1_000_000


class _Clock:
    """The clock of this process; moved by so many nanoseconds, in development only."""

    def __init__(self) -> None:
        self.moved_ns = 0
        self.sleepers: set[asyncio.Future[None]] = set()

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns() + self.moved_ns

    def move(self, moved_ns: int) -> None:
        """Lets everyone who sleeps look at the clock again."""
        self.moved_ns = moved_ns
        for sleeper in self.sleepers:
            if not sleeper.done():
                sleeper.get_loop().call_soon_threadsafe(_wake, sleeper)


_clock = _Clock()


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return _clock.now_ns() // _MS


async def sleep_until(at_ms: int) -> None:
    """Returns when it is that time, be it because time went by or because the clock was moved."""
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
    """`sleep_until` so many seconds from now."""
    await sleep_until(now_ms() + int(seconds * 1000))


def moved_ms() -> int:
    """How far the clock is ahead of the machine's own, in milliseconds; negative when behind."""
    return _clock.moved_ns // _MS


def move_to(at_ms: int) -> None:
    """Sets the clock; from there it goes on as ever. For development servers and tests."""
    _clock.move(at_ms * _MS - time.time_ns())


def advance(by_ms: int) -> None:
    """Moves the clock on, or with a negative number back. For development servers and tests."""
    _clock.move(_clock.moved_ns + by_ms * _MS)


def reset() -> None:
    """Sets the clock to the machine's own again."""
    _clock.move(0)


def error_timestamp() -> str:
    """The present time as error envelopes carry it."""
    return times.ten_millionths(_clock.now_ns())


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
