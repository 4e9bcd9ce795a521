"""The simulated phone: what a simulated user of a channel does, and its effects on messages.

A phone is a number; it exists as soon as a message is sent to or from it. Messages reach it at once
and are read when its chat is viewed, and a completed flow is answered as a real one. One flow is
open at a time; its state is stored here, so that a test sends only gestures. Everything done on a
phone locks its conversation first, as sending to it does: so all events of one user are in one
order, and there are no deadlocks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows import runtime, times
from waflows.errors import FlowAnswered, InvalidParameter, NotFound, OvertakenStep
from waflows.runtime import Open
from waflows.services import clock, msisdn
from waflows.services.accounts import quotas
from waflows.services.accounts.accounts import Principal
from waflows.services.flows import lifecycle
from waflows.services.messages import conversations
from waflows.services.messages.conversations import Sent
from waflows.services.messages.outgoing import Outgoing
from waflows.services.names import is_printable
from waflows.storage import messages
from waflows.storage import phones as store
from waflows.storage.database import Transaction
from waflows.storage.messages import Message, SentFlow
from waflows.storage.phones import Session

NAME_LENGTH = 100


class Playing(msgspec.Struct, frozen=True):
    """A flow on a phone: the session, its state, and the flow as its message carries it."""

    session: Session
    state: runtime.State
    flow: SentFlow


def send(tx: Transaction, principal: Principal, sub_account_id: str, wanted: Outgoing) -> Sent:
    """`conversations.send`, with delivery to the phone at once.

    The result is that of the request, so it says queued.
    """
    sent = conversations.send(tx, principal, sub_account_id, wanted)
    conversations.set_receipt(tx, principal.account_id, sent.umid, "sent")
    conversations.set_receipt(tx, principal.account_id, sent.umid, "delivered")
    return sent


def chat(tx: Transaction, account_id: str, channel_id: str, number: str) -> list[Message]:
    """The phone's chat with the channel, oldest message first; raises NotFound (channel)."""
    lifecycle.require_channel(tx, account_id, channel_id)
    return conversations.chat(tx, account_id, channel_id, number)


def look(tx: Transaction, account_id: str, channel_id: str, number: str) -> list[Message]:
    """The user views the chat, which marks messages as read; returns the chat."""
    _read(tx, account_id, channel_id, number)
    return chat(tx, account_id, channel_id, number)


def say(
    tx: Transaction, account_id: str, channel_id: str, number: str, text: str, name: str = ""
) -> str:
    """The user views the chat and writes a text; returns the id of the message.

    Raises NotFound (channel), InvalidMessage (text), InvalidParameter (name).
    """
    if name and (len(name) > NAME_LENGTH or not is_printable(name)):
        raise InvalidParameter(f"name must be at most {NAME_LENGTH} printable characters.")
    _read(tx, account_id, channel_id, number)
    return conversations.receive_text(tx, account_id, channel_id, number, text, name)


def find_flow(
    tx: Transaction, account_id: str, channel_id: str, number: str, umid: str | None
) -> tuple[str, SentFlow]:
    """A message of the chat that carries a flow: by default the newest one not completed.

    Raises NotFound if there is none, FlowAnswered for one that was completed already.
    """
    lifecycle.require_channel(tx, account_id, channel_id)
    person = msisdn.normalised(number)
    if umid is None:
        umid = store.newest_unanswered(tx, account_id, channel_id, person)
        if umid is None:
            raise NotFound("The chat has no message with a flow to open.")
    message = messages.find(tx, account_id, umid)
    if (
        message is None
        or message.flow is None
        or (message.channel_id, message.msisdn) != (channel_id, person)
    ):
        raise _no_message(umid)
    if message.answer_umid is not None:
        raise FlowAnswered(f"The flow of message {message.umid} was already completed.")
    return message.umid, message.flow


def opening(flow: SentFlow) -> Open:
    """What happens when the button of a message is tapped."""
    navigates = flow.action == "navigate"
    return Open(
        action=flow.action,
        screen=flow.screen if navigates else "",
        data=flow.data if navigates else None,
        flow_token=flow.token,
        today=times.iso(clock.now_ms())[:10],
    )


def begin(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    number: str,
    umid: str,
    state: runtime.State,
) -> str | None:
    """Stores a flow as the open one on the phone; otherwise like `advance`.

    Raises NotFound when the message was deleted in the meantime.
    """
    person = msisdn.normalised(number)
    _read(tx, account_id, channel_id, person)
    if messages.find(tx, account_id, umid) is None:
        raise _no_message(umid)
    size = store.begin(tx, account_id, channel_id, person, umid, _text(state))
    answer = _answered(tx, account_id, umid, state)
    quotas.take_content(tx, size)
    return answer


def playing(tx: Transaction, account_id: str, channel_id: str, number: str) -> Playing:
    """What the phone shows; raises NotFound if no flow was opened."""
    lifecycle.require_channel(tx, account_id, channel_id)
    session = store.find(tx, account_id, channel_id, msisdn.normalised(number))
    if session is None:
        raise NotFound("No flow is open on this phone: open one first.")
    message = messages.find(tx, account_id, session.message_umid)
    assert message is not None, "a session ends with its message"
    assert message.flow is not None, "only a flow is opened"
    return Playing(session, msgspec.json.decode(session.state, type=runtime.State), message.flow)


def advance(tx: Transaction, session: Session, state: runtime.State) -> str | None:
    """Stores a step, and the answer if it completed the flow; returns the answer's id or None.

    Both or neither are stored. Raises OvertakenStep when another step came first.
    """
    messages.lock_conversation(tx, session.account_id, session.channel_id, session.msisdn)
    size = store.advance(tx, session, _text(state))
    if size is None:
        raise OvertakenStep
    answer = _answered(tx, session.account_id, session.message_umid, state)
    quotas.take_content(tx, size)
    return answer


def _read(tx: Transaction, account_id: str, channel_id: str, number: str) -> None:
    """Marks the messages to the phone as read."""
    lifecycle.require_channel(tx, account_id, channel_id)
    person = msisdn.normalised(number)
    messages.lock_conversation(tx, account_id, channel_id, person)
    for umid in store.unread(tx, account_id, channel_id, person):
        conversations.set_receipt(tx, account_id, umid, "read")


def _answered(tx: Transaction, account_id: str, umid: str, state: runtime.State) -> str | None:
    response: dict[str, Any] | None = state.response
    if response is None:
        return None
    return conversations.receive_answer(tx, account_id, umid, response)


def _no_message(umid: str) -> NotFound:
    return NotFound(f"Message not found: the chat has no message {umid[:64]} with a flow.")


def _text(state: runtime.State) -> str:
    return msgspec.json.encode(state).decode()
