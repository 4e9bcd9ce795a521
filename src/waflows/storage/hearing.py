"""What one process knows of the changes that others make to a shared database. Pure: no I/O.

A process hears of changes by notifications. That a connection still answers does not prove that it
carries notifications, so the process sends itself beats over another connection, each with a
nonce. Notifications arrive in the order of their commits: a beat that is heard proves that every
change committed before the beat was sent has been heard too. The proof holds for BOUND_SECONDS,
counted from when the beat was sent; after that the process counts as deaf, and nothing may be
answered from memory.
"""

from __future__ import annotations

import itertools
import math
import threading

BOUND_SECONDS = 2.0
"""The greatest age of an answer from memory, whatever happens to the network."""


class Hearing:
    """A count of changes, and since when it is known to be complete.

    Times are seconds of one monotonic clock. `stamp` may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = 0
        self._complete_at = -math.inf
        self._nonces = itertools.count(1)
        self._listening = False
        self._sent: dict[str, float] = {}

    def change(self) -> None:
        """Something was changed, here or elsewhere."""
        with self._lock:
            self._changes += 1

    def begin(self) -> None:
        """Notifications arrive from now on; what was changed before is not known."""
        with self._lock:
            self._changes += 1
            self._listening = True

    def end(self) -> None:
        """No notification arrives any more: the process is deaf at once."""
        with self._lock:
            self._complete_at = -math.inf
            self._listening = False
            self._sent.clear()

    def send_beat(self, now: float) -> str:
        """The nonce to send at this moment, not before."""
        nonce = str(next(self._nonces))
        with self._lock:
            if self._listening:
                # What is older proves nothing any more.
                self._sent = {
                    one: at for one, at in self._sent.items() if now - at <= BOUND_SECONDS
                }
                self._sent[nonce] = now
        return nonce

    def hear_beat(self, nonce: str) -> None:
        """A beat came back."""
        with self._lock:
            sent_at = self._sent.pop(nonce, None)
            if sent_at is not None:
                self._complete_at = max(self._complete_at, sent_at)

    def is_deaf(self, now: float) -> bool:
        """Whether changes may have been missed."""
        return now - self._complete_at > BOUND_SECONDS

    def stamp(self, now: float) -> int | None:
        """The count of changes; None while it may lack some from longer ago than the bound."""
        # In this order: whatever is counted after the proof was looked at is only newer.
        return None if self.is_deaf(now) else self._changes
