"""What waflows uses of uvicorn's inside is listed, and the installed uvicorn has all of it."""

from __future__ import annotations

import ast
import asyncio
import inspect

import pytest
from uvicorn import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from waflows.http import protocol, uvicorn_parts
from waflows.http.protocol import EnvelopeProtocol
from waflows.http.uvicorn_parts import (
    CONNECTION_ATTRIBUTES,
    CYCLE_ATTRIBUTES,
    FLOW_ATTRIBUTES,
    OVERRIDDEN_METHODS,
    SERVER_STATE_ATTRIBUTES,
    HttpToolsProtocol,
    RequestResponseCycle,
)


async def _application(scope: object, receive: object, send: object) -> None:
    """Answers nothing."""


def _parts() -> dict[str, object]:
    """The objects of uvicorn of which a connection is made, by what they are called there."""

    async def make() -> dict[str, object]:
        state = ServerState()
        config = Config(_application, interface="asgi3", ws="none", log_config=None)
        connection = HttpToolsProtocol(config, state, {}, asyncio.get_running_loop())
        connection.on_message_begin()
        names = inspect.signature(RequestResponseCycle).parameters
        return {
            "self": connection,
            "cycle": RequestResponseCycle(**dict.fromkeys(names)),  # type: ignore[arg-type]
            "flow": FlowControl(asyncio.Transport()),
            "server_state": state,
        }

    return asyncio.run(make())


_LISTED = {
    "self": {*CONNECTION_ATTRIBUTES, *OVERRIDDEN_METHODS},
    "cycle": set(CYCLE_ATTRIBUTES),
    "flow": set(FLOW_ATTRIBUTES),
    "server_state": set(SERVER_STATE_ATTRIBUTES),
}


@pytest.mark.parametrize("part", _LISTED)
def test_the_installed_uvicorn_has_every_listed_member(part: str) -> None:
    missing = {name for name in _LISTED[part] if not hasattr(_parts()[part], name)}
    assert not missing, f"this uvicorn has no longer {sorted(missing)}; see waflows.http.protocol"


def test_every_overridden_method_is_listed() -> None:
    overridden = set(vars(EnvelopeProtocol)) & set(dir(HttpToolsProtocol))
    assert {name for name in overridden if not name.startswith("__")} == set(OVERRIDDEN_METHODS)


@pytest.mark.parametrize("part", _LISTED)
def test_every_member_of_uvicorn_that_is_used_is_listed(part: str) -> None:
    used = {
        node.attr
        for module in (protocol, uvicorn_parts)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute) and _name_of(node.value) == part
    }
    assert used
    private = {name for name in used - {"__init__"} if hasattr(_parts()[part], name)}
    assert private <= _LISTED[part]


def _name_of(node: ast.expr) -> str:
    """`cycle` for both `cycle` and `self.cycle`; `self` for `super()`."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="super")):
            return "self"
    return ""
