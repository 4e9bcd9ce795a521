"""Rate limits of API keys and links, by a sliding window of one minute.

Counting in the database makes a limit hold across processes and machines. What anybody may ask
without a key, and what costs less than a row of the database would, is counted in each process
instead. The window slides by weighing the minute before with the part of it that still counts, so
no burst across a minute's boundary gets through twice.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import msgspec

from waflows.errors import RateLimited
from waflows.storage import rate_limits as store
from waflows.storage.database import Transaction
from waflows.storage.rate_limits import Usage

WINDOW_MS = 60_000
BYTES_OF_ONE = 256 * 1024
"""Of a Flow JSON: so much counts as one use, and each part more of it as one more."""
_UNANNOUNCED_BYTES = 4 * 1024 * 1024
_MOST_COUNTED = 4096
_MOST_FORGOTTEN = 1000


def cost(size: int | None) -> int:
    """What a request with a Flow JSON counts as, by the bytes it says its body has.

    A body that does not say so counts as a large one; otherwise leaving it out would be cheaper.
    """
    return max(1, -(-(_UNANNOUNCED_BYTES if size is None else size) // BYTES_OF_ONE))


def take(
    tx: Transaction,
    account_id: str,
    counter: str,
    kind: str,
    limit: int,
    now: int,
    who: str = "this API key",
    cost: int = 1,
) -> None:
    """Counts a use at a time in ms; raises RateLimited, counting nothing, when it is too many.

    `counter` is the id of the key, or the name of something else that is limited. `cost` is how
    many uses this one counts as; one that costs more than the limit takes all of it.
    """
    usage = slide(store.lock(tx, account_id, counter, kind, now), now)
    usage = _used(usage, who, kind, limit, now, min(cost, limit))
    store.save(tx, account_id, counter, kind, usage)


def forget_stale(tx: Transaction, now: int) -> int:
    """Deletes some counts that no longer matter at a time in ms; returns how many.

    When it answers 0 there are none left.
    """
    return store.delete_stale(tx, now - 2 * WINDOW_MS, now + 2 * WINDOW_MS, _MOST_FORGOTTEN)


class Counts:
    """The uses that one process counts for itself, of the counters used last."""

    def __init__(self) -> None:
        self._usage: OrderedDict[str, Usage] = OrderedDict()

    def take(self, counter: str, kind: str, limit: int, now: int, who: str) -> None:
        """Counts one use at a time in ms, as `take` in the database does."""
        usage = self._usage.pop(counter, None) or Usage(now, 0, 0)
        # Put back before it can be refused, so that being refused keeps a counter known.
        self._usage[counter] = usage = slide(usage, now)
        self._usage[counter] = _used(usage, who, kind, limit, now, 1)
        if len(self._usage) > _MOST_COUNTED:
            self._usage.popitem(last=False)


def _used(usage: Usage, who: str, kind: str, limit: int, now: int, cost: int) -> Usage:
    wait = wait_ms(usage, limit, now, cost)
    if wait > 0:
        seconds = math.ceil(wait / 1000)
        counts = f", of which one of this size counts as {cost}" if cost > 1 else ""
        raise RateLimited(
            f"Too many requests: {who} may make {limit} {kind} requests a minute{counts};"
            f" try again in {seconds} s.",
            seconds,
        )
    return msgspec.structs.replace(usage, used=usage.used + cost)


def slide(usage: Usage, now: int) -> Usage:
    """The same counts seen from another time.

    A window that begins a little later than `now` is the present one: other processes may have
    asked for the time later and counted sooner. One that begins much later was written before the
    clock was set back, and counts for nothing.
    """
    passed = (now - usage.window_start) // WINDOW_MS
    if passed in (-1, 0):
        return usage
    if passed == 1:
        return Usage(usage.window_start + WINDOW_MS, 0, usage.used)
    return Usage(now, 0, 0)


def wait_ms(usage: Usage, limit: int, now: int, cost: int = 1) -> int:
    """Milliseconds until so many more uses fit under the limit; 0 when they fit now."""
    if usage.used + cost <= limit:
        fits_at = _until(usage.used_before, limit - cost - usage.used)
    else:
        fits_at = WINDOW_MS + _until(usage.used, limit - cost)
    elapsed = now - usage.window_start
    return 0 if fits_at <= max(0, elapsed) else fits_at - elapsed


def _until(used_before: int, room: int) -> int:
    """How far into a window the weight of the one before has sunk to `room`, rounded up."""
    if used_before <= room:
        return 0
    # Whole numbers throughout: a rounding error would make the promised wait a lie.
    return -(-WINDOW_MS * (used_before - room) // used_before)
