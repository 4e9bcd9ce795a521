"""Errors are kept for looking up, within bounds of age and number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.databases import new_sqlite
from harness.servers import opened

from waflows.errors import NotFound
from waflows.services import clock
from waflows.services.accounts import error_log
from waflows.storage import error_records as store
from waflows.storage import migrate
from waflows.storage.database import Database
from waflows.storage.error_records import ErrorRecord
from waflows.storage.side import opened_side

_DAY_MS = 24 * 3600 * 1000


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _record(number: int, account_id: str) -> ErrorRecord:
    return ErrorRecord(
        error_id=_id(number),
        timestamp=clock.error_timestamp(),
        status=404,
        code=1300,
        message=f"Error {number}",
        method="GET",
        path="/somewhere",
        request_id="request",
        account_id=account_id,
    )


@pytest.fixture
def side(db: Database) -> Iterator[Database]:
    """Where the side records of a test's database are."""
    with opened_side(db) as side:
        yield side


def _keep(side: Database, account_id: str, times: list[int], rows: int = 100) -> None:
    records = [(at, _record(number, account_id)) for number, at in enumerate(times)]
    side.run_now(error_log.keep, records, rows)


def _known(side: Database, account_id: str | None = None) -> set[str]:
    return {
        record.message
        for record in side.read_now(error_log.latest, 10_000)
        if account_id in {None, record.account_id}
    }


def test_an_error_is_found_by_its_account_and_by_no_other(side: Database) -> None:
    account = "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c40"
    _keep(side, account, [clock.now_ms()])

    assert side.read_now(error_log.find, account, _id(0).upper()).message == "Error 0"
    assert side.read_now(error_log.find_any, _id(0)).account_id == account
    for stranger in ("", "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e"):
        with pytest.raises(NotFound):
            side.read_now(error_log.find, stranger, _id(0))
    with pytest.raises(NotFound):
        side.read_now(error_log.find_any, "no id at all")


def test_errors_older_than_some_days_are_forgotten(side: Database) -> None:
    now = clock.now_ms()
    _keep(side, "", [now - 3 * _DAY_MS, now - 2 * _DAY_MS + 60_000, now])

    assert side.run_now(error_log.forget_old, days=2) == 1
    assert _known(side) == {"Error 1", "Error 2"}


def test_of_too_many_errors_exactly_the_newest_are_kept_even_of_one_moment(side: Database) -> None:
    now = clock.now_ms()
    _keep(side, "one", [now - 1, *[now] * 5], rows=6)
    assert len(_known(side)) == 6

    side.run_now(error_log.keep, [(now, _record(6, "one"))], 3)

    assert _known(side) == {"Error 4", "Error 5", "Error 6"}


def test_an_account_with_too_many_errors_loses_its_own_and_nobody_elses(side: Database) -> None:
    now = clock.now_ms()
    for number, account in enumerate(("", "one")):
        side.run_now(error_log.keep, [(now - 1000, _record(900 + number, account))], 100)

    records = [(now + at, _record(1000 + at, "another")) for at in range(200)]
    side.run_now(error_log.keep, records, 100)

    assert _known(side, "another") == {f"Error {number}" for number in range(1100, 1200)}
    assert _known(side, "one") == {"Error 901"}
    assert _known(side, "") == {"Error 900"}


def test_errors_without_an_account_share_a_small_ring(side: Database) -> None:
    now = clock.now_ms()
    more = error_log.STRANGERS_ROWS + 50
    _keep(side, "", [now + at for at in range(more)], rows=1_000_000)

    assert _known(side) == {f"Error {number}" for number in range(50, more)}


def test_keeping_an_error_moves_no_change_stamp(db: Database, database_url: str) -> None:
    async def watch() -> None:
        await db.start()
        await asyncio.sleep(1.5 if db.engine == "postgres" else 0)
        before = db.stamp()
        assert before is not None
        with opened(database_url) as other, opened_side(other) as side:
            await side.run_soft(error_log.keep, [(clock.now_ms(), _record(1, "one"))], 10)
            assert _known(side) == {"Error 1"}
        # A notice of PostgreSQL would be heard by now.
        await asyncio.sleep(1.5 if db.engine == "postgres" else 0)
        assert db.stamp() == before

    asyncio.run(watch())


def test_errors_that_an_earlier_version_kept_beside_the_facts_are_found(tmp_path: Path) -> None:
    with opened(new_sqlite(tmp_path)) as db:
        migrate.upgrade(db)
        records = [(number, _record(number, "one")) for number in range(2500)]
        db.run_now(store.insert_all, records)

        for _ in range(2):
            with opened_side(db) as side:
                assert len(_known(side)) == 2500
        assert db.read_now(store.some_rows, 1) == []
