"""What is too old is forgotten by itself, as the settings say."""

from __future__ import annotations

import asyncio

import pytest
from harness.answers import insert_many, record_all, submission
from harness.contents import faults

from waflows.services import accounts, clock, submissions
from waflows.settings import Settings
from waflows.storage.database import Database
from waflows.storage.submissions import Selection
from waflows.telemetry.logs import Logs
from waflows.worker import retention

_DAY_MS = 24 * 3600 * 1000


def _forget(db: Database, settings: Settings) -> None:
    asyncio.run(retention.forget_once(db, settings, Logs("json", "error")))


def _left(db: Database, account_id: str) -> int:
    return db.read_now(submissions.count, account_id, Selection()).count


@pytest.mark.parametrize(("days", "left"), [(0, [252, 2]), (1, [1, 1]), (3, [2, 2])])
def test_submissions_are_kept_for_so_many_days_and_0_for_ever(
    db: Database, days: int, left: list[int]
) -> None:
    now = clock.now_ms()
    found = []
    for number in range(2):
        account = db.run_now(accounts.create_account, f"Account {number}").id
        db.run_now(accounts.create_channel, account, "channel", "channel")
        aged = [now - _DAY_MS // 2, now - 2 * _DAY_MS]
        answers = [submission(account, "channel", submitted_at=at) for at in aged]
        db.run_now(record_all, answers)
        found.append(account)
    db.run_now(insert_many, found[0], "channel", 250, sub_account_id="another")

    _forget(db, Settings(submission_days=days))

    assert [_left(db, account) for account in found] == left
    assert faults(db) == {}
