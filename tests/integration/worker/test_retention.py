"""What is too old is forgotten by itself, as the settings say."""

from __future__ import annotations

import asyncio

import pytest
from harness.answers import insert_many, record_all, submission
from harness.contents import faults, rows_of

from waflows.services import clock
from waflows.services.accounts import accounts, quotas, rate_limits
from waflows.services.messages import conversations
from waflows.services.submissions import submissions
from waflows.settings import Settings
from waflows.storage import phones
from waflows.storage.database import Database, Transaction
from waflows.storage.side import opened_side
from waflows.storage.submissions import Selection
from waflows.telemetry.logs import Logs
from waflows.worker import retention

_DAY_MS = 24 * 3600 * 1000


def _forget(db: Database, settings: Settings) -> None:
    with opened_side(db) as side:
        asyncio.run(retention.apply_retention(db, side, settings, Logs("json", "error")))


def _open_flow(tx: Transaction, *flow: str) -> None:
    quotas.take_content(tx, phones.begin(tx, *flow))


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


@pytest.mark.parametrize("days", [0, 2])
def test_messages_go_after_so_many_days_with_their_conversations_and_open_flows(
    db: Database, days: int
) -> None:
    account = db.run_now(accounts.create_account, "Account").id
    db.run_now(accounts.create_channel, account, "channel", "channel")
    old, new = "+351910000001", "+351910000002"
    # More than one batch.
    for number in range(120):
        db.run_now(conversations.receive_text, account, "channel", old, f"old {number}", "Ines")
    umid = db.run_now(conversations.receive_text, account, "channel", old, "old", "Ines")
    db.run_now(_open_flow, account, "channel", old, umid, '{"typed": "old"}')
    db.run_now(_age, account, 3 * _DAY_MS)
    db.run_now(conversations.receive_text, account, "channel", new, "new", "Rui")

    _forget(db, Settings(message_days=days))

    rows = rows_of(db, account)
    left = {name: len(rows[name]) for name in ("messages", "conversations", "phone_sessions")}
    assert left == (
        {"messages": 1, "conversations": 1, "phone_sessions": 0}
        if days
        else {"messages": 122, "conversations": 2, "phone_sessions": 1}
    )
    assert (old in str(rows)) == (days == 0)
    assert faults(db) == {}


def _age(tx: Transaction, account_id: str, by: int) -> None:
    """As if all messages had come earlier."""
    tx.execute(
        "UPDATE messages SET created_at = created_at - ? WHERE account_id = ?", by, account_id
    )


def test_counters_of_rate_limits_go_once_they_count_for_nothing(db: Database) -> None:
    now = clock.now_ms()
    minute = rate_limits.WINDOW_MS
    # More than one batch, and such as sign-ins and previews make for strangers.
    for number in range(1100):
        db.run_now(_count_use, f"stranger {number}", now - 10 * minute)
    db.run_now(_count_use, "ahead of a clock that was set back", now + 10 * minute)
    db.run_now(_count_use, "in the minute before", now - minute)
    db.run_now(_count_use, "in this minute", now)

    _forget(db, Settings())

    left = db.read_now(lambda tx: tx.all("SELECT key_id FROM rate_limits ORDER BY key_id"))
    assert left == [("in the minute before",), ("in this minute",)]


def _count_use(tx: Transaction, counter: str, at: int) -> None:
    rate_limits.take(tx, "", counter, "sign-in", 10, at)
