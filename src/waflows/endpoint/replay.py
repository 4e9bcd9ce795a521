"""Requests that were seen before.

Every request has an AES key and an IV of its own, so the same pair twice is a copy of an earlier
request. Answering a copy would encrypt a second text under the same key and IV, which gives away
how the two differ; so copies are refused. The memory is this process's: with several, a copy may
be answered once by each, and an effect that must happen once has to be tied to the flow token.
"""

from __future__ import annotations


class SeenExchanges:
    """The fingerprints of the last so many requests."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # A dict keeps the order in which its keys came.
        self._seen: dict[bytes, None] = {}

    def is_new(self, fingerprint: bytes) -> bool:
        """Whether this request is seen for the first time; remembers it."""
        if fingerprint in self._seen:
            return False
        self._seen[fingerprint] = None
        if len(self._seen) > self._limit:
            del self._seen[next(iter(self._seen))]
        return True
