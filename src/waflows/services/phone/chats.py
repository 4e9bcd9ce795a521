"""The chat of a simulated phone, as the API and the console show it."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waflows import times
from waflows.storage.messages import Message


class ChatFlow(msgspec.Struct, frozen=True, rename="camel"):
    """The flow that a message carries; `answer_umid` is the message that completed it."""

    flow_id: str
    button: str
    answer_umid: str | None


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message of the chat. `response_json` is the answer of a completed flow, as in webhooks.

    `state` is the delivery state of a message to the user.
    """

    umid: str
    direction: str
    kind: str
    body: str
    header: str | UnsetType = UNSET
    footer: str | UnsetType = UNSET
    flow: ChatFlow | UnsetType = UNSET
    response_json: str | UnsetType = UNSET
    reply_to_umid: str | UnsetType = UNSET
    state: str
    timestamp: str


class Chat(msgspec.Struct, frozen=True):
    """The chat of a phone with the channel, oldest message first."""

    messages: list[ChatMessage]


def show_chat(found: list[Message]) -> Chat:
    """The messages as they are shown."""
    return Chat([_show(message) for message in found])


def _show(message: Message) -> ChatMessage:
    bubble, flow = message.bubble, message.flow
    header = bubble.header
    return ChatMessage(
        umid=message.umid,
        direction=message.direction,
        kind=message.kind,
        body=bubble.body,
        header=UNSET if header is None else header.text or header.link,
        footer=bubble.footer or UNSET,
        flow=UNSET if flow is None else ChatFlow(flow.id, bubble.button, message.answer_umid),
        response_json=bubble.response or UNSET,
        reply_to_umid=message.reply_to or UNSET,
        state=message.state,
        timestamp=times.iso(message.created_at),
    )
