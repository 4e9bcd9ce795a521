"""Conversations on both engines: receipts, answers, what webhooks are told, and races."""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from harness.flow_json import VALID
from harness.servers import opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waflows.errors import NotFound, OutsideServiceWindow
from waflows.security.vault import Vault
from waflows.services.accounts import accounts, sub_accounts
from waflows.services.flows import lifecycle, texts
from waflows.services.flows.lifecycle import Content
from waflows.services.messages import conversations
from waflows.services.messages.outgoing import FlowContent, Outgoing, TextContent
from waflows.services.submissions import forgetting
from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Wanted
from waflows.storage.database import Database
from waflows.storage.messages import Message, State
from waflows.storage.submissions import Selection

PERSON, CHANNEL, SUB = "+6581234567", "front", "desk"
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\dZ")


class Business:
    """An account with a channel, a sub-account, a published flow, and a webhook for everything."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.account = db.run_now(accounts.create_account, "Harbour Café").id
        db.run_now(accounts.create_channel, self.account, "Front", CHANNEL)
        db.run_now(sub_accounts.create_sub_account, self.account, SUB, CHANNEL)
        self.flow = self.new_flow("Feedback")
        db.run_now(lifecycle.publish, self.account, CHANNEL, self.flow)
        secret = db.run_now(accounts.instance_secret)
        key = db.run_now(accounts.create_key, self.account, "key").text
        self.principal = db.read_now(accounts.authenticate, secret, key)
        wanted = [
            Wanted(sub_account_id="*", url="https://example.org/", type=kind)
            for kind in ("CADR", "MSG", "CABM")
        ]
        db.run_now(subscriptions.configure, Vault(bytes(32)), self.account, wanted)

    def new_flow(self, name: str) -> str:
        """A draft."""
        content = Content(name=name, categories=["OTHER"], flow_json=texts.check_now(VALID))
        return self.db.run_now(lifecycle.create, self.account, CHANNEL, content).id

    def hear(self, text: str = "Hello", name: str = "") -> str:
        """A text of the person's."""
        return self.db.run_now(
            conversations.receive_text, self.account, CHANNEL, PERSON, text, name
        )

    def send(self, **more: Any) -> str:
        """A flow sent to the person."""
        content = FlowContent(flow_id=self.flow, button="Tell us", body="How was it?", **more)
        wanted = Outgoing(msisdn=PERSON, content=content)
        return self.db.run_now(conversations.send, self.principal, SUB, wanted).umid

    def answer(self, umid: str, **response: Any) -> str:
        """The person's answer to a flow."""
        return self.db.run_now(conversations.receive_answer, self.account, umid, response)

    def receipt(self, umid: str, state: State) -> bool:
        """A receipt for a message."""
        return self.db.run_now(conversations.set_receipt, self.account, umid, state)

    def chat(self) -> list[Message]:
        """What was said, oldest first."""
        return self.db.read_now(conversations.chat, self.account, CHANNEL, PERSON)

    def told(self, event_type: str = "") -> list[dict[str, Any]]:
        """The bodies in the outbox, in the order they were written; of one type or of all."""
        rows = self.db.read_now(
            lambda tx: tx.all(
                "SELECT body FROM webhook_deliveries WHERE account_id = ? ORDER BY position, id",
                self.account,
            )
        )
        bodies = [json.loads(row[0]) for row in rows]
        return [body for body in bodies if event_type in {"", body["eventType"]}]

    def submissions(self) -> list[tuple[Any, ...]]:
        """What is kept of answers."""
        return self.db.read_now(
            lambda tx: tx.all(
                "SELECT message_umid, answer_umid, flow_id, flow_revision, msisdn, flow_token,"
                " fields FROM submissions WHERE account_id = ?",
                self.account,
            )
        )


@pytest.fixture
def business(db: Database) -> Business:
    return Business(db)


# --- receiving


def test_a_text_is_kept_and_told_with_the_name_of_the_person(business: Business) -> None:
    umid = business.hear("Hello", name="Ines")

    [event] = business.told("inbound_message_received")
    assert _TIMESTAMP.fullmatch(event["payload"].pop("timestamp"))
    assert event == {
        "namespace": "ChatApps",
        "eventType": "inbound_message_received",
        "description": "ChatApps inbound message",
        "payload": {
            "umid": umid,
            "subAccountId": SUB,
            "user": {"msisdn": PERSON, "channelUserId": "6581234567", "name": "Ines"},
            "recipient": {"channel": "whatsapp", "channelId": CHANNEL},
            "type": "Text",
            "content": {"text": "Hello"},
        },
    }
    business.hear("Again")
    assert business.told("inbound_message_received")[1]["payload"]["user"]["name"] == "Ines"


def test_a_text_is_for_the_sub_account_that_wrote_last(business: Business) -> None:
    business.db.run_now(sub_accounts.create_sub_account, business.account, "night", CHANNEL)
    business.hear()
    text = Outgoing(msisdn=PERSON, content=TextContent("We are open."))

    business.db.run_now(conversations.send, business.principal, "night", text)
    business.hear()

    told = business.told("inbound_message_received")
    assert [event["payload"]["subAccountId"] for event in told] == [SUB, "night"]


def test_an_answer_is_kept_once_and_told_as_8x8_does(business: Business) -> None:
    business.hear(name="Ines")
    asked = business.send()
    opened = business.db.read_now(conversations.opened_flow, business.account, asked)
    assert not opened.answered

    answer = business.answer(asked, rating="great", flow_token=opened.flow_token)

    event = business.told("inbound_message_received")[-1]
    response = json.loads(event["payload"]["content"]["interactive"]["nfmReply"]["responseJson"])
    assert response == {"rating": "great", "flow_token": opened.flow_token}
    assert event["payload"]["umid"] == answer
    assert event["payload"]["replyToUmid"] == asked
    assert event["payload"]["type"] == "Interactive"
    assert event["payload"]["content"]["interactive"]["type"] == "nfmReply"
    assert event["payload"]["user"]["name"] == "Ines"
    [kept] = business.submissions()
    assert kept[:6] == (asked, answer, business.flow, 1, PERSON, opened.flow_token)
    assert json.loads(kept[6]) == {"rating": "great"}
    assert business.db.read_now(conversations.opened_flow, business.account, asked).answered


def test_a_second_answer_to_one_message_gets_the_first_and_changes_nothing(
    business: Business,
) -> None:
    business.hear()
    asked = business.send()
    first = business.answer(asked, rating="great")
    before = business.chat(), business.told(), business.submissions()

    assert business.answer(asked, rating="bad") == first
    assert (business.chat(), business.told(), business.submissions()) == before


def test_an_answer_without_a_usable_token_gets_that_of_its_message(business: Business) -> None:
    business.hear()
    for token in ({}, {"flow_token": 5}, {"flow_token": "a\0b"}):
        business.answer(business.send(token="mine"), **token)

    assert [kept[5] for kept in business.submissions()] == ["mine"] * 3


def test_a_token_that_an_endpoint_chose_is_kept(business: Business) -> None:
    business.hear()

    business.answer(business.send(token="mine"), flow_token="theirs")

    assert business.submissions()[0][5] == "theirs"


def test_an_answer_opens_the_window_anew(business: Business) -> None:
    business.hear()
    asked = business.send()
    business.db.run_now(
        lambda tx: tx.execute(
            "UPDATE conversations SET last_inbound_at = 0 WHERE account_id = ?", business.account
        )
    )

    business.answer(asked)

    business.send()


def test_a_message_that_is_not_there_cannot_be_answered_or_opened(business: Business) -> None:
    for umid in ("", "no-uuid", str(uuid.UUID(int=9))):
        with pytest.raises(NotFound):
            business.answer(umid)
        with pytest.raises(NotFound):
            business.receipt(umid, "read")
        with pytest.raises(NotFound):
            business.db.read_now(conversations.opened_flow, business.account, umid)


def test_a_text_carries_no_flow_and_a_persons_own_message_gets_no_receipt(
    business: Business,
) -> None:
    heard = business.hear()

    with pytest.raises(NotFound):
        business.answer(heard)
    with pytest.raises(NotFound):
        business.receipt(heard, "read")


def test_another_accounts_message_is_not_there(business: Business) -> None:
    business.hear()
    asked = business.send()
    stranger = business.db.run_now(accounts.create_account, "Stranger").id

    uses: list[tuple[Callable[..., object], list[Any]]] = [
        (conversations.opened_flow, []),
        (conversations.set_receipt, ["read"]),
        (conversations.receive_answer, [{}]),
    ]
    for use, more in uses:
        with pytest.raises(NotFound):
            business.db.run_now(use, stranger, asked, *more)


# --- receipts


def test_a_receipt_is_told_as_8x8_does(business: Business) -> None:
    business.hear()
    asked = business.send()

    assert business.receipt(asked, "delivered")

    [event] = business.told("outbound_message_status_changed")
    assert _TIMESTAMP.fullmatch(event["payload"]["status"].pop("timestamp"))
    assert event == {
        "namespace": "ChatApps",
        "eventType": "outbound_message_status_changed",
        "description": "ChatApps outbound message delivery receipt",
        "payload": {
            "umid": asked,
            "subAccountId": SUB,
            "channel": "whatsapp",
            "user": {"msisdn": PERSON, "channelUserId": "6581234567"},
            "status": {"state": "delivered", "detail": "delivered_to_recipient"},
        },
    }


_RANK: dict[State, int] = {"queued": 0, "sent": 1, "delivered": 2, "read": 3}


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.sampled_from(["sent", "delivered", "read", "undelivered", "failed"])))
def test_a_state_never_goes_back_and_each_step_is_told_once(
    business: Business, reported: list[State]
) -> None:
    business.hear()
    asked = business.send()

    taken = [state for state in reported if business.receipt(asked, state)]

    told = [
        event["payload"]["status"]["state"]
        for event in business.told("outbound_message_status_changed")
        if event["payload"]["umid"] == asked
    ]
    assert told == taken
    ranks = [_RANK[state] for state in taken if state in _RANK]
    assert ranks == sorted(set(ranks))
    failures = [state for state in taken if state not in _RANK]
    assert failures in ([], taken[-1:])
    assert not failures or all(_RANK[state] < 2 for state in taken[:-1])
    assert business.chat()[-1].state == (taken[-1] if taken else "queued")


# --- flows and their statuses


def test_the_life_of_a_flow_is_told(business: Business) -> None:
    flow = business.new_flow("Rooms")
    business.db.run_now(lifecycle.publish, business.account, CHANNEL, flow)
    business.db.run_now(lifecycle.deprecate, business.account, CHANNEL, flow)

    told = business.told("flow_status_update")

    for event in told:
        assert uuid.UUID(event["eventId"])
        assert _TIMESTAMP.fullmatch(event["timestamp"])
        assert (event["provider"], event["accountId"]) == ("WhatsApp", business.account)
    assert [event["eventDetails"] for event in told] == [
        {"channelId": CHANNEL, "flowId": flow, **details}
        for details in (
            {"message": "Flow Rooms has been created with DRAFT status", "newStatus": "DRAFT"},
            {
                "message": "Flow Rooms changed status from DRAFT to PUBLISHED",
                "oldStatus": "DRAFT",
                "newStatus": "PUBLISHED",
            },
            {
                "message": "Flow Rooms changed status from PUBLISHED to DEPRECATED",
                "oldStatus": "PUBLISHED",
                "newStatus": "DEPRECATED",
            },
        )
    ]


def test_what_is_refused_is_not_told(business: Business) -> None:
    with pytest.raises(NotFound):
        business.db.run_now(lifecycle.publish, business.account, CHANNEL, "1234567890123456")
    assert business.told("flow_status_update") == []


# --- forgetting


def test_of_a_person_who_is_forgotten_nothing_is_left(business: Business) -> None:
    business.hear(name="Ines")
    business.answer(business.send())
    other = "+351910000001"
    business.db.run_now(conversations.receive_text, business.account, CHANNEL, other, "Olá")

    removed = business.db.run_now(
        forgetting.forget_conversations_with, business.account, PERSON, Selection()
    )

    assert removed.messages == 3
    assert business.chat() == []
    left = business.db.read_now(conversations.conversations, business.account, CHANNEL)
    assert [each.msisdn for each in left] == [other]
    with pytest.raises(OutsideServiceWindow):
        business.send()
    business.hear()
    assert [message.position for message in business.chat()] == [1]


# --- races


def _at_once(business: Business, url: str, work: Callable[[Business, int], Any]) -> list[Any]:
    """What eight processes get that do a work at once, as near as threads come to that."""

    def elsewhere(number: int) -> Any:
        with opened(url) as db:
            own = copy.copy(business)
            own.db = db
            return work(own, number)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(elsewhere, range(8)))


def test_of_answers_at_once_to_one_message_one_is_kept(
    business: Business, database_url: str
) -> None:
    business.hear()
    asked = business.send()

    answers = _at_once(business, database_url, lambda own, number: own.answer(asked, number=number))

    assert len(set(answers)) == 1
    [kept] = business.submissions()
    assert kept[1] == answers[0]
    replies = [e for e in business.told() if e.get("payload", {}).get("replyToUmid") == asked]
    assert [reply["payload"]["umid"] for reply in replies] == [answers[0]]
    assert [message.direction for message in business.chat()] == ["inbound", "outbound", "inbound"]


def test_of_the_same_request_at_once_one_message_is_sent(
    business: Business, database_url: str
) -> None:
    business.hear()
    wanted = Outgoing(
        msisdn=PERSON, content=TextContent("We are open."), client_message_id="order-17"
    )

    sent = _at_once(
        business,
        database_url,
        lambda own, _: own.db.run_now(conversations.send, own.principal, SUB, wanted),
    )

    assert len(set(map(msgspec.json.encode, sent))) == 1
    assert len(business.chat()) == 2


def test_of_the_same_receipt_at_once_one_is_told(business: Business, database_url: str) -> None:
    business.hear()
    asked = business.send()

    taken = _at_once(business, database_url, lambda own, _: own.receipt(asked, "read"))

    assert taken.count(True) == 1
    assert len(business.told("outbound_message_status_changed")) == 1


def test_messages_at_once_each_get_a_place_of_their_own(
    business: Business, database_url: str
) -> None:
    _at_once(business, database_url, lambda own, number: own.hear(str(number)))

    assert [message.position for message in business.chat()] == list(range(1, 9))
