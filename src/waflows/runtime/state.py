"""Where a flow stands, as plain data that survives JSON, and what it asks of its host."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Phase(StrEnum):
    """What the sheet does: nothing yet, shown, waits for the endpoint, sent, or closed."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    COMPLETED = "completed"
    CLOSED = "closed"


class EndpointRequest(msgspec.Struct, frozen=True):
    """A request to the data endpoint, in plain text and with the fields of the wire."""

    version: str
    action: str
    screen: str
    data: dict[str, Any]
    flow_token: str


class ScreenState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a screen that was shown.

    `form` holds only what the user entered; `edited` names the inputs changed since the data came;
    `attempted` says that the footer was tapped; `shown` is the image each carousel stands at.
    """

    data: dict[str, Any] = {}
    form: dict[str, Any] = {}
    edited: tuple[str, ...] = ()
    attempted: bool = False
    shown: dict[str, int] = {}


class State(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything: the same state, flow and event always give the same.

    `stack` are the screens from the first to the one shown; `pages` also keeps screens that were
    left. `request` is on its way while the phase is `waiting`.
    """

    phase: Phase = Phase.NEW
    stack: tuple[str, ...] = ()
    pages: dict[str, ScreenState] = {}
    request: EndpointRequest | None = None
    snackbar: str = ""
    detail: str = ""
    flow_token: str = ""
    today: str = ""
    response: dict[str, Any] | None = None

    @property
    def screen(self) -> str:
        """The id of the screen shown; empty when there is none."""
        return self.stack[-1] if self.stack else ""

    @property
    def page(self) -> ScreenState:
        """The page of the screen shown."""
        return self.pages.get(self.screen, ScreenState())


class _Effect(msgspec.Struct, frozen=True, tag_field="effect"):
    pass


class CallEndpoint(_Effect, frozen=True, tag="call_endpoint"):
    """Send this to the data endpoint and come back with Answered or Failed."""

    request: EndpointRequest


class NotifyEndpoint(_Effect, frozen=True, tag="notify_endpoint"):
    """Tell the endpoint that its answer could not be used; what it says to that is ignored."""

    request: EndpointRequest


class OpenUrl(_Effect, frozen=True, tag="open_url"):
    """Open an address in the browser."""

    url: str


class Complete(_Effect, frozen=True, tag="complete"):
    """The flow ended: this is the response, `flow_token` included."""

    response: dict[str, Any]


Effect = CallEndpoint | NotifyEndpoint | OpenUrl | Complete


class Ran(msgspec.Struct, frozen=True):
    """A line of the action log: an action's name, the screen it ran on, and what it carried.

    Names are those of the actions, and `init`, `back`, `answer` and `error`; `warning` for what a
    phone does otherwise than its author means, `cut` and `patterns` for what was left out here.
    """

    action: str
    screen: str
    data: dict[str, Any] = {}
    detail: str = ""
