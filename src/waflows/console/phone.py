"""The simulated phone as a page: the chat of a made-up user, and the flows they open in it.

The page draws what it is told and posts what the user does; where a flow stands is kept by the
server, so a page that is loaded again goes on. What is sent goes the way of a real answer.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import msgspec

from waflows.console import shell
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.services import msisdn
from waflows.services.phone import phone_page as page_of_phone
from waflows.services.phone import phone_play, phones
from waflows.services.phone.chats import Chat, show_chat
from waflows.services.phone.phone_play import Phone

HOME = "/console/phone"
SOMEBODY = "+12025550123"
"""The user whose phone is shown at first: a number of those set aside for stories."""

_PHONE = f"{HOME}/{{channelId}}/{{msisdn}}"


class PhoneQuery(msgspec.Struct, frozen=True):
    """Whose phone, and of which channel; empty for the first there is."""

    channel: str = ""
    msisdn: str = ""


class SayBody(msgspec.Struct, frozen=True, kw_only=True):
    """A text that the user writes, and the name they use."""

    text: str
    name: str = ""


class OpenBody(msgspec.Struct, frozen=True, kw_only=True):
    """The message whose button is tapped."""

    umid: str | None = None


class Said(msgspec.Struct, frozen=True):
    """The message that was written."""

    umid: str


class SendBody(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that the business sends to the user."""

    flow: str
    body: str
    button: str


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to the open flow. Without an event, the request it waits for is made.

    `state` is what the page believes; the server knows better and does not read it.
    """

    event: dict[str, Any] | None = None
    state: Any = None
    live: bool = False


async def phone_page(call: Call[PhoneQuery, None]) -> Reply:
    """The page."""
    number = msisdn.normalised(call.query.msisdn or SOMEBODY)
    found = await call.state.db.read(page_of_phone.find_page, call.principal, call.query.channel)
    if found is None:
        return shell.show(call, "phone_without_channel.html", "phone")
    path = HOME + "/" + "/".join(quote(part, safe="") for part in (found.channel.id, number))
    return shell.show(call, "phone.html", "phone", found=found, msisdn=number, path=path)


async def messages(call: Call[NoQuery, None]) -> Reply:
    """The chat; with an ETag, so that looking for news costs next to nothing."""
    phone = _phone(call)
    found = await call.state.db.read(phones.chat, *phone.names)
    body = msgspec.json.encode(show_chat(found))
    etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    return Reply(body, headers={"Cache-Control": "private, no-cache", "ETag": etag})


async def look(call: Call[NoQuery, None]) -> Reply:
    """The chat, looked at."""
    phone = _phone(call)
    return Reply(show_chat(await call.state.db.run(phones.look, *phone.names)))


async def say(call: Call[NoQuery, SayBody]) -> Reply:
    """A text of the user."""
    phone = _phone(call)
    umid = await call.state.db.run(phones.say, *phone.names, call.body.text, call.body.name)
    return Reply(Said(umid))


async def send(call: Call[NoQuery, SendBody]) -> Reply:
    """A flow of the business, sent to the user."""
    phone = _phone(call)
    body = call.body
    umid = await call.state.db.run(
        page_of_phone.send_flow,
        call.principal,
        phone.channel_id,
        phone.msisdn,
        flow_id=body.flow,
        body=body.body,
        button=body.button,
    )
    return Reply(Said(umid))


async def open_flow(call: Call[NoQuery, OpenBody]) -> Reply:
    """The button of a flow message, tapped."""
    return Reply(await phone_play.open_sheet(_phone(call), call.body.umid))


async def event(call: Call[NoQuery, EventBody]) -> Reply:
    """Something that happened to the open flow."""
    return Reply(await phone_play.happen(_phone(call), call.body.event))


def _phone(call: Call[Any, Any]) -> Phone:
    page_of_phone.require_channel(call.principal, call.channel_id)
    state = call.state
    return Phone(state.outside, state.player, call.account_id, call.channel_id, call.path["msisdn"])


ROUTES: list[Route] = [
    Route(method="GET", path=HOME, handler=phone_page, scope=Scope.READ, tag="Console",
          name="consolePhone", summary="A made-up user's phone", query=PhoneQuery,
          whole_channel=True, uncovered=True, documented=False),
    Route(method="GET", path=f"{_PHONE}/messages", handler=messages, scope=Scope.READ,
          tag="Console", name="consolePhoneMessages", summary="The chat", answers=Chat,
          whole_channel=True, uncovered=True, documented=False),
    Route(method="POST", path=f"{_PHONE}/look", handler=look, scope=Scope.WRITE, tag="Console",
          name="consolePhoneLook", summary="Looks at the chat", answers=Chat,
          whole_channel=True, uncovered=True, documented=False),
    Route(method="POST", path=f"{_PHONE}/say", handler=say, scope=Scope.WRITE, tag="Console",
          name="consolePhoneSay", summary="Writes a text", body=SayBody, answers=Said,
          whole_channel=True, uncovered=True, documented=False),
    Route(method="POST", path=f"{_PHONE}/send", handler=send, scope=Scope.WRITE, tag="Console",
          name="consolePhoneSend", summary="Sends a flow to the user", body=SendBody,
          answers=Said, whole_channel=True, uncovered=True, documented=False),
    Route(method="POST", path=f"{_PHONE}/open", handler=open_flow, scope=Scope.WRITE,
          tag="Console", name="consolePhoneOpen", summary="Opens a flow", body=OpenBody,
          whole_channel=True, uncovered=True, documented=False),
    Route(method="POST", path=f"{_PHONE}/events", handler=event, scope=Scope.WRITE,
          tag="Console", name="consolePhoneEvent", summary="Plays the open flow", body=EventBody,
          max_body=limits.PLAYED_STATE,
          whole_channel=True, uncovered=True, documented=False),
]  # fmt: skip
