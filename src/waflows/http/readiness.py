"""Check whether the database can be written, by writing to it.

Several load balancers may probe every second or faster. Each process writes at most once every few
seconds, and all probes in between share the result.
"""

from __future__ import annotations

import asyncio
import math
import time

from waflows.errors import ShuttingDown, Unavailable
from waflows.services.accounts import accounts
from waflows.storage.database import Database

_GOOD_SECONDS = 5.0
_BAD_SECONDS = 1.0
_PATIENCE_SECONDS = 4.0


class Readiness:
    """The result of the last write of a process, cached for a few seconds."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._good_until = -math.inf
        self._bad_until = -math.inf
        self._asking: asyncio.Task[None] | None = None
        self.is_ending = False
        """Whether this process was asked to end, so that no new requests should be sent to it."""

    async def check_writing(self) -> None:
        """Raises ShuttingDown, or Unavailable when the last write failed."""
        if self.is_ending:
            raise ShuttingDown
        now = time.monotonic()
        if now < self._bad_until:
            raise Unavailable
        if now < self._good_until:
            # Failures of real writes since then are known without a write.
            self._db.check_failures()
            return
        if self._asking is None:
            self._asking = asyncio.create_task(self._write())
            self._asking.add_done_callback(self._asked)
        # The first to ask may disconnect; the others still need the result.
        await asyncio.shield(self._asking)

    async def _write(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.to_thread(self._db.check_room)
                await self._db.run_soft(accounts.prove_writable)
        except TimeoutError:
            raise Unavailable from None

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking = None
        if task.cancelled():
            return
        if task.exception() is None:
            self._good_until = time.monotonic() + _GOOD_SECONDS
        else:
            self._bad_until = time.monotonic() + _BAD_SECONDS
