"""Looking through flows page by page, on both engines."""

from __future__ import annotations

import pytest
from harness.flow_json import VALID

from waflows.errors import ChangedMeanwhile, NotFound
from waflows.services.accounts import accounts
from waflows.services.accounts.accounts import Principal
from waflows.services.flows import browsing, editing, lifecycle
from waflows.services.flows import texts as flow_texts
from waflows.services.flows.lifecycle import Content
from waflows.storage.database import Database
from waflows.storage.flows import Selection

EVERY = Selection()


def holder(db: Database, account_id: str, channels: list[str] | None = None) -> Principal:
    made = db.run_now(accounts.create_key, account_id, "key", channel_ids=channels)
    return db.read_now(accounts.holder_of, account_id, made.key.id)


def new_flow(db: Database, account_id: str, channel_id: str, name: str, text: str = "") -> str:
    content = Content(
        name=name,
        categories=["OTHER"],
        flow_json=flow_texts.check_now(text) if text else None,
    )
    return db.run_now(lifecycle.create, account_id, channel_id, content).id


def test_a_table_goes_over_every_channel_the_key_reaches(db: Database) -> None:
    account = db.run_now(accounts.create_account, "Account").id
    first, second, hidden = (
        db.run_now(accounts.create_channel, account, name).id for name in ("One", "Two", "Three")
    )
    for number in range(20):
        new_flow(db, account, first, f"First {number}")
        new_flow(db, account, second, f"Second {number}", VALID if number == 7 else "")
    new_flow(db, account, hidden, "Hidden")
    principal = holder(db, account, [first, second])

    pages = [db.read_now(browsing.table, principal, None, EVERY, page) for page in (1, 2, 3)]

    names = [row.name for page in pages[:2] for row in page.rows]
    assert sorted(names) == sorted(f"{kind} {n}" for kind in ("First", "Second") for n in range(20))
    assert [(page.total, page.page, page.pages) for page in pages] == [
        (40, 1, 2),
        (40, 2, 2),
        (40, 2, 2),
    ]
    assert {channel.id for channel in pages[0].channels} == {first, second}

    one = db.read_now(browsing.table, principal, second, EVERY, 1)
    assert [row.name for row in one.rows] == [f"Second {n}" for n in reversed(range(20))]
    assert [row.json_version for row in one.rows if row.name == "Second 7"] == ["7.3"]

    found = db.read_now(browsing.table, principal, None, Selection(name_contains="SECOND 1"), 1)
    assert found.total == 11

    with pytest.raises(NotFound):
        db.read_now(browsing.table, principal, hidden, EVERY, 1)


def test_a_key_whose_channels_are_gone_sees_an_empty_table(db: Database) -> None:
    account = db.run_now(accounts.create_account, "Account").id
    table = db.read_now(browsing.table, holder(db, account), None, EVERY, 1)
    assert (table.rows, table.total, table.pages) == ([], 0, 1)


def test_a_text_is_saved_over_the_revision_it_was_made_from_and_no_other(db: Database) -> None:
    account = db.run_now(accounts.create_account, "Account").id
    channel = db.run_now(accounts.create_channel, account, "Channel").id
    flow = new_flow(db, account, channel, "Flow", VALID)
    principal = holder(db, account)
    mine, theirs = (flow_texts.check_now(VALID + blank) for blank in (" ", "  "))

    saved, unmet = db.run_now(editing.save_text, principal, flow, theirs, 1)
    assert (saved.revision, unmet) == (2, [])
    with pytest.raises(ChangedMeanwhile):
        db.run_now(editing.save_text, principal, flow, mine, 1)
    with pytest.raises(ChangedMeanwhile):
        db.run_now(editing.restore, principal, flow, 1, 1)
    with pytest.raises(ChangedMeanwhile):
        db.run_now(editing.publish, principal, flow, 1)

    restored = db.run_now(editing.restore, principal, flow, 1, 2)
    _, revisions, texts = db.read_now(editing.compared, principal, flow, 1, 3)
    assert restored.revision == 3
    assert [revision.revision for revision in revisions] == [3, 2, 1]
    assert texts is not None
    assert texts.older_text == texts.newer_text == VALID
    with pytest.raises(NotFound):
        db.run_now(editing.restore, principal, flow, 9, 3)
