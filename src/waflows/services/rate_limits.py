"""How often a key may be used: a sliding window of one minute, counted in the database.

Counting there makes the limit hold across processes and machines. The window slides by weighing
the minute before with the part of it that still counts, so no burst across a minute's boundary
gets through twice.
"""

from __future__ import annotations

import math

import msgspec

from waflows.errors import RateLimited
from waflows.storage import rate_limits as store
from waflows.storage.database import Transaction
from waflows.storage.rate_limits import Usage

WINDOW_MS = 60_000


def take(tx: Transaction, account_id: str, key_id: str, kind: str, limit: int, now: int) -> None:
    """Counts one use at a time in ms; raises RateLimited, counting nothing, when it is too many."""
    usage = slide(store.lock(tx, account_id, key_id, kind, now), now)
    wait = wait_ms(usage, limit, now)
    if wait > 0:
        seconds = math.ceil(wait / 1000)
        raise RateLimited(
            f"Too many requests: this API key may make {limit} {kind} requests a minute;"
            f" try again in {seconds} s.",
            seconds,
        )
    used = msgspec.structs.replace(usage, used=usage.used + 1)
    store.save(tx, account_id, key_id, kind, used)


def slide(usage: Usage, now: int) -> Usage:
    """The same counts seen from another time.

    A window that begins a little later than `now` is the present one: other processes may have
    asked for the time later and counted sooner. One that begins much later was written before
    somebody put the clock back, and counts for nothing.
    """
    passed = (now - usage.window_start) // WINDOW_MS
    if passed in (-1, 0):
        return usage
    if passed == 1:
        return Usage(usage.window_start + WINDOW_MS, 0, usage.used)
    return Usage(now, 0, 0)


def wait_ms(usage: Usage, limit: int, now: int) -> int:
    """Milliseconds until one more use fits under the limit; 0 when it fits now."""
    if usage.used < limit:
        fits_at = _until(usage.used_before, limit - 1 - usage.used)
    else:
        fits_at = WINDOW_MS + _until(usage.used, limit - 1)
    elapsed = now - usage.window_start
    return 0 if fits_at <= max(0, elapsed) else fits_at - elapsed


def _until(used_before: int, room: int) -> int:
    """How far into a window the weight of the one before has sunk to `room`, rounded up."""
    if used_before <= room:
        return 0
    # Whole numbers throughout: a rounding error would make the promised wait a lie.
    return -(-WINDOW_MS * (used_before - room) // used_before)
