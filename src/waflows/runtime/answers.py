"""Use the endpoint's answer: show the next screen, end the flow, or report an error to it."""

from __future__ import annotations

from typing import Any

from waflows.runtime import actions, choices
from waflows.runtime.events import Failed
from waflows.runtime.flow import SUCCESS
from waflows.runtime.moves import Move
from waflows.runtime.state import EndpointRequest, NotifyEndpoint, Phase
from waflows.runtime.values import clean, is_too_large_a_state, too_large

_BAD_TRANSITION = "invalid-screen-transition"
_BAD_PAYLOAD = "payload-schema-error"
_ERROR_MESSAGE = "error_message"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


class _Unusable(Exception):
    """The answer cannot be used: Meta's error key, and what is wrong."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def use(move: Move, body: Any) -> None:
    """Shows the screen an answer names, ends the flow, or reports an error to the endpoint."""
    asked = move.state.request
    assert asked is not None, "the engine lets answers in only while a request is out"
    before = move.state
    try:
        _use(move, asked, body)
        if is_too_large_a_state(move.state):
            raise _Unusable(_BAD_PAYLOAD, "With the other screens' data it is too large.")
    except _Unusable as wrong:
        move.state = before
        _tell_back(move, asked, wrong)


def failed(move: Move, event: Failed) -> None:
    """Shows the generic error, or closes the flow for good."""
    move.note("error", detail=f"{event.error} {event.message}".strip())
    if event.final:
        message = event.message or choices.SOMETHING_WRONG
        move.change(phase=Phase.CLOSED, request=None, snackbar=message)
        return
    detail = f"{event.error}: {event.message}" if event.message else event.error
    move.change(phase=Phase.OPEN, request=None, snackbar=choices.SOMETHING_WRONG, detail=detail)


def _use(move: Move, asked: EndpointRequest, body: Any) -> None:
    if not isinstance(body, dict) or too_large(body):
        raise _Unusable(_BAD_PAYLOAD, "The answer is not a JSON object, or is too large.")
    body = clean(body)
    screen, data = body.get("screen"), body.get("data")
    if not isinstance(screen, str) or not isinstance(data, dict):
        raise _Unusable(_BAD_PAYLOAD, "The answer needs `screen`, a string, and `data`, an object.")
    if screen == SUCCESS:
        _succeed(move, data)
        return
    _check_screen(move, asked, screen)
    kept = {key: value for key, value in data.items() if key != _ERROR_MESSAGE}
    model = move.flow.screens[screen].model
    if _ERROR_MESSAGE in model and _ERROR_MESSAGE in data:
        kept[_ERROR_MESSAGE] = data[_ERROR_MESSAGE]
    for name, value in kept.items():
        _check(model.get(name), value, name)
    message = data.get(_ERROR_MESSAGE)
    move.note("answer", data, screen)
    entering = screen != move.state.screen
    move.enter(screen, kept)
    move.change(snackbar=message if isinstance(message, str) else "")
    if entering:
        actions.shown(move)


def _succeed(move: Move, data: dict[str, Any]) -> None:
    response: Any = data
    for step in ("extension_message_response", "params"):
        response = response.get(step) if isinstance(response, dict) else None
    if not isinstance(response, dict) or not isinstance(response.get("flow_token"), str):
        raise _Unusable(
            _BAD_PAYLOAD,
            "SUCCESS needs data.extension_message_response.params with a flow_token.",
        )
    if actions.is_too_large_a_response(response):
        raise _Unusable(_BAD_PAYLOAD, "The response is larger than a phone sends.")
    move.note("answer", data, SUCCESS)
    actions.finish(move, response)


def _check_screen(move: Move, asked: EndpointRequest, screen: str) -> None:
    if screen not in move.flow.screens:
        raise _Unusable(_BAD_TRANSITION, f"The flow has no screen [{screen[:100]}].")
    if not move.state.stack:
        if screen not in move.flow.entries:
            raise _Unusable(_BAD_TRANSITION, f"[{screen}] is not an entry screen.")
    elif not move.flow.allows(move.state.screen, screen):
        raise _Unusable(_BAD_TRANSITION, actions.not_allowed(asked.screen, screen))


def _check(declaration: Any, value: Any, where: str) -> None:
    """Whether a value is of its declared type; the declaration's depth bounds the recursion."""
    if value is None:
        raise _Unusable(_BAD_PAYLOAD, f"{where} is null; leave the key out.")
    if not isinstance(declaration, dict):
        return
    declared = declaration.get("type")
    types = _TYPES.get(declared) if isinstance(declared, str) else None
    if types is None:
        return
    boolean = isinstance(value, bool)
    if not isinstance(value, types) or (boolean and bool not in types):
        raise _Unusable(_BAD_PAYLOAD, f"{where} is not of its declared type {declared}.")
    properties = declaration.get("properties")
    if isinstance(value, dict) and isinstance(properties, dict):
        for name in value.keys() & properties.keys():
            _check(properties[name], value[name], f"{where}.{name}")
    if isinstance(value, list):
        for index, each in enumerate(value):
            _check(declaration.get("items"), each, f"{where}[{index}]")


def _tell_back(move: Move, asked: EndpointRequest, wrong: _Unusable) -> None:
    action = "INIT" if asked.action == "INIT" else "data_exchange"
    notice = {"error": wrong.key, _ERROR_MESSAGE: str(wrong)}
    move.effects.append(
        NotifyEndpoint(
            EndpointRequest(asked.version, action, asked.screen, notice, asked.flow_token)
        )
    )
    failed(move, Failed(wrong.key, str(wrong)))
