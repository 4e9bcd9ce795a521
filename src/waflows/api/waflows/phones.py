"""The simulated phone over HTTP, so that a test in any language can play a user.

/api/v1/accounts/{accountId}/channels/{channelId}/phones/{msisdn}: every gesture answers the screen
it led to.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows.http.route import Call, NoQuery, Reply
from waflows.runtime import Back, Close, Event, View, gestures
from waflows.runtime.gestures import Gesture
from waflows.services.phone import chats, phone_play, phones
from waflows.services.phone.phone_play import Phone, Shown

_Label = Annotated[
    str, Meta(description="What stands on the screen: a label, a title, or an input's name.")
]


class SayBody(msgspec.Struct, frozen=True, kw_only=True):
    """A text of the user; `name` is what they call themselves."""

    text: str
    name: str = ""


class OpenBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whose button is tapped; the newest message whose flow is not finished when left out."""

    umid: str | None = None


# No component has more of either, so no more are made or looked for.
_MOST_ITEMS = 200
_MOST_FILES = 30


class FillBody(msgspec.Struct, frozen=True, kw_only=True):
    """A text to type in place of what is there."""

    label: _Label
    value: str


class ItemsBody(msgspec.Struct, frozen=True, kw_only=True):
    """Items of a choice, each by title or id."""

    label: _Label
    items: Annotated[list[str], Meta(max_length=_MOST_ITEMS)]


class LabelBody(msgspec.Struct, frozen=True, kw_only=True):
    """Something on the screen."""

    label: _Label


class PickBody(msgspec.Struct, frozen=True, kw_only=True):
    """A date, `YYYY-MM-DD`; with an end a range."""

    label: _Label
    date: str
    end: str | None = None


class UploadBody(msgspec.Struct, frozen=True, kw_only=True):
    """Names of files to pick in place of those picked before; their contents are made up."""

    label: _Label
    files: Annotated[list[str], Meta(max_length=_MOST_FILES)]


class Said(msgspec.Struct, frozen=True):
    """The message that was written."""

    umid: str


class ScreenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the phone shows: as text, and as data in `view`.

    `phase` is open, completed or closed. `response` is what the finished flow sends, `answer_umid`
    the message it is sent in, `opened_urls` what the gesture opened in the browser.
    """

    message_umid: str
    phase: str
    screen: str
    title: str
    text: str
    view: dict[str, Any]
    opened_urls: list[str]
    response: dict[str, Any] | UnsetType = UNSET
    answer_umid: str | UnsetType = UNSET


async def show_chat(call: Call[NoQuery, None]) -> Reply:
    """The chat, without looking at it."""
    phone = _phone(call)
    found = await call.state.db.read(phones.chat, *phone.names)
    return Reply(chats.show_chat(found))


async def look(call: Call[NoQuery, None]) -> Reply:
    """The chat, looked at."""
    phone = _phone(call)
    found = await call.state.db.run(phones.look, *phone.names)
    return Reply(chats.show_chat(found))


async def say(call: Call[NoQuery, SayBody]) -> Reply:
    """A text of the user."""
    phone = _phone(call)
    umid = await call.state.db.run(phones.say, *phone.names, call.body.text, call.body.name)
    return Reply(Said(umid))


async def open_flow(call: Call[NoQuery, OpenBody]) -> Reply:
    """The button of a flow message, tapped."""
    return _screen(await phone_play.open_flow(_phone(call), call.body.umid))


async def show_screen(call: Call[NoQuery, None]) -> Reply:
    """What the phone shows."""
    return _screen(await phone_play.shown(_phone(call)))


async def fill(call: Call[NoQuery, FillBody]) -> Reply:
    """A text typed."""
    return await _act(call, partial(gestures.fill, label=call.body.label, value=call.body.value))


async def choose(call: Call[NoQuery, ItemsBody]) -> Reply:
    """Items selected."""
    label = call.body.label
    return await _act(
        call, *(partial(gestures.choose, label=label, item=item) for item in call.body.items)
    )


async def unchoose(call: Call[NoQuery, ItemsBody]) -> Reply:
    """Items cleared."""
    label = call.body.label
    return await _act(
        call, *(partial(gestures.unchoose, label=label, item=item) for item in call.body.items)
    )


async def check(call: Call[NoQuery, LabelBody]) -> Reply:
    """An OptIn ticked."""
    return await _act(call, partial(gestures.check, label=call.body.label))


async def uncheck(call: Call[NoQuery, LabelBody]) -> Reply:
    """An OptIn unticked."""
    return await _act(call, partial(gestures.uncheck, label=call.body.label))


async def pick(call: Call[NoQuery, PickBody]) -> Reply:
    """A date or a range picked."""
    body = call.body
    return await _act(call, partial(gestures.pick, label=body.label, date=body.date, end=body.end))


async def upload(call: Call[NoQuery, UploadBody]) -> Reply:
    """Files picked."""
    body = call.body
    return await _act(call, partial(gestures.upload, label=body.label, files=body.files))


async def tap(call: Call[NoQuery, LabelBody]) -> Reply:
    """A button, a link or an entry of a list tapped."""
    return await _act(call, partial(gestures.tap, label=call.body.label))


async def submit(call: Call[NoQuery, None]) -> Reply:
    """The button at the bottom tapped, whatever it is called."""
    return await _act(call, gestures.submit)


async def back(call: Call[NoQuery, None]) -> Reply:
    """One screen back."""
    return await _act(call, _always(Back()))


async def close(call: Call[NoQuery, None]) -> Reply:
    """The flow closed without an answer."""
    return await _act(call, _always(Close()))


def _phone(call: Call[Any, Any]) -> Phone:
    """The phone a request is about."""
    state = call.state
    return Phone(state.outside, state.player, call.account_id, call.channel_id, call.path["msisdn"])


async def _act(call: Call[Any, Any], *wanted: Gesture) -> Reply:
    return _screen(await phone_play.act(_phone(call), wanted))


def _always(event: Event) -> Gesture:
    def gesture(_: View) -> Event:
        return event

    return gesture


def _screen(shown: Shown) -> Reply:
    view = shown.screen
    return Reply(
        ScreenAnswer(
            message_umid=shown.message_umid,
            phase=view.phase.value,
            screen=view.screen,
            title=view.title,
            text=shown.text,
            view=msgspec.to_builtins(view),
            opened_urls=list(shown.opened_urls),
            response=UNSET if view.response is None else view.response,
            answer_umid=shown.answer_umid or UNSET,
        )
    )
