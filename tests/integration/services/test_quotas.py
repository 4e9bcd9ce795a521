"""What an account may have: counted exactly, refused beyond the limit, free again when it goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from harness.contents import faults
from harness.databases import new_sqlite
from harness.principals import unlimited
from harness.servers import opened

from waflows.errors import NotFound, QuotaReached
from waflows.security.vault import Vault
from waflows.services.accounts import accounts, quotas, sub_accounts
from waflows.services.accounts.quotas import Limits
from waflows.services.flows import editing, lifecycle
from waflows.services.flows import texts as flow_texts
from waflows.services.flows.lifecycle import Content
from waflows.services.messages import conversations, templates
from waflows.services.messages.outgoing import FlowContent, Outgoing
from waflows.services.submissions import forgetting
from waflows.services.webhooks import subscriptions
from waflows.settings import Settings
from waflows.storage import checking, compact, migrate
from waflows.storage.database import Database, Transaction
from waflows.storage.submissions import Selection
from waflows.storage.templates import Component
from waflows.storage.usage import Usage

_PERSON = "+351910000001"


class Shop:
    """An account with a channel and a sub-account."""

    def __init__(self, db: Database, **limits: int) -> None:
        self.db = db
        self.account = db.run_now(accounts.create_account, "Shop").id
        self.channel = db.run_now(accounts.create_channel, self.account, "Channel").id
        self.sub_account = f"sub-{self.account[:8]}"
        db.run_now(sub_accounts.create_sub_account, self.account, self.sub_account, self.channel)
        self.principal = unlimited(self.account)
        self.limit(**limits)

    def limit(self, **limits: int) -> None:
        """Puts other limits in force."""
        settings = quotas.limits_of(Settings())
        self.db.run_now(quotas.set_limits, msgspec.structs.replace(settings, **limits))

    @property
    def usage(self) -> Usage:
        """What the account has, as its counters say."""
        return self.db.read_now(quotas.space, self.account).usage

    def create(self, name: str, text: str | None = None) -> str:
        """A new flow; its id."""
        content = Content(
            name=name,
            categories=["OTHER"],
            flow_json=None if text is None else flow_texts.check_now(text),
        )
        return self.db.run_now(lifecycle.create, self.account, self.channel, content).id

    def save(self, flow: str, text: str) -> None:
        """Another text of a flow."""
        content = Content(flow_json=flow_texts.check_now(text))
        self.db.run_now(lifecycle.update, self.account, self.channel, flow, content)

    def revisions(self, flow: str) -> list[int]:
        """The numbers of the revisions of a flow."""
        kept = self.db.read_now(lifecycle.list_revisions, self.account, self.channel, flow)
        return [one.revision for one in kept]

    def text(self, flow: str, revision: int) -> str:
        """A revision of a flow."""
        return self.db.read_now(lifecycle.revision_json, self.account, self.channel, flow, revision)

    def send(self, flow: str) -> str:
        """Sends a draft to a person who has written; the message's id."""
        content = FlowContent(flow_id=flow, button="Open", body="Body", mode="draft")
        wanted = Outgoing(msisdn=_PERSON, content=content)
        return self.db.run_now(conversations.send, self.principal, self.sub_account, wanted).umid


def _playable(number: int) -> str:
    screen = {
        "id": "ONE",
        "terminal": True,
        "layout": {
            "type": "SingleColumnLayout",
            "children": [
                {"type": "TextHeading", "text": f"Number {number}"},
                {
                    "type": "Footer",
                    "label": "Done",
                    "on-click-action": {"name": "complete", "payload": {}},
                },
            ],
        },
    }
    return json.dumps({"version": "7.3", "screens": [screen]})


def _age_revisions(tx: Transaction, minutes: int) -> None:
    tx.execute("UPDATE flow_revisions SET created_at = created_at - ?", minutes * 60_000)


def _template(name: str) -> templates.NewTemplate:
    return templates.NewTemplate(name, "en", "UTILITY", [Component(type="BODY", text="Hello")])


def test_flows_beyond_the_limit_are_refused_and_a_deleted_one_makes_room(db: Database) -> None:
    shop = Shop(db, flows=2)
    first = shop.create("One", '{"a": 1}')
    shop.create("Two")
    with pytest.raises(QuotaReached, match="may have 2 flows"):
        shop.create("Three", '{"a": 1}')
    assert shop.usage == Usage(flows=2, stored_bytes=8)

    db.run_now(lifecycle.delete, shop.account, shop.channel, first)
    shop.create("Three")

    assert shop.usage == Usage(flows=2)
    assert faults(db) == {}


def test_bytes_are_those_of_every_revision_before_it_is_compressed(db: Database) -> None:
    shop = Shop(db, stored_bytes=5000)
    flow = shop.create("One", json.dumps("é" * 300, ensure_ascii=False))
    shop.save(flow, json.dumps("y" * 1000))
    assert shop.usage == Usage(flows=1, stored_bytes=602 + 1002)

    with pytest.raises(QuotaReached, match="may have 5,000 bytes"):
        shop.save(flow, json.dumps("z" * 4000))

    assert shop.revisions(flow) == [2, 1]
    assert shop.usage.stored_bytes == 1604
    shop.limit(stored_bytes=0)
    shop.save(flow, json.dumps("z" * 4000))
    assert faults(db) == {}


def test_a_limit_of_one_account_is_not_used_up_by_another(db: Database) -> None:
    one, other = Shop(db, flows=1), Shop(db, flows=1)
    one.create("One")
    other.create("One")
    with pytest.raises(QuotaReached):
        one.create("Two")


def test_templates_phones_and_webhooks_are_counted_too(db: Database) -> None:
    shop = Shop(db, templates=1, phones=1, webhooks=1)
    account, channel = shop.account, shop.channel

    def configure(sub_account: str, url: str) -> None:
        wanted = [subscriptions.Wanted(sub_account_id=sub_account, url=url, type="MSG")]
        # Nothing of it is secret, so nothing is sealed.
        db.run_now(subscriptions.configure, Vault(bytes(32)), account, wanted)

    db.run_now(templates.create, account, channel, _template("one"))
    db.run_now(conversations.receive_text, account, channel, _PERSON, "Hello", "Ines")
    db.run_now(conversations.receive_text, account, channel, _PERSON, "Hello again", "Ines")
    configure("*", "https://example.org/one")
    configure("*", "https://example.org/other")
    said = shop.usage.stored_bytes
    assert shop.usage == Usage(stored_bytes=said, templates=1, phones=1, webhooks=1)

    more: list[Callable[[], Any]] = [
        lambda: db.run_now(templates.create, account, channel, _template("two")),
        lambda: db.run_now(
            conversations.receive_text, account, channel, "+351910000002", "Hello", "Rui"
        ),
        lambda: configure("sub-two", "https://example.org/two"),
    ]
    for create in more:
        with pytest.raises(QuotaReached):
            create()
    assert faults(db) == {}

    db.run_now(templates.delete, account, channel, "one")
    db.run_now(forgetting.forget_conversations_with, account, _PERSON, Selection())
    db.run_now(subscriptions.remove, account, [("*", "MSG")])
    assert shop.usage == Usage()
    for create in more:
        create()
    assert faults(db) == {}


def test_the_oldest_revisions_make_room_for_new_ones(db: Database) -> None:
    shop = Shop(db, revisions_per_flow=3)
    flow = shop.create("One", "[1]")
    for number in range(2, 4):
        shop.save(flow, f"[{number}]")
    db.run_now(_age_revisions, 61)

    for number in range(4, 6):
        shop.save(flow, f"[{number}]")
        db.run_now(_age_revisions, 61)

    assert shop.revisions(flow) == [5, 4, 3]
    assert [shop.text(flow, number) for number in (5, 4, 3)] == ["[5]", "[4]", "[3]"]
    with pytest.raises(NotFound):
        shop.text(flow, 2)
    assert shop.usage == Usage(flows=1, stored_bytes=9)
    assert checking.faults_of_counters(db) == []
    _, listed, texts = db.read_now(editing.compared, shop.principal, flow, 0, 3)
    assert (len(listed), texts) == (3, None)
    _, _, texts = db.read_now(editing.compared, shop.principal, flow, 0, 0)
    assert texts is not None
    assert (texts.older, texts.newer) == (4, 5)


def test_a_revision_that_a_message_carries_or_a_link_may_lead_to_is_never_dropped(
    db: Database,
) -> None:
    shop = Shop(db, revisions_per_flow=3)
    flow = shop.create("One", _playable(1))
    db.run_now(conversations.receive_text, shop.account, shop.channel, _PERSON, "Hello", "Ines")
    umid = shop.send(flow)
    for number in range(2, 4):
        shop.save(flow, _playable(number))
    with pytest.raises(QuotaReached, match="within the last 60 minutes"):
        shop.save(flow, _playable(4))

    db.run_now(_age_revisions, 61)
    shop.save(flow, _playable(4))

    assert shop.revisions(flow) == [4, 3, 1]
    opened_flow = db.read_now(conversations.opened_flow, shop.account, umid)
    assert opened_flow.text == _playable(1)


def test_a_long_history_from_an_earlier_version_is_kept_whole(db: Database) -> None:
    shop = Shop(db)
    flow = shop.create("One", "[1]")
    for number in range(2, 6):
        shop.save(flow, f"[{number}]")
    db.run_now(_as_before)
    shop.limit(revisions_per_flow=2)

    for number in range(6, 10):
        shop.save(flow, f"[{number}]")
        db.run_now(_age_revisions, 61)

    assert shop.revisions(flow) == [9, 8, 5, 4, 3, 2, 1]


def _as_before(tx: Transaction) -> None:
    tx.execute("UPDATE flow_revisions SET pinned = NULL")


@pytest.mark.parametrize(
    "text",
    ["\ufeff" + json.dumps({"a": "é𝄞" * 500}, ensure_ascii=False), '{"a":1}', " [1, 2]\r\n" * 1],
    ids=["long", "short", "blanks"],
)
def test_a_text_is_kept_exactly_and_a_clone_and_a_restored_one_are_the_same(
    db: Database, text: str
) -> None:
    shop = Shop(db)
    flow = shop.create("One", text)
    shop.save(flow, "[]")
    db.run_now(editing.restore, shop.principal, flow, 1, 2)
    content = Content(name="Clone", categories=["OTHER"], clone_flow_id=flow)
    clone = db.run_now(lifecycle.create, shop.account, shop.channel, content).id

    assert shop.text(flow, 1) == shop.text(flow, 3) == shop.text(clone, 1) == text
    kept = db.read_now(lifecycle.list_revisions, shop.account, shop.channel, flow)
    assert kept[0].sha256 == kept[2].sha256
    assert kept[0].bytes == len(text.encode())
    assert faults(db) == {}


def test_revisions_of_an_earlier_version_are_read_before_and_after_they_are_compressed(
    db: Database,
) -> None:
    shop = Shop(db)
    texts = [json.dumps({"number": n, "text": "long " * (n % 7 * 300)}) for n in range(450)]
    flow_ids = [shop.create(f"Flow {number}", text) for number, text in enumerate(texts)]
    for flow, text in zip(flow_ids, texts, strict=True):
        db.run_now(_as_plain_text, flow, text)
    before = shop.usage

    def read() -> list[str]:
        return [shop.text(flow, 1) for flow in flow_ids]

    assert read() == texts
    done = compact.compress_revisions(db)

    assert read() == texts
    assert 300 < done.revisions < 450
    assert done.after < done.before / 5
    assert shop.usage == before
    assert compact.compress_revisions(db).revisions == 0
    assert faults(db) == {}


def _as_plain_text(tx: Transaction, flow_id: str, text: str) -> None:
    tx.execute(
        "UPDATE flow_revisions SET flow_json = ?, packed = NULL, pinned = NULL WHERE flow_id = ?",
        text,
        flow_id,
    )


def test_a_server_that_starts_puts_its_limits_in_force(tmp_path: Any) -> None:
    with opened(new_sqlite(tmp_path)) as db:
        migrate.upgrade(db)
        assert db.read_now(quotas.limits) == quotas.limits_of(Settings())
        wanted = Limits(
            flows=1,
            stored_bytes=2,
            templates=3,
            phones=4,
            webhooks=5,
            revisions_per_flow=6,
            link_minutes=7,
        )
        db.run_now(quotas.set_limits, wanted)
        assert db.read_now(quotas.limits) == wanted
