"""Errors on their way to the database.

Answers do not wait for it: records are gathered for a moment and written together, at most some
hundreds at a time, so that a flood of bad requests costs no flood of writes. What does not fit is
counted and still stands in the log. Looking an error up waits for what is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib

from waflows.errors import NotFound
from waflows.services import clock, errors
from waflows.storage.database import Database
from waflows.storage.errors import ErrorRecord
from waflows.telemetry import metrics
from waflows.telemetry.logs import Logs

_GATHER_SECONDS = 0.1
_MOST_WAITING = 1000
_LOOKUPS = 4


class Journal:
    """The errors of one process."""

    def __init__(self, db: Database, logs: Logs) -> None:
        self._db = db
        self._logs = logs
        self._waiting: list[tuple[int, ErrorRecord]] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, record: ErrorRecord) -> None:
        """Keeps an error, soon."""
        if len(self._waiting) >= _MOST_WAITING:
            metrics.ERRORS_NOT_KEPT.inc()
            return
        self._waiting.append((clock.now_ms(), record))
        if self._task is None:
            self._task = asyncio.create_task(self._write_soon())

    async def find(self, account_id: str, error_id: str) -> ErrorRecord:
        """An error of the account; waits for one that another process is about to write.

        Raises NotFound.
        """
        for _ in range(_LOOKUPS):
            await self.flush()
            with contextlib.suppress(NotFound):
                return await self._db.read(errors.find, account_id, error_id)
            await asyncio.sleep(_GATHER_SECONDS)
        return await self._db.read(errors.find, account_id, error_id)

    async def flush(self) -> None:
        """Writes what is waiting."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            await self._db.run_soft(errors.keep, waiting)
        except Exception as error:  # an error about errors must not stop what it reports
            metrics.ERRORS_NOT_KEPT.inc(len(waiting))
            self._logs.events.warning("errors not kept", count=len(waiting), reason=str(error))

    async def _write_soon(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        self._task = None
        await self.flush()
