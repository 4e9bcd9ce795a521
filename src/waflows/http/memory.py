"""Lists answered from memory: the hot path of the whole server.

Listing a channel's flows is what clients do all day. A list that was answered once is kept, as
finished response bytes, under everything its answer depends on: the address, the query, the key
and the host. It is used only while the database's change stamp is the one from before it was
read, so a kept answer is never older than what a fresh query would say. When it has become too
old, one request reads it anew and those that come meanwhile share what it reads.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict

import msgspec
from starlette.types import Scope

from waflows.services import clock

Headers = list[tuple[bytes, bytes]]
Key = tuple[bytes, bytes, bytes, bytes, str, bytes, str]

_MOST_BYTES = 32 * 1024 * 1024
_MOST_LISTS = 4096


class KeptList(msgspec.Struct, frozen=True, kw_only=True):
    """One answer and what its access line needs. `expires_at` is the key's, in ms, or None.

    The headers are kept as an ASGI server takes them and as they are sent, and once more for the
    answer 304, which has no body to describe.
    """

    body: bytes
    headers: Headers
    headers_unchanged: Headers
    head: bytes
    head_unchanged: bytes
    etag: bytes
    account_id: str
    key: str
    route: str
    expires_at: int | None

    def has_expired(self) -> bool:
        """Whether the key it was read with is no longer good."""
        return self.expires_at is not None and self.expires_at <= clock.now_ms()


def head_lines(headers: Headers) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def memory_key(scope: Scope, headers: dict[bytes, bytes]) -> Key:
    """Everything of a request that a list's answer depends on; of its key, only a digest.

    Whether a proxy's word for the scheme counts depends on who the proxy is.
    """
    digest = hashlib.blake2b(headers.get(b"authorization", b"")).digest()
    forwarded, sender = b"", ""
    if b"x-forwarded-proto" in headers:
        words = [word for name, word in scope["headers"] if name == b"x-forwarded-proto"]
        forwarded = b",".join(words)
        sender = scope["client"][0] if scope["client"] else ""
    return (
        scope["raw_path"],
        scope["query_string"],
        digest,
        headers.get(b"host", b""),
        scope["scheme"],
        forwarded,
        sender,
    )


class ListMemory:
    """The lists one process remembers."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Key, tuple[int, KeptList]] = OrderedDict()
        self._bytes = 0
        self._being_read: dict[tuple[Key, int], asyncio.Future[KeptList | None]] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether an answer is kept under a key, be it still good or not."""
        return key in self._lists

    def find(self, key: Key, stamp: int | None) -> KeptList | None:
        """The answer kept under a key, if nothing has changed since."""
        found = self._lists.get(key)
        return found[1] if found is not None and found[0] == stamp else None

    async def join(self, key: Key, stamp: int | None) -> KeptList | None:
        """The answer that another request is about to read, if there is one."""
        reading = None if stamp is None else self._being_read.get((key, stamp))
        return None if reading is None else await asyncio.shield(reading)

    def begin(self, key: Key, stamp: int | None) -> None:
        """Says that a list which was kept before, under another stamp, is being read anew."""
        if stamp is not None and key in self._lists and (key, stamp) not in self._being_read:
            self._being_read[key, stamp] = asyncio.get_running_loop().create_future()

    def end(self, key: Key, stamp: int | None, read: KeptList | None) -> None:
        """Keeps an answer that was read after the stamp was taken; None if there is none."""
        if stamp is None:
            return
        reading = self._being_read.pop((key, stamp), None)
        if reading is not None:
            reading.set_result(read)
        if read is not None:
            self._keep(key, stamp, read)

    def _keep(self, key: Key, stamp: int, kept: KeptList) -> None:
        before = self._lists.pop(key, None)
        if before is not None:
            self._bytes -= len(before[1].body)
        self._lists[key] = (stamp, kept)
        self._bytes += len(kept.body)
        while self._bytes > _MOST_BYTES or len(self._lists) > _MOST_LISTS:
            _, (_, oldest) = self._lists.popitem(last=False)
            self._bytes -= len(oldest.body)


def names_etag(if_none_match: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match header names an entity tag, or any."""
    for candidate in if_none_match.split(b","):
        tag = candidate.strip()
        if tag == b"*" or tag.removeprefix(b"W/") == etag:
            return True
    return False
