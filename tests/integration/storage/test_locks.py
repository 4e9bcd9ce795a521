"""One locked row of PostgreSQL keeps those waiting that want this row, and nobody else for long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from harness.databases import Postgres
from harness.servers import opened

from waflows.errors import Unavailable
from waflows.services.accounts import accounts
from waflows.storage import accounts as store
from waflows.storage.database import Database, Transaction

_STUCK = 60


@pytest.fixture
def database_url(postgres: Postgres) -> str:
    return postgres.new_database()


@contextmanager
def _locked(url: str, account: str, channel: str) -> Iterator[Callable[[], None]]:
    """A channel that another process holds; what is handed out lets go of it."""
    locked, release = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        store.lock_channel(tx, account, channel)
        locked.set()
        release.wait(120)

    def other_process() -> None:
        with opened(url) as other:
            other.run_now(hold)

    holder = threading.Thread(target=other_process)
    holder.start()
    try:
        assert locked.wait(10)
        yield release.set
    finally:
        release.set()
        holder.join()


def _tenants(db: Database) -> tuple[str, str, str]:
    account = db.run_now(accounts.create_account, "Tests").id
    held, free = (db.run_now(accounts.create_channel, account, name).id for name in ("A", "B"))
    return account, held, free


async def _slowest(times: int, call: Callable[[], Awaitable[object]]) -> float:
    slowest = 0.0
    for _ in range(times):
        began = time.monotonic()
        await call()
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def test_neither_reads_nor_other_writes_wait_for_a_row_that_many_wait_for(
    db: Database, database_url: str
) -> None:
    account, held, free = _tenants(db)

    async def read() -> None:
        await db.read(accounts.list_accounts)

    async def write() -> None:
        await db.run(store.take_position, account, free)

    async def scenario() -> tuple[float, float]:
        # With nothing to compare with, a quick machine would be held to microseconds.
        quiet = max(await _slowest(20, read), await _slowest(20, write), 0.1)
        with _locked(database_url, account, held):
            stuck = [
                asyncio.create_task(db.run(store.take_position, account, held))
                for _ in range(_STUCK)
            ]
            await asyncio.sleep(0)
            first_read, first_write = await _slowest(1, read), await _slowest(1, write)
            later_read, later_write = await _slowest(20, read), await _slowest(10, write)
            assert not any(task.done() for task in stuck)
            print(
                f"\nquiet {quiet:.3f}, first read {first_read:.3f}, write {first_write:.3f},"
                f" later read {later_read:.3f}, write {later_write:.3f}"
            )
            # All of those that are stuck have come at once, before the first of the others.
            assert first_write < 80 * quiet
            assert later_write < 20 * quiet
            assert max(first_read, later_read) < 10 * quiet
        await asyncio.gather(*stuck)
        return first_read, first_write

    asyncio.run(scenario())
    taken = db.run_now(store.take_position, account, held)
    assert taken == _STUCK + 1, "each of those that waited was done once"


def test_whoever_waits_for_a_row_longer_than_a_few_seconds_is_told_so(
    db: Database, database_url: str
) -> None:
    account, held, _ = _tenants(db)

    # The row is held until it was given up, and not released by the end of any time.
    with _locked(database_url, account, held), pytest.raises(Unavailable):
        asyncio.run(db.run(store.take_position, account, held))
    assert db.run_now(store.take_position, account, held) == 1


def test_many_writes_of_one_row_are_all_done(db: Database, database_url: str) -> None:
    account, busy, _ = _tenants(db)

    async def scenario() -> None:
        with opened(database_url) as other:
            await asyncio.gather(
                *(one.run(store.take_position, account, busy) for one in (db, other) * 150)
            )

    asyncio.run(scenario())
    assert db.run_now(store.take_position, account, busy) == 301
