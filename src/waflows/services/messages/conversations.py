"""Conversations: what businesses send, what users answer, and the states of messages.

Sending checks a message by the rules of 8x8 and WhatsApp and stores it as queued. The simulated
phone, which delivers messages here, reports back through the functions for receiving. Each
announces its event in the transaction of the change it reports.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any, Literal

import msgspec

from waflows import times
from waflows.errors import Forbidden, InvalidParameter, NotFound, OutsideServiceWindow
from waflows.security import flow_tokens
from waflows.security.flow_tokens import FlowTokenClaim
from waflows.services import clock, msisdn
from waflows.services.accounts import accounts, quotas, sub_accounts
from waflows.services.accounts.accounts import Principal
from waflows.services.messages import bubbles, flow_openings, templates
from waflows.services.messages.outgoing import FlowContent, Outgoing, TemplateContent, TextContent
from waflows.services.submissions import submissions
from waflows.services.webhooks import event_bodies, subscriptions
from waflows.services.webhooks.subscriptions import Event
from waflows.storage import flows as flow_store
from waflows.storage import messages as store
from waflows.storage import sub_accounts as sub_account_store
from waflows.storage.database import Transaction
from waflows.storage.messages import Bubble, Conversation, Kind, Message, SentFlow, State
from waflows.storage.sub_accounts import SubAccount
from waflows.storage.usage import Content, Usage

_ONE_NUMBER = Usage(phones=1)
SERVICE_WINDOW_MS = 24 * 3600 * 1000
"""How long after a user wrote a business may send more than templates."""

_KINDS: dict[type, Kind] = {
    TextContent: "text",
    FlowContent: "interactive",
    TemplateContent: "template",
}
_BEFORE: dict[State, tuple[State, ...]] = {
    "sent": ("queued",),
    "delivered": ("queued", "sent"),
    "read": ("queued", "sent", "delivered"),
    "undelivered": ("queued", "sent"),
    "failed": ("queued", "sent"),
}
"""The states from which each state can be reached; none goes back, and a failure is final."""


class Sent(msgspec.Struct, frozen=True):
    """The result of a request to send. `at` is the time of the state, in ms since the epoch."""

    umid: str
    msisdn: str
    client_message_id: str | None
    state: State
    at: int


class OpenedFlow(msgspec.Struct, frozen=True, kw_only=True):
    """All that a phone needs to open the flow of a message.

    `text` is the Flow JSON of the revision that was sent. `answered` says whether the flow has been
    completed.
    """

    channel_id: str
    msisdn: str
    flow_id: str
    revision: int
    text: str
    endpoint_uri: str | None
    action: str
    screen: str
    data: dict[str, Any]
    flow_token: str
    answered: bool


# --- sending


def send(tx: Transaction, principal: Principal, sub_account_id: str, wanted: Outgoing) -> Sent:
    """Stores a message as queued, or raises why it cannot be sent.

    A repeated request with the same `client_message_id` and content gets the result of the first
    and sends nothing. Raises WrongAccount (sub-account), InvalidMessage, InvalidParameter,
    OutOfRange, NotFound (flow), NotPublished, NotADraft, NotPublishable, OutsideServiceWindow, and
    Forbidden for what would let a masked key guess a number.
    """
    sub_account = sub_accounts.reached(tx, principal, sub_account_id)
    _refuse_guessing(principal, wanted)
    number = msisdn.normalised(wanted.msisdn, wanted.country)
    bubbles.check_client_message_id(wanted.client_message_id)
    # From here on, requests for the same user run one after the other.
    turn = _turn(tx, sub_account.account_id, sub_account.channel_id, number, sub_account.id)
    if principal.masked and turn.last_position > 1:
        # At the limit a new number is refused, so a known one must be refused alike.
        quotas.require_room(tx, sub_account.account_id, _ONE_NUMBER)
    request_key = _request_key(principal, number, wanted)
    if request_key is not None:
        known = store.find_by_request(tx, sub_account.account_id, sub_account.id, request_key)
        if known is not None:
            return _sent(known)
    bubble, flow = _content(tx, principal, sub_account, turn, wanted)
    umid = str(uuid.uuid4())
    if flow is not None and not flow.token:
        claim = FlowTokenClaim(flow.id, flow.revision, umid, number)
        token = flow_tokens.issue(accounts.instance_secret(tx), sub_account.account_id, claim)
        flow = msgspec.structs.replace(flow, token=token)
    if flow is not None:
        flow_store.pin_revision(tx, sub_account.account_id, flow.id, flow.revision)
    now = clock.now_ms()
    message = Message(
        account_id=sub_account.account_id,
        umid=umid,
        channel_id=sub_account.channel_id,
        msisdn=number,
        position=turn.last_position,
        sub_account_id=sub_account.id,
        direction="outbound",
        kind=_KINDS[type(wanted.content)],
        bubble=bubble,
        flow=flow,
        reply_to=_quoted(tx, principal, turn, wanted.reply_to),
        client_message_id=wanted.client_message_id,
        request_key=request_key,
        state="queued",
        state_at=now,
        created_at=now,
    )
    quotas.take_content(tx, store.insert(tx, message))
    return _sent(message)


def get_message(tx: Transaction, principal: Principal, sub_account_id: str, umid: str) -> Message:
    """One message of a sub-account, sent or received; raises WrongAccount, NotFound."""
    sub_account = sub_accounts.reached(tx, principal, sub_account_id)
    found = store.find(tx, sub_account.account_id, umid)
    if found is None or found.sub_account_id != sub_account.id:
        raise _no_message(umid)
    return found


def _refuse_guessing(principal: Principal, wanted: Outgoing) -> None:
    """Raises Forbidden where the response would depend on a user's messages.

    A masked key sees all of a number but its last four digits. Ten thousand attempts would find
    those if one number were answered differently, so a masked key gets the same response for all.
    """
    if not principal.masked:
        return
    if wanted.reply_to is not None:
        raise Forbidden(
            "This API key is masked, so it may not quote a message: context.umid would reveal whose"
            " message it is."
        )
    if not isinstance(wanted.content, TemplateContent):
        raise Forbidden(
            "This API key is masked, so it may send templates only: whether anything else can be"
            " sent would reveal who wrote to this channel."
        )


def _content(
    tx: Transaction,
    principal: Principal,
    sub_account: SubAccount,
    turn: Conversation,
    wanted: Outgoing,
) -> tuple[Bubble, SentFlow | None]:
    content = wanted.content
    if isinstance(content, TemplateContent):
        return templates.filled(tx, sub_account.account_id, sub_account.channel_id, content)
    if isinstance(content, TextContent):
        bubble, flow = bubbles.of_text(content), None
    else:
        bubble = bubbles.of_flow(content)
        opening = flow_openings.Opening(
            content.flow_id, content.mode, content.action, content.screen, content.data
        )
        flow = flow_openings.opened(tx, sub_account.account_id, sub_account.channel_id, opening)
        flow = msgspec.structs.replace(flow, token=content.token or "")
    _require_window(principal, turn)
    return bubble, flow


def _turn(
    tx: Transaction, account_id: str, channel_id: str, number: str, sub_account_id: str
) -> Conversation:
    """The conversation with its next position taken; raises QuotaReached for one too many."""
    turn = store.take_turn(tx, account_id, channel_id, number, sub_account_id)
    if turn.last_position == 1:
        quotas.take(tx, account_id, _ONE_NUMBER)
    return turn


def _require_window(principal: Principal, conversation: Conversation) -> None:
    """Raises OutsideServiceWindow; only keys that see whole chats learn when the user wrote."""
    last = conversation.last_inbound_at
    if last is not None and clock.now_ms() - last < SERVICE_WINDOW_MS:
        return
    if not principal.sees_whole_chats:
        raise OutsideServiceWindow(
            "Outside service window: the person has not written to this channel within the last 24"
            " hours; until they do only a template can be sent."
        )
    if last is None:
        raise OutsideServiceWindow(
            "Outside service window: the person has not written to this channel yet; until then"
            " only a template can be sent."
        )
    raise OutsideServiceWindow(
        f"Outside service window: the person wrote last at {times.iso(last)}, 24 hours ago or"
        " more; until they write again only a template can be sent."
    )


def _request_key(principal: Principal, number: str, wanted: Outgoing) -> str | None:
    """The key by which a repeated request is recognised: its client's id and all its content.

    Requests of a masked key are recognised for that key only. Otherwise repeating another client's
    message with a guessed number would return the id of the first one if the guess is right.
    """
    if wanted.client_message_id is None:
        return None
    asked = msgspec.json.encode(msgspec.structs.replace(wanted, msisdn=number), order="sorted")
    whose = principal.key_id.encode() if principal.masked else b""
    return hashlib.sha256(whose + asked).hexdigest()


def _quoted(
    tx: Transaction, principal: Principal, turn: Conversation, umid: str | None
) -> str | None:
    """The quoted message; one in another conversation or out of the key's reach is unknown."""
    if umid is None:
        return None
    found = store.find(tx, turn.account_id, umid) if _is_uuid(umid) else None
    reach = principal.sub_account_ids
    if (
        found is None
        or (found.channel_id, found.msisdn) != (turn.channel_id, turn.msisdn)
        or (reach is not None and found.sub_account_id not in reach)
    ):
        raise InvalidParameter("context.umid must be a message of this conversation.")
    return found.umid


def _sent(message: Message) -> Sent:
    """The answer to a request to send: what it was when the message was taken."""
    return Sent(
        message.umid, message.msisdn, message.client_message_id, "queued", message.created_at
    )


# --- receiving


def receive_text(
    tx: Transaction, account_id: str, channel_id: str, number: str, text: str, name: str = ""
) -> str:
    """Keeps a text that a person wrote, which opens the service window; the message's id.

    Raises NotFound for an unknown channel, InvalidMessage for a number or text that is none.
    """
    channel = accounts.get_channel(tx, account_id, channel_id)
    bubble = bubbles.of_text(TextContent(text))
    person = msisdn.normalised(number)
    message, size = _received(
        tx, channel.account_id, channel.id, person, "text", bubble, None, name
    )
    quotas.take_content(tx, size)
    return message.umid


def receive_answer(
    tx: Transaction, account_id: str, message_umid: str, response: dict[str, Any]
) -> str:
    """Keeps the answer of a finished flow, once for its message; the id of the answer.

    Called again for the same message, it gives the id of the first answer and changes nothing.
    Raises NotFound for a message that is not there or carries no flow.
    """
    asked = _with_flow(tx, account_id, message_umid)
    flow = asked.flow
    assert flow is not None, "it was looked for"
    # The conversation is locked before its messages, by everyone.
    store.lock_conversation(tx, asked.account_id, asked.channel_id, asked.msisdn)
    umid = str(uuid.uuid4())
    if not store.set_answer(tx, asked.account_id, asked.umid, umid):
        # Another answer came first.
        known = _with_flow(tx, asked.account_id, asked.umid)
        return str(known.answer_umid)
    whole = _with_token(response, flow)
    bubble = Bubble(response=json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
    answer, size = _received(
        tx, asked.account_id, asked.channel_id, asked.msisdn, "interactive", bubble, asked, "", umid
    )
    submissions.record(
        tx,
        submissions.from_answer(
            account_id=asked.account_id,
            channel_id=asked.channel_id,
            sub_account_id=asked.sub_account_id,
            flow_id=flow.id,
            flow_revision=flow.revision,
            message_umid=asked.umid,
            answer_umid=answer.umid,
            msisdn=asked.msisdn,
            response=whole,
        ),
    )
    quotas.take_content(tx, size)
    return umid


def set_receipt(tx: Transaction, account_id: str, umid: str, state: State) -> bool:
    """Notes how far a sent message came; False, without an event, when it was as far already.

    Raises NotFound for a message the account did not send.
    """
    message = store.find(tx, account_id, umid) if _is_uuid(umid) else None
    if message is None or message.direction != "outbound":
        raise _no_message(umid)
    store.lock_conversation(tx, account_id, message.channel_id, message.msisdn)
    now = clock.now_ms()
    if not store.set_state(tx, account_id, umid, state, now, _BEFORE[state]):
        return False
    _announce(tx, message, "CADR", event_bodies.status_changed(message, state, now))
    return True


def opened_flow(tx: Transaction, account_id: str, message_umid: str) -> OpenedFlow:
    """What a phone needs to open the flow of a message.

    Raises NotFound for a message that carries none, and when its flow was deleted.
    """
    message = _with_flow(tx, account_id, message_umid)
    sent = message.flow
    assert sent is not None, "it was looked for"
    flow = flow_store.find_in_account(tx, account_id, sent.id)
    text = flow_store.flow_json(tx, account_id, sent.id, sent.revision)
    if flow is None or text is None:
        raise NotFound(f"The flow of message {message_umid} has been deleted.")
    return OpenedFlow(
        channel_id=message.channel_id,
        msisdn=message.msisdn,
        flow_id=sent.id,
        revision=sent.revision,
        text=text,
        endpoint_uri=flow.endpoint_uri,
        action=sent.action,
        screen=sent.screen,
        data=sent.data,
        flow_token=sent.token,
        answered=message.answer_umid is not None,
    )


def chat(
    tx: Transaction, account_id: str, channel_id: str, number: str, above: int = 0
) -> list[Message]:
    """The messages between a channel and a user above a position, oldest first."""
    return store.chat(tx, account_id, channel_id, msisdn.normalised(number), above=above)


def conversations(tx: Transaction, account_id: str, channel_id: str) -> list[Conversation]:
    """The conversations of a channel, by phone number."""
    return store.conversations_of(tx, account_id, channel_id)


def _received(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    person: str,
    kind: Kind,
    bubble: Bubble,
    answers: Message | None,
    name: str,
    umid: str | None = None,
) -> tuple[Message, Content]:
    """Stores a user's message and announces it; the caller counts its bytes."""
    turn = _turn(tx, account_id, channel_id, person, "")
    now = clock.now_ms()
    store.note_inbound(tx, turn, now, name)
    message = Message(
        account_id=account_id,
        umid=umid or str(uuid.uuid4()),
        channel_id=channel_id,
        msisdn=person,
        position=turn.last_position,
        sub_account_id=answers.sub_account_id if answers else _receiver(tx, turn),
        direction="inbound",
        kind=kind,
        bubble=bubble,
        reply_to=answers.umid if answers else None,
        state="delivered",
        state_at=now,
        created_at=now,
    )
    size = store.insert(tx, message)
    _announce(tx, message, "MSG", event_bodies.received(message, name or turn.name))
    return message, size


def _with_token(response: dict[str, Any], flow: SentFlow) -> dict[str, Any]:
    """The response with a usable flow token: its own, or else that of the message."""
    token = response.get("flow_token")
    usable = isinstance(token, str) and "\0" not in token
    return response if usable else {**response, "flow_token": flow.token}


def _receiver(tx: Transaction, conversation: Conversation) -> str:
    """The sub-account a text is for: the last one that wrote, or else the channel's first."""
    if conversation.sub_account_id:
        return conversation.sub_account_id
    first = sub_account_store.first_of_channel(tx, conversation.account_id, conversation.channel_id)
    return first.id if first else ""


def _with_flow(tx: Transaction, account_id: str, umid: str) -> Message:
    message = store.find(tx, account_id, umid) if _is_uuid(umid) else None
    if message is None or message.flow is None:
        raise _no_message(umid)
    return message


def _announce(
    tx: Transaction, message: Message, kind: Literal["CADR", "MSG"], body: dict[str, Any]
) -> None:
    """Reports to the webhooks of the message's sub-account; events of one user stay in order."""
    order_key = event_bodies.order_key(message.channel_id, message.msisdn)
    event = Event(message.account_id, message.sub_account_id, kind, order_key, body)
    subscriptions.announce(tx, event)


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _no_message(umid: str) -> NotFound:
    return NotFound(f"Message not found: there is no message {umid[:64]}.")
