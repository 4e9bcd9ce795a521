"""Lists answered from memory: the hot path of the whole server.

Listing a channel's flows is what clients do all day. A list that was answered once is kept, as
finished response bytes, under everything its answer depends on: the address, the query, the key
and the host. It is used only while the database's change stamp is the one from before it was
read, so a kept answer is never older than what a fresh query would say.
"""

from __future__ import annotations

import msgspec

Headers = list[tuple[bytes, bytes]]
Key = tuple[bytes, bytes, bytes, bytes, str]

_MOST_BYTES = 64 * 1024 * 1024
_MOST_LISTS = 4096


class KeptList(msgspec.Struct, frozen=True):
    """One answer and what its access line needs. `expires_at` is the key's, in ms, or None."""

    body: bytes
    headers: Headers
    etag: bytes
    account_id: str
    key: str
    route: str
    expires_at: int | None


class ListMemory:
    """The lists one process remembers."""

    def __init__(self) -> None:
        self._stamp: int | None = None
        self._lists: dict[Key, KeptList] = {}
        self._bytes = 0

    def find(self, key: Key, stamp: int | None) -> KeptList | None:
        """The answer kept under a key, if nothing has changed since."""
        if stamp is None or stamp != self._stamp:
            return None
        return self._lists.get(key)

    def keep(self, key: Key, stamp: int | None, kept: KeptList) -> None:
        """Keeps an answer that was read after the stamp was taken."""
        if stamp is None:
            return
        full = self._bytes > _MOST_BYTES or len(self._lists) >= _MOST_LISTS
        if stamp != self._stamp or full:
            self._lists.clear()
            self._bytes = 0
            self._stamp = stamp
        if key not in self._lists:
            self._bytes += len(kept.body)
        self._lists[key] = kept
