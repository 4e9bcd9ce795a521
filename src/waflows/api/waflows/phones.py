"""The simulated phone over HTTP, so that a test in any language can act as a user.

/api/v1/accounts/{accountId}/channels/{channelId}/phones/{msisdn}: every gesture returns the screen
it led to.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows.api import paths
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.runtime import Back, Close, Event, View, gestures
from waflows.runtime.gestures import Gesture
from waflows.services.messages.bubbles import TEXT_LENGTH
from waflows.services.names import PRINTABLE_OR_EMPTY_PATTERN
from waflows.services.phone import chats, phone_play, phones
from waflows.services.phone.chats import Chat
from waflows.services.phone.phone_play import Phone, Shown

_Label = Annotated[
    str, Meta(description="Something on the screen: a label, a title, or an input's name.")
]


class SayBody(msgspec.Struct, frozen=True, kw_only=True):
    """A text of the user, who calls themselves `name`."""

    text: Annotated[str, Meta(extra_json_schema={"maxLength": TEXT_LENGTH, "pattern": r"\S"})]
    name: Annotated[
        str,
        Meta(
            extra_json_schema={
                "maxLength": phones.NAME_LENGTH,
                "pattern": PRINTABLE_OR_EMPTY_PATTERN,
            }
        ),
    ] = ""


class OpenBody(msgspec.Struct, frozen=True, kw_only=True):
    """The message whose button to tap; by default the newest whose flow is not finished."""

    umid: str | None = None


# No component has more items or files than this.
_MOST_ITEMS = 200
_MOST_FILES = 30


class FillBody(msgspec.Struct, frozen=True, kw_only=True):
    """A text to type in place of the current one."""

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
    """Names of files to pick in place of earlier ones; their contents are generated."""

    label: _Label
    files: Annotated[list[str], Meta(max_length=_MOST_FILES)]


class Said(msgspec.Struct, frozen=True):
    """The message that was written."""

    umid: str


class ScreenAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the phone shows: as text, and as data in `view`.

    `phase` is open, completed or closed. `response` is what the finished flow sends, `answer_umid`
    the message that carries it, `opened_urls` what the gesture opened in the browser.
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
    """Lists the messages of a user's chat with the channel.

    Listing them does not mark them as read.
    """
    phone = _phone_of(call)
    found = await call.state.db.read(phones.chat, *phone.names)
    return Reply(chats.show_chat(found))


async def look(call: Call[NoQuery, None]) -> Reply:
    """Opens the chat: messages that were delivered are marked as read."""
    phone = _phone_of(call)
    found = await call.state.db.run(phones.look, *phone.names)
    return Reply(chats.show_chat(found))


async def say(call: Call[NoQuery, SayBody]) -> Reply:
    """Writes a text to the business as the user.

    It opens the 24-hour window in which the business may send more than templates.
    """
    phone = _phone_of(call)
    umid = await call.state.db.run(phones.say, *phone.names, call.body.text, call.body.name)
    return Reply(Said(umid))


async def open_flow(call: Call[NoQuery, OpenBody]) -> Reply:
    """Taps the button of a flow message, which opens the flow."""
    return _screen(await phone_play.open_flow(_phone_of(call), call.body.umid))


async def show_screen(call: Call[NoQuery, None]) -> Reply:
    """Returns what the phone shows."""
    return _screen(await phone_play.shown(_phone_of(call)))


async def fill(call: Call[NoQuery, FillBody]) -> Reply:
    """Types a text into an input, in place of what it holds."""
    return await _act(call, partial(gestures.fill, label=call.body.label, value=call.body.value))


async def choose(call: Call[NoQuery, ItemsBody]) -> Reply:
    """Selects items of a choice."""
    label = call.body.label
    return await _act(
        call, *(partial(gestures.choose, label=label, item=item) for item in call.body.items)
    )


async def unchoose(call: Call[NoQuery, ItemsBody]) -> Reply:
    """Clears items of a choice."""
    label = call.body.label
    return await _act(
        call, *(partial(gestures.unchoose, label=label, item=item) for item in call.body.items)
    )


async def check(call: Call[NoQuery, LabelBody]) -> Reply:
    """Ticks an opt-in."""
    return await _act(call, partial(gestures.check, label=call.body.label))


async def uncheck(call: Call[NoQuery, LabelBody]) -> Reply:
    """Clears an opt-in."""
    return await _act(call, partial(gestures.uncheck, label=call.body.label))


async def pick(call: Call[NoQuery, PickBody]) -> Reply:
    """Picks a date, or with an end a range of dates."""
    body = call.body
    return await _act(call, partial(gestures.pick, label=body.label, date=body.date, end=body.end))


async def upload(call: Call[NoQuery, UploadBody]) -> Reply:
    """Picks files, in place of those picked before."""
    body = call.body
    return await _act(call, partial(gestures.upload, label=body.label, files=body.files))


async def tap(call: Call[NoQuery, LabelBody]) -> Reply:
    """Taps a button, a link or an entry of a list."""
    return await _act(call, partial(gestures.tap, label=call.body.label))


async def submit(call: Call[NoQuery, None]) -> Reply:
    """Taps the button at the bottom of the screen.

    When this finishes the flow, the submission is stored and queued for the account's webhooks
    before this request is answered.
    """
    return await _act(call, gestures.submit)


async def back(call: Call[NoQuery, None]) -> Reply:
    """Goes one screen back.

    On the first screen this closes the flow.
    """
    return await _act(call, _always(Back()))


async def close(call: Call[NoQuery, None]) -> Reply:
    """Closes the flow without a submission."""
    return await _act(call, _always(Close()))


def _phone_of(call: Call[Any, Any]) -> Phone:
    """The phone that the request is about."""
    state = call.state
    return Phone(state.outside, state.player, call.account_id, call.channel_id, call.path["msisdn"])


async def _act(call: Call[Any, Any], *wanted: Gesture) -> Reply:
    return _screen(await phone_play.act(_phone_of(call), wanted))


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


_phone = RouteGroup(
    f"{paths.CHANNEL}/phones/{{msisdn}}",
    tag="Simulated phone",
    prefix="phone",
    whole_channel=True,
    uncovered=True,
)
_gestures = RouteGroup(
    f"{paths.CHANNEL}/phones/{{msisdn}}",
    tag="Simulated phone",
    prefix="phone",
    whole_channel=True,
    uncovered=True,
    answers=ScreenAnswer,
    more_statuses=(409,),
)
ROUTES: list[Route] = [
    _phone.get(
        "/messages", show_chat, "List the chat of a user", name="phoneMessages", answers=Chat
    ),
    _phone.post("/look", look, "Look at the chat", answers=Chat),
    _phone.post("/say", say, "Write a text to the business", body=SayBody, answers=Said),
    _phone.get(
        "/screen",
        show_screen,
        "Show what the phone shows",
        name="phoneScreen",
        answers=ScreenAnswer,
    ),
    _gestures.post(
        "/open", open_flow, "Tap the button of a flow message", name="phoneOpen", body=OpenBody
    ),
    _gestures.post("/fill", fill, "Type into an input", body=FillBody),
    _gestures.post("/choose", choose, "Select items", body=ItemsBody),
    _gestures.post("/unchoose", unchoose, "Clear items", body=ItemsBody),
    _gestures.post("/check", check, "Tick an opt-in", body=LabelBody),
    _gestures.post("/uncheck", uncheck, "Clear an opt-in", body=LabelBody),
    _gestures.post("/pick", pick, "Pick a date or a range", body=PickBody),
    _gestures.post("/upload", upload, "Pick files", body=UploadBody),
    _gestures.post("/tap", tap, "Tap a button, a link or an entry", body=LabelBody),
    _gestures.post("/submit", submit, "Tap the button at the bottom"),
    _gestures.post("/back", back, "Go one screen back"),
    _gestures.post("/close", close, "Close the flow without an answer"),
]
"""What a server without simulated phones does not have."""
