"""A cache of list responses: the hot path of the server.

Listing a channel's flows is the most frequent request. A response is cached as finished bytes,
under everything it depends on: the path, the query, the key and the host. It is used only while
the database's change stamp is the same as before it was read, so it is never older than the result
of a fresh query. When it has become stale, one request reads it again and the requests that arrive
meanwhile share the result.
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
    """One response and its access log fields. `expires_at` is the key's, in ms, or None.

    The headers are kept both as ASGI headers and as sent, each also for the response 304, which has
    no body to describe.
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
        """Whether the key that it was read with has expired."""
        return self.expires_at is not None and self.expires_at <= clock.now_ms()


def head_lines(headers: Headers) -> bytes:
    """Serializes headers for HTTP/1.1."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def memory_key(scope: Scope, headers: dict[bytes, bytes]) -> Key:
    """Everything in a request that a list response depends on; of the API key only a digest.

    Whether X-Forwarded-Proto is trusted depends on who sent it.
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
    """The cached lists of one process."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Key, tuple[int, KeptList]] = OrderedDict()
        self._bytes = 0
        self._being_read: dict[tuple[Key, int], asyncio.Future[KeptList | None]] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether a response is cached under a key, whether or not it is stale."""
        return key in self._lists

    def find(self, key: Key, stamp: int | None) -> KeptList | None:
        """Returns the response cached under a key if the stamp has not changed since."""
        found = self._lists.get(key)
        return found[1] if found is not None and found[0] == stamp else None

    async def join(self, key: Key, stamp: int | None) -> KeptList | None:
        """Waits for the response that another request is reading, if there is one."""
        reading = None if stamp is None else self._being_read.get((key, stamp))
        return None if reading is None else await asyncio.shield(reading)

    def begin(self, key: Key, stamp: int | None) -> None:
        """Marks a list that is cached under another stamp as being read again."""
        if stamp is not None and key in self._lists and (key, stamp) not in self._being_read:
            self._being_read[key, stamp] = asyncio.get_running_loop().create_future()

    def end(self, key: Key, stamp: int | None, read: KeptList | None) -> None:
        """Caches the response that was read under this stamp; None if it cannot be cached."""
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
