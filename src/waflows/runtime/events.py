"""What can happen to a flow: what a person does, and what comes back from the endpoint."""

from __future__ import annotations

from typing import Any

import msgspec


class Media(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file a person picked.

    `sha256` and `mime_type` go into the response; `cdn_url` and `encryption_metadata` into a
    request to the endpoint. The host fills in what it has.
    """

    id: str
    file_name: str
    mime_type: str = "application/octet-stream"
    size_bytes: int = 0
    sha256: str = ""
    cdn_url: str = ""
    encryption_metadata: dict[str, str] = {}


class _Event(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True):
    pass


class Open(_Event, frozen=True, tag="open", kw_only=True):
    """The message's button is tapped.

    `action` is the message's flow_action. For `navigate`, `screen` defaults to the first entry
    screen and `data` to the `__example__` values the screen declares, as in Meta's preview.
    `today` is an ISO date calendars open on.
    """

    action: str = "navigate"
    screen: str = ""
    data: dict[str, Any] | None = None
    flow_token: str = "unused"  # noqa: S105  the documented default, no secret
    today: str = ""


class Type(_Event, frozen=True, tag="type"):
    """The whole text a TextInput or TextArea holds now."""

    name: str
    text: str


class Select(_Event, frozen=True, tag="select"):
    """An item of a group, dropdown or chips is selected; without an item, an OptIn is ticked."""

    name: str
    item: str = ""


class Unselect(_Event, frozen=True, tag="unselect"):
    """The opposite of Select."""

    name: str
    item: str = ""


class PickDate(_Event, frozen=True, tag="date"):
    """A date, `YYYY-MM-DD` in every version; empty to clear it."""

    name: str
    date: str


class PickDates(_Event, frozen=True, tag="dates"):
    """A range of a CalendarPicker; either end may still be empty."""

    name: str
    start: str
    end: str


class PickMedia(_Event, frozen=True, tag="media"):
    """All the files a PhotoPicker or DocumentPicker holds now."""

    name: str
    files: tuple[Media, ...]


class Tap(_Event, frozen=True, tag="tap"):
    """A tap on a widget by its key: a Footer, a link, an OptIn's "Read more".

    With an item's id it is a tap on a NavigationList's entry, with a number, from 0, the move to an
    image of an ImageCarousel.
    """

    key: str
    item: str = ""


class Back(_Event, frozen=True, tag="back"):
    """The back control of the top bar or of the phone."""


class Close(_Event, frozen=True, tag="close"):
    """The close control of the top bar."""


class Answered(_Event, frozen=True, tag="answered"):
    """The endpoint's answer, decrypted and parsed."""

    body: Any


class Failed(_Event, frozen=True, tag="failed"):
    """The endpoint gave no usable answer.

    `error` is one of Meta's keys such as `timeout_error`. `final` closes the flow for good, as
    HTTP 427 does; `message` is then the text to show.
    """

    error: str
    message: str = ""
    final: bool = False


Event = (
    Open
    | Type
    | Select
    | Unselect
    | PickDate
    | PickDates
    | PickMedia
    | Tap
    | Back
    | Close
    | Answered
    | Failed
)
