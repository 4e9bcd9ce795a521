"""Units of work: wholly or not at all, alone or beside others, alike on both engines."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.databases import Postgres
from harness.servers import opened

from waflows.errors import NotFound, OperatorError, Unavailable
from waflows.services.accounts import accounts
from waflows.storage import accounts as store
from waflows.storage import postgres as postgres_module
from waflows.storage import sqlite as sqlite_module
from waflows.storage.database import Database, Transaction
from waflows.storage.opening import open_database


def _write_then_fail(tx: Transaction) -> None:
    accounts.create_account(tx, "Half made")
    raise NotFound("not after all")


def _names(tx: Transaction) -> list[str]:
    return [account.name for account in accounts.list_accounts(tx)]


def test_a_unit_that_raises_leaves_nothing_behind(db: Database) -> None:
    with pytest.raises(NotFound):
        db.run_now(_write_then_fail)

    assert db.read_now(_names) == []


def test_a_unit_that_raises_leaves_the_connection_fit_for_the_next(db: Database) -> None:
    async def work() -> list[str]:
        for _ in range(8):
            with pytest.raises(NotFound):
                await db.run(_write_then_fail)
        await db.run(accounts.create_account, "Whole")
        return await db.read(_names)

    assert asyncio.run(work()) == ["Whole"]


def test_a_side_record_is_written_wholly_or_not_at_all(db: Database) -> None:
    async def work() -> list[str]:
        with pytest.raises(NotFound):
            await db.run_soft(_write_then_fail)
        await db.run_soft(accounts.create_account, "Side record")
        return await db.read(_names)

    assert asyncio.run(work()) == ["Side record"]


def test_a_read_sees_one_moment_whatever_is_written_meanwhile(
    db: Database, database_url: str
) -> None:
    def look_twice(tx: Transaction, write: threading.Event, written: threading.Event) -> bool:
        before = _names(tx)
        write.set()
        assert written.wait(10)
        return _names(tx) == before

    write, written = threading.Event(), threading.Event()

    def other_process() -> None:
        with opened(database_url) as other:
            assert write.wait(10)
            other.run_now(accounts.create_account, "Meanwhile")
            written.set()

    writer = threading.Thread(target=other_process)
    writer.start()
    try:
        assert db.read_now(look_twice, write, written)
    finally:
        write.set()
        writer.join()
    assert db.read_now(_names) == ["Meanwhile"]


def test_reading_row_by_row_answers_every_row_once(db: Database) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(1001):
            store.set_instance_value(tx, f"row {number:04}", str(number))

    db.run_now(fill)

    rows = db.read_now(
        lambda tx: list(tx.each("SELECT name, value FROM instance WHERE name >= ?", "row"))
    )
    assert sorted(rows) == [(f"row {number:04}", str(number)) for number in range(1001)]


def test_two_processes_that_add_to_one_row_lose_nothing(db: Database, database_url: str) -> None:
    account = db.run_now(accounts.create_account, "Tests").id
    channel = db.run_now(accounts.create_channel, account, "Channel").id

    def add_fifty() -> None:
        with opened(database_url) as own:
            for _ in range(50):
                own.run_now(store.take_position, account, channel)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(add_fifty) for _ in range(2)]:
            done.result()

    assert db.run_now(store.take_position, account, channel) == 101


def test_units_that_lock_in_opposite_order_both_get_done(db: Database, database_url: str) -> None:
    account = db.run_now(accounts.create_account, "Tests").id
    channels = [db.run_now(accounts.create_channel, account, name).id for name in ("One", "Two")]

    def lock_both(tx: Transaction, first: str, second: str) -> None:
        store.take_position(tx, account, first)
        time.sleep(0.2)
        store.take_position(tx, account, second)

    def run(order: list[str]) -> None:
        with opened(database_url) as own:
            own.run_now(lock_both, *order)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run, channels), pool.submit(run, channels[::-1])]:
            done.result()

    assert [db.run_now(store.take_position, account, channel) for channel in channels] == [3, 3]


def test_a_lock_held_too_long_by_another_process_is_not_waited_for_without_end(
    database_url: str, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = db.run_now(accounts.create_account, "Tests").id
    channel = db.run_now(accounts.create_channel, account, "Channel").id
    monkeypatch.setattr(sqlite_module, "_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(postgres_module, "_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(postgres_module, "LOCK_SECONDS", 1)
    locked, release = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        store.lock_channel(tx, account, channel)
        locked.set()
        release.wait(30)

    def other_process() -> None:
        with opened(database_url) as other:
            other.run_now(hold)

    holder = threading.Thread(target=other_process)
    holder.start()
    try:
        assert locked.wait(10)
        with opened(database_url) as own:
            with pytest.raises(Unavailable):
                own.run_now(store.take_position, account, channel)
            # Readers are not in the way of a writer, nor it in theirs.
            assert own.read_now(_names) == ["Tests"]
    finally:
        release.set()
        holder.join()

    with opened(database_url) as own:
        assert own.run_now(store.take_position, account, channel) == 1


def test_more_calls_than_threads_are_all_answered(db: Database) -> None:
    async def work() -> list[str]:
        await asyncio.gather(*(db.run(accounts.create_account, f"{n:02}") for n in range(40)))
        await asyncio.gather(*(db.read(_names) for _ in range(40)))
        return sorted(await db.read_slow(_names))

    assert asyncio.run(work()) == [f"{n:02}" for n in range(40)]


def test_a_call_whose_turn_comes_too_late_is_given_up(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_module, "_PATIENCE_SECONDS", 0.5)
    _, threads = postgres_module._Room.READ.value
    given_up = threading.Event()

    def dawdle(tx: Transaction) -> str:
        # Held until the call behind these can only be too late.
        given_up.wait(60)
        return "done"

    async def ask_often() -> list[str | BaseException]:
        calls = [asyncio.ensure_future(db.read(dawdle)) for _ in range(threads + 1)]
        asyncio.get_running_loop().call_later(1.0, given_up.set)
        return await asyncio.gather(*calls, return_exceptions=True)

    with opened(postgres.new_database()) as db:
        *first, last = asyncio.run(ask_often())
    assert first == ["done"] * threads
    assert isinstance(last, Unavailable)


def test_a_lost_connection_is_replaced_unnoticed(postgres: Postgres) -> None:
    url = postgres.new_database()

    def end_own_connection_once(tx: Transaction, ended: list[int]) -> str:
        if not ended:
            ended.append(1)
            tx.one("SELECT pg_terminate_backend(pg_backend_pid())")
        row = tx.one("SELECT current_database()")
        assert row is not None
        return str(row[0])

    with opened(url) as db:
        assert db.run_now(end_own_connection_once, []) in url
        assert db.read_now(end_own_connection_once, []) in url
        assert len(db._open) == 1  # type: ignore[attr-defined]  # what it would leak otherwise


def test_a_database_that_cannot_be_reached_is_unavailable() -> None:
    with (
        opened("postgresql://nobody@127.0.0.1:1/nothing") as db,
        pytest.raises(Unavailable),
    ):
        db.read_now(accounts.ping)


def test_a_new_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "waflows.db"
    with opened(f"sqlite:///{path}") as db:
        db.run_now(lambda tx: tx.execute("CREATE TABLE secrets (it TEXT)"))
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()}

    assert modes == dict.fromkeys(("waflows.db", "waflows.db-wal", "waflows.db-shm"), 0o600)


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, but long enough to be taken for one\n" * 20)

    with opened(f"sqlite:///{path}") as db, pytest.raises(OperatorError, match=r"notes\.txt"):
        db.read_now(accounts.ping)


def test_an_address_of_no_known_kind_is_refused() -> None:
    with pytest.raises(OperatorError, match="postgresql://"):
        open_database("mysql://localhost/waflows")


def test_every_sqlite_write_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    def synchronous(tx: Transaction) -> int:
        row = tx.one("PRAGMA synchronous")
        assert row is not None
        return int(row[0])

    async def levels() -> tuple[int, int]:
        return await db.run(synchronous), await db.run_soft(synchronous)

    with opened(f"sqlite:///{tmp_path / 'waflows.db'}") as db:
        # 2 is FULL: waits for the disk at every commit. 1 is NORMAL: whole, but a little behind.
        assert asyncio.run(levels()) == (2, 1)
        assert db.run_now(synchronous) == 2


def test_every_postgres_write_is_on_the_disk_before_it_is_acknowledged(postgres: Postgres) -> None:
    def synchronous(tx: Transaction) -> str:
        row = tx.one("SHOW synchronous_commit")
        assert row is not None
        return str(row[0])

    async def levels() -> tuple[str, str, str]:
        return (
            await db.run(synchronous),
            await db.run_soft(synchronous),
            await db.run(synchronous),
        )

    with opened(postgres.new_database()) as db:
        assert asyncio.run(levels()) == ("on", "off", "on")


def test_a_write_in_the_way_of_a_sqlite_write_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "waflows.db"
    with opened(f"sqlite:///{path}") as db:
        db.run_now(lambda tx: tx.execute("CREATE TABLE counts (n INTEGER)"))
        rival = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        rival.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2, lambda: rival.execute("COMMIT"))
        release.start()
        written = asyncio.run(db.run(lambda tx: tx.execute("INSERT INTO counts VALUES (1)")))
        release.join()
        rival.close()
    assert written == 1
