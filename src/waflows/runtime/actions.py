"""What the actions of Flow JSON do: navigate, data_exchange, complete, update_data, open_url."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from waflows.flowjson import expressions
from waflows.runtime import choices, fields
from waflows.runtime.events import Media
from waflows.runtime.flow import Component, destination
from waflows.runtime.moves import Move, Refused
from waflows.runtime.scope import Scope
from waflows.runtime.state import Complete, OpenUrl, Phase
from waflows.runtime.values import too_large, weight

_FileForm = Callable[[Media], dict[str, Any]]


def run(move: Move, action: Any) -> None:
    """Runs an action of the screen that is shown. Raises Refused for one the phone cannot run."""
    name = action.get("name") if isinstance(action, dict) else None
    if not isinstance(name, str) or name not in _ACTIONS:
        raise Refused(f"Flow JSON has no action {name!r}." if name else "It has no action.")
    _ACTIONS[name](move, action)


def selected(move: Move, component: Component, item: dict[str, Any], *, unselecting: bool) -> None:
    """Runs what is bound to a selection: the item's own action first, then the component's."""
    run_if_there(move, item, choices.item_action(unselecting))
    value = component.value
    has_unselect = isinstance(value.get("on-unselect-action"), dict)
    run_if_there(move, value, choices.component_action(component.type, unselecting, has_unselect))


def deselected_item(move: Move, item: dict[str, Any]) -> None:
    """Runs what an item does when another takes its place."""
    run_if_there(move, item, choices.item_action(unselecting=True))


def run_if_there(move: Move, holder: dict[str, Any], name: str) -> None:
    """Runs a property's action when it has one and no answer is being waited for."""
    action = holder.get(name)
    if isinstance(action, dict) and move.state.phase is Phase.OPEN:
        run(move, action)


def shown(move: Move) -> None:
    """Runs what 6.0 to 6.3 run when a screen is entered."""
    if not choices.runs_when_shown(move.flow.version) or move.state.phase is not Phase.OPEN:
        return
    screen = move.state.screen
    for key in [component.key for component in move.scope().shown()]:
        scope = move.scope()
        component = next((each for each in scope.shown() if each.key == key), None)
        if component is None or move.state.screen != screen:
            continue
        if component.type in fields.INPUTS and not fields.is_empty(scope.value(component)):
            run_if_there(move, component.value, "on-select-action")


# --- the actions


def _navigate(move: Move, action: dict[str, Any]) -> None:
    target = destination(action)
    current = move.state.screen
    if target is None or target not in move.flow.screens:
        raise Refused(f"The flow has no screen {target!r}.")
    if not move.flow.allows(current, target):
        why = not_allowed(current, target)
        raise Refused(why if move.flow.declared else f"{why} {_NOT_GENERATED}")
    data = _payload(move, action)
    move.note("navigate", data, target)
    _note_relayed(move, action, data)
    following = move.flow.screens[target]
    move.enter(target, choices.handed_on(following.examples, _typed(following.model, data)))
    shown(move)


_NOT_GENERATED = (
    "The flow has no routing_model, and for a navigate action that stands only in an If or a Switch"
    " a phone does not make one up: write the routing_model."
)


def _note_relayed(move: Move, action: dict[str, Any], data: dict[str, Any]) -> None:
    """Warns of a number input's value that is handed on through data a second time."""
    current = move.state.screen
    for key, value in data.items():
        text = action["payload"][key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if not isinstance(text, str) or expressions.classify(text) != "binding":
            continue
        (reference,) = expressions.parse(text, "binding").references
        origin = move.flow.relayed.get((current, reference.path[0]))
        if reference.source == "data" and reference.screen is None and origin is not None:
            words = (
                f"{key} hands on the number of an input that came through data itself. Phones"
                f" refuse such a payload; bind {origin} instead."
            )
            move.note("warning", detail=words)


def _data_exchange(move: Move, action: dict[str, Any]) -> None:
    data = _payload(move, action, _in_request)
    move.note("data_exchange", data)
    move.call("data_exchange", move.state.screen, data)


def _complete(move: Move, action: dict[str, Any]) -> None:
    response = _payload(move, action, _in_response)
    if is_too_large_a_response(response):
        raise Refused("The response is larger than a phone sends.")
    finish(move, {**response, "flow_token": move.state.flow_token})
    move.note("complete", response)


def is_too_large_a_response(response: dict[str, Any]) -> bool:
    """Whether a flow may not end with this response."""
    return weight(response, choices.LARGEST_RESPONSE) > choices.LARGEST_RESPONSE


def finish(move: Move, response: dict[str, Any]) -> None:
    """Ends the flow with its response."""
    move.change(phase=Phase.COMPLETED, response=response, request=None)
    move.effects.append(Complete(response))


def _update_data(move: Move, action: dict[str, Any]) -> None:
    resolved = _payload(move, action)
    data = {**move.state.page.data, **_typed(move.scope().screen.model, resolved)}
    if too_large(data):
        raise Refused("The screen's data is larger than a phone takes.")
    move.note("update_data", resolved)
    move.change_page(data=data)


def _open_url(move: Move, action: dict[str, Any]) -> None:
    scope = move.scope()
    url = scope.as_text(scope.resolve(action.get("url")))
    if not url.lower().startswith(("https://", "http://")):
        raise Refused(f"{url[:200]!r} is not a web address.")
    if len(url) > choices.LONGEST_URL:
        raise Refused(f"A web address has at most {choices.LONGEST_URL} characters.")
    move.note("open_url", detail=url)
    move.effects.append(OpenUrl(url))


_ACTIONS: dict[str, Callable[[Move, dict[str, Any]], None]] = {
    "navigate": _navigate,
    "data_exchange": _data_exchange,
    "complete": _complete,
    "update_data": _update_data,
    "open_url": _open_url,
}


def not_allowed(current: str, target: str) -> str:
    """Meta's message for a move the routing model does not have."""
    return (
        f"Can't perform a transition from [{current}] to [{target}], "
        "because it doesn't satisfy provided routing_model."
    )


# --- payloads


def _payload(
    move: Move, action: dict[str, Any], file: _FileForm = msgspec.to_builtins
) -> dict[str, Any]:
    """The payload with its bindings replaced; `file` says how a picked file is written."""
    given = action.get("payload")
    scope = move.scope()
    payload = given if isinstance(given, dict) else {}
    found = {key: _value(scope, value, file) for key, value in payload.items()}
    if too_large(found):
        raise Refused("The payload is larger than a phone sends.")
    return found


def _value(scope: Scope, value: Any, file: _FileForm) -> Any:
    if isinstance(value, dict):
        return {key: _value(scope, each, file) for key, each in value.items()}
    if isinstance(value, list):
        return [_value(scope, each, file) for each in value]
    found = scope.resolve(value)
    if isinstance(value, str) and expressions.classify(value) == "binding":
        reference = expressions.parse(value, "binding").references[0]
        component = scope.input_of(reference)
        if component is not None and component.type in fields.MEDIA:
            return [file(each) for each in fields.files(found)]
    return choices.UNKNOWN_IN_PAYLOAD if found is None else found


def _in_request(file: Media) -> dict[str, Any]:
    """A picked file as the endpoint gets it."""
    return {
        "media_id": file.id,
        "cdn_url": file.cdn_url,
        "file_name": file.file_name,
        "encryption_metadata": file.encryption_metadata,
    }


def _in_response(file: Media) -> dict[str, Any]:
    """A picked file as the response message has it."""
    return {
        "file_name": file.file_name,
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "id": file.id,
    }


def _typed(model: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Data as its declaration wants it: the text of a number input as a number."""
    return {key: _as_declared(model.get(key), value) for key, value in data.items()}


def _as_declared(declaration: Any, value: Any) -> Any:
    declared = declaration.get("type") if isinstance(declaration, dict) else None
    if declared == "number" and isinstance(value, str):
        number = choices.as_number(value)
        return value if number is None else choices.number(number)
    return value
