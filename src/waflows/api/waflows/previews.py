"""A flow played through its preview link: what the page is told of it, and event after event.

The page gets nothing but what the link opens. `waflows.services.flows.playing` runs the machine;
this module finds the flow, and calls its data endpoint when the page asks for that.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows import runtime
from waflows.api.waflows.links import Opened, PreviewLinkQuery
from waflows.flowjson.diagnostics import Diagnostic
from waflows.http.route import Call, Reply
from waflows.http.state import State
from waflows.services import clock
from waflows.services.accounts import rate_limits
from waflows.services.endpoint.endpoint_calls import carry_out
from waflows.services.flows import page_play, playing, preview_links, texts
from waflows.services.flows.page_play import PageRights
from waflows.services.flows.playing import Called, NotPlayable, Played
from waflows.storage.flows import Flow
from waflows.upstream.endpoint import Exchange

EVENTS_PATH = "/preview/{flowId}/events"
ABOUT_PATH = "/preview/{flowId}/about"
MOST_FAULTS = 200
_WHO = "previews of this flow"
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class PlayBody(msgspec.Struct, frozen=True):
    """What a page sends: where the flow stands, nothing at the start, and what happens to it.

    Without an event the screen is drawn anew. With `live`, the request to the endpoint that the
    state waits for is made; with `made_up` the endpoint is not asked, but taken to have answered
    with this screen and the `__example__` values it declares, or with SUCCESS. `seal` is what came
    with the state; without it the endpoint is not called.
    """

    state: dict[str, Any] | None = None
    seal: str | None = None
    event: dict[str, Any] | None = None
    live: bool = False
    made_up: str | None = None


class ScreenName(msgspec.Struct, frozen=True):
    """A screen one can jump to, and the screens its routes lead to."""

    id: str
    title: str
    terminal: bool
    leads_to: tuple[str, ...]


class Fault(msgspec.Struct, frozen=True):
    """A fault of the Flow JSON and where it stands; lines and columns count from 1."""

    severity: str
    message: str
    help: str
    rule: str
    line: int
    column: int


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows around a flow. `problem` says why it cannot be played, if it cannot.

    `errors` counts all faults that are errors, `more_faults` those of any severity left out.
    `interactive` says whether the link may call the endpoint, `flow_token` is the one that the
    server put into it.
    """

    name: str
    id: str = ""
    status: str = ""
    revision: int = 0
    problem: str = ""
    version: str = ""
    endpoint: bool = False
    screens: tuple[ScreenName, ...] = ()
    faults: tuple[Fault, ...] = ()
    more_faults: int = 0
    errors: int = 0
    interactive: bool = False
    flow_token: str = ""


async def about(call: Call[PreviewLinkQuery, None]) -> Reply:
    """What a preview page shows around the flow it plays."""
    opened: Opened = call.granted
    flow, grant = opened.flow, opened.rights.grant
    checked = await call.state.db.read(texts.checked, flow)
    document: runtime.Flow | None = None
    problem = ""
    try:
        document = await document_of(call.state, flow)
    except NotPlayable as error:
        problem = error.message
    told = About(
        name=flow.name,
        id=flow.id,
        status=flow.status.value,
        revision=flow.revision,
        problem=problem,
        interactive=grant.interactive,
        flow_token=grant.flow_token,
        **described(document, checked.faults),
    )
    return Reply(told, headers=dict(_NO_STORE))


async def play(call: Call[PreviewLinkQuery, PlayBody]) -> Reply:
    """The screen after an event."""
    opened: Opened = call.granted
    document = await document_of(call.state, opened.flow)
    done = await played_from(call.state, opened.flow, document, call.body, opened.rights)
    return Reply(done, headers=dict(_NO_STORE))


async def played_from(
    state: State, flow: Flow, document: runtime.Flow, body: PlayBody, rights: PageRights
) -> Played:
    """What comes of a page's message; `document` is the flow's present text or one being written.

    Raises InvalidParameter, and Forbidden or RateLimited where the endpoint is not to be called.
    """
    if body.made_up is not None:
        answer = playing.made_up(document, body.made_up, body.state)
        return await state.player.play(flow.account_id, document, body.state, answer)
    if body.event is None and body.state is not None and body.live:
        return await _answered(state, flow, document, body, rights)
    return await state.player.run(
        flow.account_id, page_play.play, document, rights, body.state, body.seal, body.event
    )


async def document_of(state: State, flow: Flow) -> runtime.Flow:
    """The present Flow JSON of a flow, made ready; raises NotPlayable."""

    async def read() -> str | None:
        return await state.db.read(preview_links.text_of, flow, flow.revision)

    key = (flow.account_id, flow.id, flow.revision)
    return await state.player.document(flow.account_id, key, read)


def described(document: runtime.Flow | None, faults: list[Diagnostic]) -> dict[str, Any]:
    """The parts of `About` that come from a document and from what the validator found in it."""
    told: dict[str, Any] = {
        "faults": tuple(map(_fault, faults[:MOST_FAULTS])),
        "more_faults": max(len(faults) - MOST_FAULTS, 0),
        "errors": sum(fault.severity == "error" for fault in faults),
    }
    if document is None:
        return told
    return told | {
        "version": document.version,
        "endpoint": document.endpoint,
        "screens": tuple(
            ScreenName(
                screen.id, _title(screen), screen.terminal, document.routes.get(screen.id, ())
            )
            for screen in document.screens.values()
        ),
    }


async def _answered(
    state: State, flow: Flow, document: runtime.Flow, body: PlayBody, rights: PageRights
) -> Played:
    """The screen after the endpoint's answer to the request a state waits for."""
    given = body.state or {}
    run = state.player.run
    waiting = await run(flow.account_id, page_play.waiting, rights, given, body.seal)
    await _count_call(state, flow)
    seen: list[Exchange] = []
    call = page_play.call_of(waiting)
    answer = await carry_out(state.outside, flow, document, call, seen.append)
    assert answer is not None, "a call has an answer, even where nothing came"
    done = await run(flow.account_id, page_play.go_on, document, rights, waiting, answer)
    for effect in done.effects:
        await carry_out(state.outside, flow, document, effect)
    return msgspec.structs.replace(done, called=_called(seen[0])) if seen else done


async def _count_call(state: State, flow: Flow) -> None:
    """Counts a call of the endpoint by whatever previews the flow; raises RateLimited."""
    limit = state.settings.preview_calls
    if limit:
        counter = f"preview {flow.id}"
        now = clock.now_ms()
        await state.db.run_soft(
            rate_limits.take, flow.account_id, counter, "endpoint", limit, now, _WHO
        )


def _called(exchange: Exchange) -> Called:
    milliseconds = round(exchange.seconds * 1000)
    sent = exchange.attempts > 0
    return Called(exchange.status, milliseconds, exchange.request, exchange.response, sent)


def _title(screen: runtime.flow.Screen) -> str:
    title = screen.value.get("title")
    return title[:100] if isinstance(title, str) else ""


def _fault(found: Diagnostic) -> Fault:
    return Fault(
        found.severity,
        found.message,
        found.help,
        found.rule,
        found.line_start,
        found.column_start,
    )
