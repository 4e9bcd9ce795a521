"""The simulated phone: what a made-up user of a channel does, and what that does to messages.

A phone is a number; it is there as soon as something is said to it or by it. Messages reach it
at once, are read when its chat is looked at, and a finished flow goes back the way of a real one.
One flow is open at a time; where it stands is kept here, so that a test sends gestures alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows import runtime
from waflows.errors import FlowAnswered, NotFound, OvertakenStep
from waflows.runtime import Open
from waflows.services import clock, flows, messaging, msisdn
from waflows.services.accounts import Principal
from waflows.services.messaging import OpenedFlow, Sent
from waflows.services.outgoing import Outgoing
from waflows.storage import phones as store
from waflows.storage.database import Transaction
from waflows.storage.messages import Message
from waflows.storage.phones import Session


class Playing(msgspec.Struct, frozen=True):
    """A flow on a phone: the session, where it stands, and the flow of its message."""

    session: Session
    state: runtime.State
    flow: OpenedFlow


def send(tx: Transaction, principal: Principal, sub_account_id: str, wanted: Outgoing) -> Sent:
    """`messaging.send`, and the message's way to the phone: sent and delivered at once.

    The answer is that of the request, so it says queued.
    """
    sent = messaging.send(tx, principal, sub_account_id, wanted)
    messaging.set_receipt(tx, principal.account_id, sent.umid, "sent")
    messaging.set_receipt(tx, principal.account_id, sent.umid, "delivered")
    return sent


def chat(tx: Transaction, account_id: str, channel_id: str, number: str) -> list[Message]:
    """What the phone's chat with the channel holds, oldest first; raises NotFound (channel)."""
    flows.require_channel(tx, account_id, channel_id)
    return messaging.chat(tx, account_id, channel_id, number)


def look(tx: Transaction, account_id: str, channel_id: str, number: str) -> list[Message]:
    """The user looks at the chat: what came is read now. The chat as it is then."""
    found = chat(tx, account_id, channel_id, number)
    news = [each for each in found if each.direction == "outbound" and each.state == "delivered"]
    for message in news:
        messaging.set_receipt(tx, account_id, message.umid, "read")
    return chat(tx, account_id, channel_id, number) if news else found


def say(
    tx: Transaction, account_id: str, channel_id: str, number: str, text: str, name: str = ""
) -> str:
    """The user looks at the chat and writes a text; the id of the message."""
    look(tx, account_id, channel_id, number)
    return messaging.receive_text(tx, account_id, channel_id, number, text, name)


def find_flow(
    tx: Transaction, account_id: str, channel_id: str, number: str, umid: str | None
) -> tuple[str, OpenedFlow]:
    """The flow of a message of the chat, and the message: the newest unanswered one by default.

    Raises NotFound where there is none, FlowAnswered for one that was finished already.
    """
    carrying = [each for each in chat(tx, account_id, channel_id, number) if each.flow]
    if umid is None:
        carrying = [each for each in carrying if each.answer_umid is None]
    else:
        carrying = [each for each in carrying if each.umid == umid]
    if not carrying:
        raise NotFound(
            "The chat has no message with a flow to open."
            if umid is None
            else f"Message not found: the chat has no message {umid[:64]} with a flow."
        )
    message = carrying[-1]
    if message.answer_umid is not None:
        raise FlowAnswered(f"The flow of message {message.umid} was finished already.")
    return message.umid, messaging.opened_flow(tx, account_id, message.umid)


def opening(flow: OpenedFlow) -> Open:
    """What happens when the button of a message is tapped."""
    navigates = flow.action == "navigate"
    return Open(
        action=flow.action,
        screen=flow.screen if navigates else "",
        data=flow.data if navigates else None,
        flow_token=flow.flow_token,
        today=clock.iso(clock.now_ms())[:10],
    )


def begin(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    number: str,
    umid: str,
    state: runtime.State,
) -> str | None:
    """Keeps a flow as open on the phone, in the place of what it showed. The rest as `advance`."""
    person = msisdn.normalised(number)
    look(tx, account_id, channel_id, person)
    store.begin(tx, account_id, channel_id, person, umid, _text(state))
    return _answered(tx, account_id, umid, state)


def playing(tx: Transaction, account_id: str, channel_id: str, number: str) -> Playing:
    """What the phone shows; raises NotFound where no flow was opened."""
    flows.require_channel(tx, account_id, channel_id)
    session = store.find(tx, account_id, channel_id, msisdn.normalised(number))
    if session is None:
        raise NotFound("No flow is open on this phone: open one first.")
    return Playing(
        session,
        msgspec.json.decode(session.state, type=runtime.State),
        messaging.opened_flow(tx, account_id, session.message_umid),
    )


def advance(tx: Transaction, session: Session, state: runtime.State) -> str | None:
    """Keeps a step, and the answer of a flow it finished; the id of the answer, if it did.

    Both or neither are kept. Raises OvertakenStep when another step was quicker.
    """
    if not store.advance(tx, session, _text(state)):
        raise OvertakenStep
    return _answered(tx, session.account_id, session.message_umid, state)


def _answered(tx: Transaction, account_id: str, umid: str, state: runtime.State) -> str | None:
    response: dict[str, Any] | None = state.response
    if response is None:
        return None
    return messaging.receive_answer(tx, account_id, umid, response)


def _text(state: runtime.State) -> str:
    return msgspec.json.encode(state).decode()
