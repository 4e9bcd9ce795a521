"""Write error records to the database in the background.

Responses do not wait for it: records are collected briefly and written in batches. Each account has
a rate limit for its records, and all requests without an account share one, so that a flood of bad
requests causes neither a flood of writes nor the loss of other accounts' records. Records beyond
the limit are not created; they are counted in the log and the metrics, and each request still has
its access log line. Looking up an error first writes the records that are waiting.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

from waflows.errors import NotFound
from waflows.services import clock
from waflows.services.accounts import error_log
from waflows.storage.database import Database
from waflows.storage.error_records import ErrorRecord
from waflows.telemetry import metrics
from waflows.telemetry.logs import Logs

_GATHER_SECONDS = 0.1
_MOST_WAITING = 4000
# Written in one go; on SQLite nothing else is done meanwhile.
_BATCH = 100
_MOST_ALLOWANCES = 10_000
_REPORT_SECONDS = 10.0
_LOOKUPS = 4


class _Rate(NamedTuple):
    """How many errors may be recorded at once, and per second after that."""

    burst: float
    a_second: float


_ACCOUNT = _Rate(1000, 10)
_STRANGERS = _Rate(1000, 2)


class _Allowance:
    """A token bucket for one rate."""

    def __init__(self, rate: _Rate) -> None:
        self._rate = rate
        self._left = rate.burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Takes a token; False if none is left."""
        self._renew()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def is_whole(self) -> bool:
        """Whether the bucket is full, so that it need not be kept."""
        self._renew()
        return self._left >= self._rate.burst

    def _renew(self) -> None:
        now = time.monotonic()
        gained = (now - self._at) * self._rate.a_second
        self._left = min(self._rate.burst, self._left + gained)
        self._at = now


class Journal:
    """The errors of one process; each account keeps its newest `rows`."""

    def __init__(self, side: Database, logs: Logs, rows: int) -> None:
        self._side = side
        self._logs = logs
        self._rows = rows
        self._waiting: list[tuple[int, ErrorRecord]] = []
        self._task: asyncio.Task[None] | None = None
        self._allowances: dict[str, _Allowance] = {}
        self._dropped: collections.Counter[str] = collections.Counter()

    def add(self, account_id: str, make: Callable[[], ErrorRecord]) -> None:
        """Records an error soon, or drops it without calling `make` if there are too many."""
        if len(self._waiting) >= _MOST_WAITING or not self._allowance(account_id).take():
            self._drop(account_id)
            return
        self._waiting.append((clock.now_ms(), make()))
        if self._task is None:
            self._task = asyncio.create_task(self._write_soon())

    async def find(self, account_id: str, error_id: str) -> ErrorRecord:
        """Returns an error of the account; waits briefly for other processes to write it.

        Raises NotFound.
        """
        for _ in range(_LOOKUPS):
            await self.flush()
            with contextlib.suppress(NotFound):
                return await self._side.read(error_log.find, account_id, error_id)
            await asyncio.sleep(_GATHER_SECONDS)
        return await self._side.read(error_log.find, account_id, error_id)

    async def flush(self) -> None:
        """Writes what is waiting."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            try:
                await self._side.run_soft(error_log.keep, batch, self._rows)
            except Exception as error:  # an error about errors must not stop what it reports
                metrics.ERRORS_NOT_KEPT.inc(len(batch))
                self._logs.events.warning("errors not kept", count=len(batch), reason=str(error))
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Writes what is waiting and reports what was dropped."""
        await self.flush()
        self._report()

    async def _write_soon(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        self._task = None
        await self.flush()

    def _allowance(self, account_id: str) -> _Allowance:
        known = self._allowances.get(account_id)
        if known is None:
            if len(self._allowances) >= _MOST_ALLOWANCES:
                self._allowances = {
                    account: one for account, one in self._allowances.items() if not one.is_whole
                }
            known = _Allowance(_ACCOUNT if account_id else _STRANGERS)
            self._allowances[account_id] = known
        return known

    def _drop(self, account_id: str) -> None:
        if not self._dropped:
            asyncio.get_running_loop().call_later(_REPORT_SECONDS, self._report)
        self._dropped[account_id] += 1

    def _report(self) -> None:
        """Logs how many errors were dropped, in one line per account."""
        dropped, self._dropped = self._dropped, collections.Counter()
        for account_id, count in dropped.items():
            metrics.ERRORS_NOT_KEPT.inc(count)
            self._logs.events.warning(
                "errors not kept", count=count, account_id=account_id, reason="too many at once"
            )
