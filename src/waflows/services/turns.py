"""Work on a shared pool, with one place for each account.

    turns = Turns(ThreadPoolExecutor(2))
    result = await turns.run(account_id, function, argument)

An account's second job waits for its first, so that one account never holds two places of the pool
while others wait. The queue of an account is short: a job beyond it is refused at once, which costs
nothing and says when to try again. Limits: each process has its own queues, and accounts are served
in the order in which they ask.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar, TypeVarTuple

from waflows.errors import RateLimited

MOST_WAITING = 16
"""How many jobs of one account may wait for the one being done."""
_RETRY_SECONDS = 1

A = TypeVarTuple("A")
R = TypeVar("R")


class _Place:
    """An account's place in the pool, which exists while it has work."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.wanted = 0


class Lines:
    """A queue for each account, which lets one job through at a time. Belongs to one event loop."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    @asynccontextmanager
    async def first(self, account_id: str) -> AsyncIterator[None]:
        """Waits for the account's earlier jobs, and makes later ones wait."""
        place = self._places.setdefault(account_id, _Place())
        place.wanted += 1
        try:
            async with place.lock:
                yield
        finally:
            place.wanted -= 1
            if not place.wanted:
                del self._places[account_id]


class Turns:
    """The places of accounts in a pool of threads or processes. Belongs to one event loop."""

    def __init__(self, pool: Executor, most_waiting: int = MOST_WAITING) -> None:
        self._pool = pool
        self._most_waiting = most_waiting
        self._places: dict[str, _Place] = {}

    async def run(self, account_id: str, function: Callable[[*A], R], *arguments: *A) -> R:
        """Runs a function in the pool when it is the account's turn.

        Raises RateLimited when too many jobs of the account are waiting. The place is held until
        the job has ended, even when its caller was cancelled.
        """
        place = self._places.get(account_id)
        if place is not None and place.wanted > self._most_waiting:
            raise RateLimited(
                f"Too many requests at once: {self._most_waiting} of this account are already"
                f" waiting for a long one; try again in {_RETRY_SECONDS} s.",
                _RETRY_SECONDS,
            )
        place = place or self._places.setdefault(account_id, _Place())
        place.wanted += 1
        try:
            await place.lock.acquire()
        except BaseException:
            self._leave(account_id, place)
            raise
        try:
            work = self._pool.submit(function, *arguments)
        except BaseException:
            self._end(account_id, place)
            raise
        loop = asyncio.get_running_loop()

        def ended(_: Future[Any]) -> None:
            # Once the loop is closed, nothing is waiting.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end, account_id, place)

        work.add_done_callback(ended)
        return await asyncio.wrap_future(work)

    def _end(self, account_id: str, place: _Place) -> None:
        place.lock.release()
        self._leave(account_id, place)

    def _leave(self, account_id: str, place: _Place) -> None:
        place.wanted -= 1
        if not place.wanted:
            del self._places[account_id]
