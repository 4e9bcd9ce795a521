"""Sending messages and reading their status: /api/v1/subaccounts/{subAccountId}/messages."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows import times
from waflows.api import paths
from waflows.api.eightbyeight.message_bodies import MessageBody, outgoing
from waflows.errors import InvalidParameter
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services import msisdn
from waflows.services.accounts import sub_accounts
from waflows.services.accounts.accounts import Principal
from waflows.services.messages import conversations, flow_tokens
from waflows.services.phone import phones
from waflows.storage.messages import Message
from waflows.storage.sub_accounts import SubAccount

_CONTENT_TYPES = {"text": "Text", "interactive": "Interactive", "template": "Template"}
_MASKED = "**MASKED**"

_Umid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
_Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class MessageUser(msgspec.Struct, frozen=True):
    """The person a message is to or from."""

    msisdn: str


class MessageStatus(msgspec.Struct, frozen=True):
    """The status of a message, and since when."""

    state: str
    timestamp: _Moment


class SentAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A message was accepted."""

    umid: _Umid
    user: MessageUser
    status: MessageStatus
    client_message_id: str | UnsetType = UNSET


class MessageDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One message, with its content and the person's number masked."""

    umid: str
    sub_account_id: str
    channel: str = "WhatsApp"
    channel_id: str
    direction: str
    status: MessageStatus
    user: MessageUser
    content_type: str
    content: str = _MASKED
    created_at: str
    client_message_id: str | UnsetType = UNSET
    step: int = 1


class FoundMessages(msgspec.Struct, frozen=True):
    """The message, once for each channel that was tried; here there is one."""

    data: list[MessageDetails]


class TokenBody(msgspec.Struct, frozen=True, rename="camel"):
    """A flow token, from an answer or an endpoint's request."""

    flow_token: str


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a flow token says. All fields but `state` are present only for a genuine token."""

    state: Literal["genuine", "forged", "foreign"]
    flow_id: str | UnsetType = UNSET
    revision: int | UnsetType = UNSET
    umid: _Umid | UnsetType = UNSET
    sub_account_id: str | UnsetType = UNSET
    channel_id: str | UnsetType = UNSET
    user: MessageUser | UnsetType = UNSET


async def reach(call: Call[NoQuery, None]) -> SubAccount:
    """Finds the sub-account that sends; raises WrongAccount for one the key cannot use."""
    return await call.state.db.read(sub_accounts.reached, call.principal, call.path["subAccountId"])


async def send_message(call: Call[NoQuery, MessageBody]) -> Reply:
    """Sends one message to one person.

    A text or a flow can be sent within 24 hours of the person's last message, a template at any
    time.
    """
    # Without the simulated phone nothing delivers the message.
    take = phones.send if call.state.settings.simulated_phone else conversations.send
    sent = await call.state.db.run(
        take, call.principal, call.path["subAccountId"], outgoing(call.body)
    )
    return Reply(
        SentAnswer(
            sent.umid,
            _user(call.principal, sent.msisdn),
            MessageStatus(sent.state, times.hundredths(sent.at)),
            sent.client_message_id or UNSET,
        )
    )


async def get_message(call: Call[NoQuery, None]) -> Reply:
    """Returns the status of a message.

    Its content and the last digits of the person's number are masked.
    """
    try:
        umid = str(uuid.UUID(call.path["umid"]))
    except ValueError:
        raise InvalidParameter(
            "umid must be a UUID, as returned when the message was sent."
        ) from None
    found = await call.state.db.read(
        conversations.get_message, call.principal, call.path["subAccountId"], umid
    )
    return Reply(FoundMessages([_shown(found)]))


async def read_flow_token(call: Call[NoQuery, TokenBody]) -> Reply:
    """Reads a flow token that waflows issued.

    It says for which flow, message and person the token was issued, and distinguishes a token that
    was altered or made up from one that a client chose itself.
    """
    reading = await call.state.db.read(flow_tokens.read, call.principal, call.body.flow_token)
    message = reading.message
    if message is None or message.flow is None:
        return Reply(TokenAnswer(state=reading.state))
    return Reply(
        TokenAnswer(
            state=reading.state,
            flow_id=message.flow.id,
            revision=message.flow.revision,
            umid=message.umid,
            sub_account_id=message.sub_account_id,
            channel_id=message.channel_id,
            user=_user(call.principal, message.msisdn),
        )
    )


def _user(principal: Principal, number: str) -> MessageUser:
    return MessageUser(msisdn.covered(number) if principal.masked else number)


def _shown(message: Message) -> MessageDetails:
    return MessageDetails(
        umid=message.umid,
        sub_account_id=message.sub_account_id,
        channel_id=message.channel_id,
        direction=message.direction,
        status=MessageStatus(message.state, times.hundredths(message.state_at)),
        user=MessageUser(msisdn.covered(message.msisdn)),
        content_type=_CONTENT_TYPES[message.kind],
        created_at=times.hundredths(message.created_at),
        client_message_id=message.client_message_id or UNSET,
    )


_messages = RouteGroup(f"{paths.SUB_ACCOUNT}/messages", tag="Messages")
_tokens = RouteGroup(paths.ACCOUNT, tag="Messages (extension)")
ROUTES: list[Route] = [
    _messages.post(
        "",
        send_message,
        "Send a message",
        body=MessageBody,
        max_body=limits.MESSAGE,
        access=reach,
        answers=SentAnswer,
        limited=False,
        more_statuses=(501,),
    ),
    _messages.get("/{umid}", get_message, "Show a message's status", answers=FoundMessages),
    _tokens.post(
        "/flowTokens:read",
        read_flow_token,
        "Read a flow token that waflows issued",
        scope=Scope.READ,
        body=TokenBody,
        answers=TokenAnswer,
        limited=False,
    ),
]
