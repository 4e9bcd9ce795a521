"""The simulated phone as a page: the chat of a simulated user, and the flows they open in it.

The page renders what the server returns and posts what the user does. The server keeps the state of
the flow, so a reloaded page continues where it was. A finished flow is handled like a real one.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import msgspec

from waflows.console import shell
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services import msisdn
from waflows.services.phone import phone_page as page_of_phone
from waflows.services.phone import phone_play, phones
from waflows.services.phone.chats import Chat, show_chat
from waflows.services.phone.phone_play import Phone

HOME = "/console/phone"
SOMEBODY = "+12025550123"
"""The user whose phone is shown first: a number reserved for fiction."""


class PhoneQuery(msgspec.Struct, frozen=True):
    """Whose phone to show, and in which channel; empty means the first."""

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

    `state` is the page's copy; the server uses its own.
    """

    event: dict[str, Any] | None = None
    state: Any = None
    live: bool = False


async def phone_page(call: Call[PhoneQuery, None]) -> Reply:
    """Shows the page."""
    number = msisdn.normalised(call.query.msisdn or SOMEBODY)
    found = await call.state.db.read(page_of_phone.find_page, call.principal, call.query.channel)
    if found is None:
        return shell.show(call, "phone_without_channel.html", "phone")
    path = HOME + "/" + "/".join(quote(part, safe="") for part in (found.channel.id, number))
    return shell.show(call, "phone.html", "phone", found=found, msisdn=number, path=path)


async def messages(call: Call[NoQuery, None]) -> Reply:
    """Returns the chat, with an ETag so that polling is cheap."""
    phone = _phone_of(call)
    found = await call.state.db.read(phones.chat, *phone.names)
    body = msgspec.json.encode(show_chat(found))
    etag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    return Reply(body, headers={"Cache-Control": "private, no-cache", "ETag": etag})


async def look(call: Call[NoQuery, None]) -> Reply:
    """Opens the chat, which marks its messages as read."""
    phone = _phone_of(call)
    return Reply(show_chat(await call.state.db.run(phones.look, *phone.names)))


async def say(call: Call[NoQuery, SayBody]) -> Reply:
    """Writes a text as the user."""
    phone = _phone_of(call)
    umid = await call.state.db.run(phones.say, *phone.names, call.body.text, call.body.name)
    return Reply(Said(umid))


async def send(call: Call[NoQuery, SendBody]) -> Reply:
    """Sends a flow to the user as the business."""
    phone = _phone_of(call)
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
    """Taps the button of a flow message."""
    return Reply(await phone_play.open_sheet(_phone_of(call), call.body.umid))


async def event(call: Call[NoQuery, EventBody]) -> Reply:
    """Plays an event in the open flow."""
    return Reply(await phone_play.happen(_phone_of(call), call.body.event))


def _phone_of(call: Call[Any, Any]) -> Phone:
    page_of_phone.require_channel(call.principal, call.channel_id)
    state = call.state
    return Phone(state.outside, state.player, call.account_id, call.channel_id, call.path["msisdn"])


_phone = RouteGroup(
    HOME,
    tag="Console",
    prefix="consolePhone",
    whole_channel=True,
    uncovered=True,
    documented=False,
)
_ONE = "/{channelId}/{msisdn}"
ROUTES: list[Route] = [
    _phone.get("", phone_page, "Show a user's phone", name="consolePhone", query=PhoneQuery),
    _phone.get(f"{_ONE}/messages", messages, "List the chat", answers=Chat),
    _phone.post(f"{_ONE}/look", look, "Look at the chat", answers=Chat),
    _phone.post(f"{_ONE}/say", say, "Write a text", body=SayBody, answers=Said),
    _phone.post(f"{_ONE}/send", send, "Send a flow to the user", body=SendBody, answers=Said),
    _phone.post(f"{_ONE}/open", open_flow, "Open a flow", name="consolePhoneOpen", body=OpenBody),
    _phone.post(
        f"{_ONE}/events",
        event,
        "Play the open flow",
        name="consolePhoneEvent",
        body=EventBody,
        max_body=limits.PLAYED_STATE,
    ),
]
