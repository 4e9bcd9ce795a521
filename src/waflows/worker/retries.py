"""When a delivery that failed is tried again, and when it is given up. Pure.

First as 8x8 does: after 1, 10, 30 and 90 s. That covers three minutes only, and a receiver that is
being repaired must not lose an answer, so longer delays follow.
"""

from __future__ import annotations

import msgspec

_DAY_MS = 24 * 3600 * 1000


class Retries(msgspec.Struct, frozen=True):
    """Delays in seconds: the first ones as listed, then doubling from `then` to `most`."""

    first: tuple[float, ...] = (1.0, 10.0, 30.0, 90.0)
    then: float = 180.0
    most: float = 3600.0
    jitter: float = 0.1
    """The fraction by which a later delay is randomly shortened or lengthened, so that deliveries
    that failed together are not retried together."""

    def delay_ms(self, failures: int, chance: float) -> int:
        """How long to wait after a number of failures; `chance` is a random number from 0 to 1."""
        if failures <= len(self.first):
            return int(self.first[failures - 1] * 1000)
        # After some thirty doublings the number exceeds any limit.
        doublings = min(failures - len(self.first) - 1, 30)
        seconds = min(self.then * 2**doublings, self.most)
        return int(seconds * (1 + self.jitter * (2 * chance - 1)) * 1000)


def is_over(waiting_since: int, next_at: int, days: float) -> bool:
    """Whether a delivery is given up: its next attempt would come too late."""
    return next_at > waiting_since + int(days * _DAY_MS)
