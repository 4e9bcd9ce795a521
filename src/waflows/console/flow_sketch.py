"""Playing a text that is still being written, beside the editor.

A sketch is a text identified by its hash while this process has it in memory. When it does not, or
when another process gets the request, it answers 404 and the page sends the text again.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from waflows import runtime
from waflows.console import shell
from waflows.errors import NotFound
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.security.links import PreviewGrant
from waflows.services.flows import browsing, previews
from waflows.services.flows.page_play import PageRights
from waflows.services.flows.playing import NotPlayable
from waflows.services.flows.previews import About, PageMessage
from waflows.storage.flows import Flow


class SketchBody(msgspec.Struct, frozen=True, rename="camel"):
    """A text to play."""

    flow_json: str


class SketchPlayBody(PageMessage, frozen=True, kw_only=True):
    """A page's message about a sketch it plays, with the text if the server did not have it."""

    sketch: str
    flow_json: str | None = msgspec.field(default=None, name="flowJson")


class Sketched(msgspec.Struct, frozen=True):
    """The name by which a text can be played, and its description."""

    sketch: str
    about: About


async def sketch(call: Call[NoQuery, SketchBody]) -> Reply:
    """Loads a text for playing, or says why it cannot be played."""
    flow = await call.state.db.read(browsing.find, call.principal, call.flow_id)
    name = _name(call.body.flow_json)
    document, problem = None, ""
    try:
        document = await _document(call, name, call.body.flow_json)
    except NotPlayable as error:
        problem = error.message
    about = About(name=flow.name, problem=problem, **previews.describe(document, []))
    return Reply(Sketched(name, about))


async def play(call: Call[NoQuery, SketchPlayBody]) -> Reply:
    """Returns the screen after an event."""
    flow = await call.state.db.read(browsing.find, call.principal, call.flow_id)
    text = call.body.flow_json
    # Not the name the page gives it: a name must always stand for the same text.
    name = call.body.sketch if text is None else _name(text)
    document = await _document(call, name, text)
    played = await previews.play_message(
        call.state.outside,
        call.state.player,
        flow,
        document,
        call.body,
        _rights(call, flow),
        calls_a_minute=call.state.settings.preview_calls,
    )
    return Reply(played)


def _rights(call: Call[NoQuery, Any], flow: Flow) -> PageRights:
    """What the page may do with this key.

    Whoever may change the flow decides what is sent, so a seal need not cover the text: the state
    stays valid while the text is edited.
    """
    principal = call.principal
    interactive = principal.may_change_flows and not principal.masked
    holder = ("console", principal.account_id, flow.id, principal.key_id)
    return PageRights(call.state.secret, holder, PreviewGrant(interactive))


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def _document(call: Call[NoQuery, Any], name: str, text: str | None) -> runtime.Flow:
    async def read() -> str:
        if text is None:
            raise NotFound("This text is no longer in memory; send it again.")
        return text

    key = ("sketch", call.account_id, name)
    return await call.state.player.document(call.account_id, key, read)


_flow = RouteGroup(
    shell.FLOW_PATH,
    tag="Console",
    prefix="console",
    scope=Scope.READ,
    max_body=limits.FLOW_JSON,
    documented=False,
)
ROUTES: list[Route] = [
    _flow.post("/sketch", sketch, "Load a text that is being written", body=SketchBody),
    _flow.post("/play", play, "Play a text that is being written", body=SketchPlayBody),
]
