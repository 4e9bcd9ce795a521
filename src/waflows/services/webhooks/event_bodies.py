"""Bodies of webhook events about messages and flows, in 8x8's format.

Pure: a message in, JSON-ready data out. To whom they are sent, and when, is decided elsewhere.
"""

from __future__ import annotations

import uuid
from typing import Any

from waflows import times
from waflows.storage.flows import Flow
from waflows.storage.messages import Message, State

_NAMESPACE = "ChatApps"
_CHANNEL = "whatsapp"
_DETAILS: dict[State, str] = {
    "delivered": "delivered_to_recipient",
    "undelivered": "undelivered_to_recipient",
}


def order_key(channel_id: str, msisdn: str) -> str:
    """The key of events that must stay in order: those of a channel about one person."""
    return f"{channel_id} {msisdn}"


def about_message(umid: str) -> str:
    """A piece of text that only events about this message contain."""
    return f'"payload":{{"umid":"{umid}"'


def through(sub_account_id: str) -> str:
    """A piece of text that events about messages of this sub-account contain."""
    return f'"subAccountId":"{sub_account_id}"'


def status_changed(message: Message, state: State, at: int) -> dict[str, Any]:
    """The body for a sent message that reached a new state."""
    status: dict[str, Any] = {"state": state}
    if state in _DETAILS:
        status["detail"] = _DETAILS[state]
    payload: dict[str, Any] = {"umid": message.umid}
    if message.client_message_id is not None:
        payload["clientMessageId"] = message.client_message_id
    payload |= {
        "subAccountId": message.sub_account_id,
        "channel": _CHANNEL,
        "user": _user(message.msisdn),
        "status": {**status, "timestamp": times.hundredths(at)},
    }
    return {
        "namespace": _NAMESPACE,
        "eventType": "outbound_message_status_changed",
        "description": "ChatApps outbound message delivery receipt",
        "payload": payload,
    }


def received(message: Message, name: str) -> dict[str, Any]:
    """The body for a text or an answer of a person; `name` is their display name."""
    if message.kind == "text":
        kind, content = "Text", _text(message.bubble.body)
    else:
        kind, content = "Interactive", _nfm_reply(message.bubble.response)
    payload: dict[str, Any] = {
        "umid": message.umid,
        "subAccountId": message.sub_account_id,
        "timestamp": times.hundredths(message.created_at),
        "user": _user(message.msisdn) | ({"name": name} if name else {}),
        "recipient": {"channel": _CHANNEL, "channelId": message.channel_id},
        "type": kind,
        "content": content,
    }
    if message.reply_to is not None:
        payload["replyToUmid"] = message.reply_to
    return {
        "namespace": _NAMESPACE,
        "eventType": "inbound_message_received",
        "description": "ChatApps inbound message",
        "payload": payload,
    }


def flow_status_changed(flow: Flow, before: str | None) -> dict[str, Any]:
    """The body for a created, published or deprecated flow; `before` is None for a new one.

    The envelope is that of 8x8's events about templates; its content is Meta's about flows.
    """
    what = (
        f"changed status from {before} to {flow.status}"
        if before
        else f"has been created with {flow.status} status"
    )
    return {
        "eventId": str(uuid.uuid4()),
        "timestamp": times.hundredths(flow.updated_at),
        "provider": "WhatsApp",
        "accountId": flow.account_id,
        "eventType": "flow_status_update",
        "eventDetails": {
            "channelId": flow.channel_id,
            "flowId": flow.id,
            "message": f"Flow {flow.name} {what}",
            **({"oldStatus": before} if before else {}),
            "newStatus": flow.status.value,
        },
    }


def _text(text: str) -> dict[str, Any]:
    return {"text": text}


def _nfm_reply(response_json: str) -> dict[str, Any]:
    return {"interactive": {"type": "nfmReply", "nfmReply": {"responseJson": response_json}}}


def _user(msisdn: str) -> dict[str, str]:
    return {"msisdn": msisdn, "channelUserId": msisdn.removeprefix("+")}
