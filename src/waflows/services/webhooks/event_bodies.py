"""What webhooks say of messages and flows: whole bodies, as 8x8 writes them.

Pure: a message in, JSON-ready data out. Who is told, and when, is not known here.
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
    """What must stay in order: a channel's events about one person."""
    return f"{channel_id} {msisdn}"


def about_message(umid: str) -> str:
    """What stands in the text of an event about this message, and in no other."""
    return f'"payload":{{"umid":"{umid}"'


def through(sub_account_id: str) -> str:
    """What stands in the text of an event about a message of this sub-account."""
    return f'"subAccountId":"{sub_account_id}"'


def status_changed(message: Message, state: State, at: int) -> dict[str, Any]:
    """A sent message came to a new state."""
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
    """A person wrote a text, or finished a flow; `name` is what they call themselves."""
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
    """A flow was made, published or deprecated; `before` is its earlier status, None when new.

    The envelope is that of 8x8's notices on templates; within it stands what Meta says of a flow.
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
