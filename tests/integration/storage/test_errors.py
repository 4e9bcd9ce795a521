"""Errors are kept for looking up, within bounds of age and number."""

from __future__ import annotations

import pytest

from waflows.errors import NotFound
from waflows.services import accounts, clock, errors
from waflows.storage.database import Database
from waflows.storage.errors import ErrorRecord

_DAY_MS = 24 * 3600 * 1000


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _record(number: int, account_id: str) -> ErrorRecord:
    return ErrorRecord(
        _id(number),
        clock.error_timestamp(),
        404,
        1300,
        f"Error {number}",
        "GET",
        "/somewhere",
        "request",
        account_id=account_id,
    )


def _keep(db: Database, account_id: str, times: list[int]) -> None:
    records = [(at, _record(number, account_id)) for number, at in enumerate(times)]
    db.run_now(errors.keep, records)


def _known(db: Database) -> set[str]:
    return {record.message for record in db.read_now(errors.latest, 1000)}


def test_an_error_is_found_by_its_account_and_by_no_other(db: Database) -> None:
    account = db.run_now(accounts.create_account, "Tests").id
    _keep(db, account, [clock.now_ms()])

    assert db.read_now(errors.find, account, _id(0).upper()).message == "Error 0"
    assert db.read_now(errors.find_any, _id(0)).account_id == account
    for stranger in ("", "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e"):
        with pytest.raises(NotFound):
            db.read_now(errors.find, stranger, _id(0))
    with pytest.raises(NotFound):
        db.read_now(errors.find_any, "no id at all")


def test_errors_older_than_some_days_are_forgotten(db: Database) -> None:
    now = clock.now_ms()
    _keep(db, "", [now - 3 * _DAY_MS, now - 2 * _DAY_MS + 60_000, now])

    assert db.run_now(errors.forget_old, days=2, rows=100) == 1
    assert _known(db) == {"Error 1", "Error 2"}


def test_of_too_many_errors_exactly_the_newest_are_kept_even_of_one_moment(db: Database) -> None:
    now = clock.now_ms()
    _keep(db, "", [now - 1, *[now] * 5])

    assert db.run_now(errors.forget_old, days=1, rows=6) == 0
    assert db.run_now(errors.forget_old, days=1, rows=3) == 3
    assert _known(db) == {"Error 3", "Error 4", "Error 5"}
    assert db.run_now(errors.forget_old, days=1, rows=3) == 0
