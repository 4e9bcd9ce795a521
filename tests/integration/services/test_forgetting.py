"""What a person sent is forgotten wherever it lies: as answer, as message, as waiting event."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from harness.contents import faults, rows_of
from harness.flow_json import VALID
from harness.principals import unlimited

from waflows.errors import Conflict, NotFound
from waflows.security.vault import Vault
from waflows.services import clock
from waflows.services.accounts import accounts, quotas, sub_accounts
from waflows.services.flows import lifecycle, texts
from waflows.services.flows.lifecycle import Content
from waflows.services.messages import conversations
from waflows.services.messages.outgoing import FlowContent, Outgoing
from waflows.services.submissions import forgetting, submissions
from waflows.services.webhooks import deliveries, subscriptions
from waflows.services.webhooks.subscriptions import Wanted
from waflows.storage import messages, outbox, phones
from waflows.storage.database import Database, Transaction
from waflows.storage.outbox import Delivery, DeliveryState
from waflows.storage.submissions import Selection

INES, RUI = "+351910000001", "+351910000002"
EVERYTHING = Selection()


class Business:
    """An account whose two channels talk to people, with a webhook for all that happens."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.account_id = db.run_now(accounts.create_account, "Business").id
        vault = Vault(bytes(32))
        wanted = [Wanted(sub_account_id="*", url="https://hooks.example/x", type="MSG")]
        db.run_now(subscriptions.configure, vault, self.account_id, wanted)
        self.principal = unlimited(self.account_id)
        for channel in ("one", "two"):
            db.run_now(accounts.create_channel, self.account_id, channel, channel)
            db.run_now(sub_accounts.create_sub_account, self.account_id, f"sub-{channel}", channel)

    def ask(self, channel: str, person: str, secret: str) -> str:
        """Sends a flow and has it answered with a secret in it; the message's id."""
        content = Content(
            name=secret,
            categories=["OTHER"],
            flow_json=texts.check_now(VALID),
            publish=True,
        )
        flow = self.db.run_now(lifecycle.create, self.account_id, channel, content)
        self.db.run_now(
            conversations.receive_text,
            self.account_id,
            channel,
            person,
            f"{secret} text",
            f"{secret}s",
        )
        wanted = Outgoing(
            msisdn=person,
            content=FlowContent(flow_id=flow.id, button="Go", body="Hello"),
        )
        sent = self.db.run_now(conversations.send, self.principal, f"sub-{channel}", wanted)
        self.db.run_now(
            conversations.receive_answer, self.account_id, sent.umid, {"answer": f"{secret} answer"}
        )
        return sent.umid

    def submissions(self) -> list[str]:
        page = self.db.read_now(submissions.list_page, self.account_id, EVERYTHING, None, 100)
        return [each.id for each in page.submissions]

    def everything(self, but_for: tuple[str, ...] = ()) -> str:
        """All rows of the account as text, without some tables."""
        rows: dict[str, Any] = rows_of(self.db, self.account_id)
        return str({table: found for table, found in rows.items() if table not in but_for})


def _forget_person(business: Business, reach: Selection) -> forgetting.Forgotten:
    db, account = business.db, business.account_id
    said = db.run_now(forgetting.forget_conversations_with, account, INES, reach)
    answers = db.run_now(forgetting.forget_submissions_of, account, INES, reach)
    assert db.run_now(forgetting.forget_submissions_of, account, INES, reach) == 0
    return forgetting.Forgotten(answers, said.messages, said.events)


def test_nothing_of_a_person_is_left_and_nothing_of_others_is_gone(db: Database) -> None:
    business = Business(db)
    business.ask("one", INES, "crimson")
    business.ask("two", INES, "azure")
    business.ask("one", RUI, "emerald")
    names = ("flows", "flow_revisions")

    forgotten = _forget_person(business, EVERYTHING)

    # Of each: a text, the flow, its answer; two events about these.
    assert forgotten == forgetting.Forgotten(submissions=2, messages=6, events=4)
    left = business.everything(but_for=names)
    assert "crimson" not in left
    assert "azure" not in left
    # A lane whose deliveries are gone goes with the next look of whoever delivers.
    assert INES not in business.everything(but_for=(*names, "webhook_lanes"))
    for kept in ("emerald text", "emerald answer", "emeralds"):
        assert kept in left
    assert len(business.submissions()) == 1
    assert faults(db) == {}


def test_a_key_limited_to_a_channel_forgets_there_alone(db: Database) -> None:
    business = Business(db)
    business.ask("one", INES, "crimson")
    business.ask("two", INES, "azure")

    forgotten = _forget_person(business, Selection(channel_ids=frozenset({"one"})))

    assert forgotten == forgetting.Forgotten(submissions=1, messages=3, events=2)
    left = business.everything(but_for=("flows", "flow_revisions"))
    assert "crimson answer" not in left
    assert "azure answer" in left


def test_a_key_limited_to_a_sub_account_forgets_what_was_said_through_it(db: Database) -> None:
    business = Business(db)
    business.ask("one", INES, "crimson")
    business.ask("two", INES, "azure")
    reach = Selection(channel_ids=frozenset({"one", "two"}), sub_account_ids=frozenset({"sub-one"}))

    forgotten = _forget_person(business, reach)

    assert forgotten == forgetting.Forgotten(submissions=1, messages=3, events=2)
    left = business.everything(but_for=("flows", "flow_revisions"))
    assert "crimson" not in left
    assert "azure answer" in left
    assert db.read_now(messages.channels_with, business.account_id, INES) == ["two"]


def test_one_submission_is_forgotten_with_what_its_message_brought(db: Database) -> None:
    business = Business(db)
    umid = business.ask("one", INES, "crimson")
    [kept] = business.submissions()
    # The phone still shows what was typed.
    typed = '{"answer": "crimson answer"}'
    db.run_now(_open_flow, business.account_id, "one", INES, umid, typed)

    db.run_now(forgetting.forget_submission, business.account_id, kept, EVERYTHING)

    assert business.submissions() == []
    assert "crimson answer" not in business.everything()
    # That it was answered stays known: an answer that comes again is not kept after all.
    assert faults(db) == {}
    again = {"answer": "once more"}
    db.run_now(conversations.receive_answer, business.account_id, umid, again)
    assert business.submissions() == []
    with pytest.raises(NotFound):
        db.run_now(forgetting.forget_submission, business.account_id, kept, EVERYTHING)


def _open_flow(tx: Transaction, *flow: str) -> None:
    quotas.take_content(tx, phones.begin(tx, *flow))


@pytest.mark.parametrize("state", list(DeliveryState))
def test_an_event_of_any_state_loses_its_content_and_is_not_sent(
    db: Database, state: DeliveryState
) -> None:
    business = Business(db)
    business.ask("one", INES, "crimson")
    account = business.account_id
    [answer, text] = _deliveries(business)
    db.run_now(outbox.settle, [_as_tried(answer, state), _as_tried(text, state)])
    [kept] = business.submissions()

    db.run_now(forgetting.forget_submission, account, kept, EVERYTHING)

    forgotten, other = _deliveries(business)
    assert "crimson text" in other.body
    assert (forgotten.body, forgotten.order_key, forgotten.attempts) == ("", "", [])
    assert forgotten.state is (
        DeliveryState.DELIVERED if state is DeliveryState.DELIVERED else DeliveryState.DEAD
    )
    assert other.state is state
    with pytest.raises(Conflict, match="deleted"):
        db.run_now(deliveries.replay, account, forgotten.id, None)
    again = db.run_now(deliveries.replay_dead, account, "*", "MSG", clock.now_ms() + 1, 10)
    assert again == (state is DeliveryState.DEAD)


def test_an_event_that_was_being_put_back_into_the_queue_stays_forgotten(db: Database) -> None:
    business = Business(db)
    business.ask("one", INES, "crimson")
    read_before = _deliveries(business)[0]
    [kept] = business.submissions()
    db.run_now(forgetting.forget_submission, business.account_id, kept, EVERYTHING)

    db.run_now(outbox.put, read_before)

    assert _deliveries(business)[0].state is DeliveryState.DEAD


def _deliveries(business: Business) -> list[Delivery]:
    """The newest first."""
    everything = outbox.Wanted()
    return business.db.read_now(outbox.listed, business.account_id, everything, 10)


def _as_tried(delivery: Delivery, state: DeliveryState) -> Delivery:
    """As it is after a try whose answer repeated what was sent."""
    now = clock.now_ms()
    echo = outbox.Attempt(now, 1, 400, "The webhook answered 400.", delivery.body[:200])
    return msgspec.structs.replace(
        delivery,
        state=state,
        attempts=[echo],
        settled_at=None if state is DeliveryState.PENDING else now,
    )


def test_what_is_too_old_is_forgotten_in_messages_too(db: Database) -> None:
    business = Business(db)
    business.ask("one", INES, "crimson")

    assert db.run_now(forgetting.forget_old_submissions, business.account_id, 1) == 0
    assert "crimson answer" in business.everything()
    # As if all of it had happened days ago.
    assert db.run_now(forgetting.forget_old_submissions, business.account_id, -1) == 1
    assert "crimson answer" not in business.everything()
    assert "crimson text" in business.everything()
