"""What an endpoint is asked and what it answers, as values, and their JSON on the wire. Pure.

Source of the forms: Meta's "Implementing Endpoint for Flows" page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from waflows.security.flow_crypto import NOT_JSON, MediaValue

T = TypeVar("T")

PING, INIT, DATA_EXCHANGE, BACK = "ping", "INIT", "data_exchange", "BACK"
ACTIONS = frozenset({INIT, DATA_EXCHANGE, BACK})
"""The actions that a handler answers."""

ERROR_KEYS = frozenset(
    {
        "timeout_error",
        "missing_capability",
        "cannot_be_served",
        "no_http_response_error",
        "unexpected_http_status_code",
        "public-key-missing",
        "public-key-signiture-verification",
        "response-decryption-error",
        "invalid-screen-transition",
        "payload-schema-error",
        "business-decryption-error",
    }
)
"""The keys an error notification may carry, spelled as documented."""

# An error comes under the action that failed; `navigate` when the message itself opened a screen
# that the routing model does not know.
_NOTIFYING_ACTIONS = frozenset({INIT, DATA_EXCHANGE, "navigate"})
_SUCCESS = "SUCCESS"


class UnfitData(Exception):
    """The data of a request does not have the form that was asked for; answered with 400."""


class FlowTokenDead(Exception):
    """The flow token is no longer valid; answered with 427.

    The phone closes the flow for good and disables the button of its message. `message` is shown
    to the user.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request of the phone: the flow was opened, a screen was sent, or the user went back."""

    action: str
    """INIT, data_exchange or BACK."""
    version: str = ""
    """The Data API version of the flow."""
    screen: str | None = None
    """The screen the user is on; mostly None for INIT."""
    data: dict[str, Any]
    """What the screen sent; empty for INIT and BACK, mostly."""
    flow_token: str | None = None
    """The session, as it was given when the flow was sent; some iPhones leave it out."""

    def data_as(self, form: type[T]) -> T:
        """The data as a value of this type: a msgspec.Struct, a dataclass, a TypedDict.

        Text that holds a number or a boolean passes for one, since form fields are texts. Raises
        UnfitData, with the place in the data and without its values.
        """
        try:
            return msgspec.convert(self.data, form, strict=False)
        except msgspec.ValidationError as error:
            raise UnfitData(str(error)) from None

    def media(self, name: str) -> list[MediaValue]:
        """The files a picker sent under this name. Raises UnfitData."""
        try:
            return msgspec.convert(self.data.get(name, []), list[MediaValue])
        except msgspec.ValidationError as error:
            raise UnfitData(f"{name}: {error}") from None


class ErrorNotice(msgspec.Struct, frozen=True, kw_only=True):
    """The phone could not use the last answer; the user saw a general error."""

    key: str
    """What was wrong: `invalid-screen-transition`, `payload-schema-error`, …"""
    message: str
    action: str
    screen: str | None
    flow_token: str | None


class NextScreen(msgspec.Struct, frozen=True):
    """The screen to show, which may be the one the user is on, and the data for it."""

    screen: str
    data: Mapping[str, Any] | msgspec.Struct = msgspec.field(default_factory=dict)
    error_message: str | None = None
    """A sentence to show the user, over the screen."""


class Completion(msgspec.Struct, frozen=True):
    """The flow is done: the phone closes it, and `params` go into the answer message.

    The flow token of the request is added to them.
    """

    params: Mapping[str, Any] | msgspec.Struct = msgspec.field(default_factory=dict)


Answer = NextScreen | Completion


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of a request as it comes."""

    action: str
    version: str = ""
    screen: str | None = None
    data: dict[str, Any] | None = None
    flow_token: str | None = None
    flow_token_signature: str | None = None


def read(payload: bytes) -> Wire:
    """A request's JSON. Raises UnfitData."""
    try:
        return msgspec.json.decode(payload, type=Wire)
    except NOT_JSON as error:
        raise UnfitData(f"The decrypted request is not of the documented form: {error}") from None


def notice_in(wire: Wire) -> ErrorNotice | None:
    """The error notification that a request is, or None when it is not one.

    Recognised by the known keys, because a form may have fields called `error` and
    `error_message`. The documentation names the field both `error` and `error_key`.
    """
    data = wire.data or {}
    key = data.get("error", data.get("error_key"))
    message = data.get("error_message")
    known = isinstance(key, str) and key in ERROR_KEYS and isinstance(message, str)
    if not known or wire.action not in _NOTIFYING_ACTIONS:
        return None
    return ErrorNotice(
        key=str(key),
        message=str(message),
        action=wire.action,
        screen=wire.screen,
        flow_token=wire.flow_token,
    )


def request_in(wire: Wire) -> Request:
    """The request a handler is given."""
    return Request(
        action=wire.action,
        version=wire.version,
        screen=wire.screen or None,
        data=wire.data or {},
        flow_token=wire.flow_token,
    )


def encode(answer: Answer, request: Request) -> bytes:
    """The JSON of an answer. Raises TypeError for data that cannot be written as JSON."""
    if isinstance(answer, NextScreen):
        screen, data = answer.screen, _plain(answer.data)
        if answer.error_message is not None:
            data["error_message"] = answer.error_message
    else:
        screen = _SUCCESS
        params = {"flow_token": request.flow_token or ""} | _plain(answer.params)
        data = {"extension_message_response": {"params": params}}
    return msgspec.json.encode({"version": request.version, "screen": screen, "data": data})


ACTIVE = msgspec.json.encode({"data": {"status": "active"}})
"""The answer to a health check."""
ACKNOWLEDGED = msgspec.json.encode({"data": {"acknowledged": True}})
"""The answer to an error notification."""


def _plain(data: Mapping[str, Any] | msgspec.Struct) -> dict[str, Any]:
    return dict(msgspec.to_builtins(data))
