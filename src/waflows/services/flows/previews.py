"""A flow played for a page: what the page shows about the flow, and one event after another.

The preview link's page, the console's editor and `waflows preview` share this. The machine runs in
`waflows.services.flows.playing`; this module describes a document for a page, and calls the flow's
data endpoint when the page asks for that.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows import runtime
from waflows.flowjson.diagnostics import Diagnostic
from waflows.services import clock
from waflows.services.accounts import rate_limits
from waflows.services.endpoint.endpoint_calls import Outside, carry_out
from waflows.services.flows import page_play, playing, preview_links
from waflows.services.flows.page_play import PageRights
from waflows.services.flows.playing import Called, Played, Player
from waflows.storage.flows import Flow
from waflows.upstream.endpoint import Exchange

MOST_FINDINGS = 200
"""A page lists this many findings, and counts the others."""
_WHO = "previews of this flow"


class PageMessage(msgspec.Struct, frozen=True):
    """What a page sends: where the flow stands, nothing at the start, and what happens to it.

    Without an event the screen is drawn again. With `live`, the request to the endpoint that the
    state waits for is made; with `made_up` the endpoint is not asked, but assumed to have answered
    with this screen and the `__example__` values it declares, or with SUCCESS. `seal` is what came
    with the state; without it the endpoint is not called.
    """

    state: dict[str, Any] | None = None
    seal: str | None = None
    event: dict[str, Any] | None = None
    live: bool = False
    made_up: str | None = None


class ScreenName(msgspec.Struct, frozen=True):
    """A screen the page can jump to, and the screens its routes lead to."""

    id: str
    title: str
    terminal: bool
    leads_to: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the validator and its position; lines and columns count from 1."""

    severity: str
    message: str
    help: str
    rule: str
    line: int
    column: int


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows around a flow. `problem` says why it cannot be played, if it cannot.

    `errors` counts all findings that are errors, `more_faults` the findings of any severity left
    out of `faults`. `interactive` says whether the link may call the endpoint, `flow_token` is the
    one that the server put into it.
    """

    name: str
    id: str = ""
    status: str = ""
    revision: int = 0
    problem: str = ""
    version: str = ""
    endpoint: bool = False
    screens: tuple[ScreenName, ...] = ()
    faults: tuple[Finding, ...] = ()
    more_faults: int = 0
    errors: int = 0
    interactive: bool = False
    flow_token: str = ""


def describe(document: runtime.Flow | None, findings: list[Diagnostic]) -> dict[str, Any]:
    """Returns the fields of `About` that come from a document and from its findings."""
    fields: dict[str, Any] = {
        "faults": tuple(map(_finding, findings[:MOST_FINDINGS])),
        "more_faults": max(len(findings) - MOST_FINDINGS, 0),
        "errors": sum(finding.severity == "error" for finding in findings),
    }
    if document is None:
        return fields
    return fields | {
        "version": document.version,
        "endpoint": document.endpoint,
        "screens": tuple(
            ScreenName(
                screen.id, _title(screen), screen.terminal, document.routes.get(screen.id, ())
            )
            for screen in document.screens.values()
        ),
    }


async def load_document(outside: Outside, player: Player, flow: Flow) -> runtime.Flow:
    """Loads the flow's current Flow JSON; raises NotPlayable."""

    async def read() -> str | None:
        return await outside.db.read(preview_links.text_of, flow, flow.revision)

    key = (flow.account_id, flow.id, flow.revision)
    return await player.document(flow.account_id, key, read)


async def play_message(
    outside: Outside,
    player: Player,
    flow: Flow,
    document: runtime.Flow,
    message: PageMessage,
    rights: PageRights,
    *,
    calls_a_minute: int,
) -> Played:
    """Returns the screen after a page's message.

    `document` is the flow's current text, or one that is still being written. `calls_a_minute`
    limits the calls of the endpoint, 0 for no limit. Raises InvalidParameter, and Forbidden or
    RateLimited where the endpoint must not be called.
    """
    if message.made_up is not None:
        answer = playing.made_up(document, message.made_up, message.state)
        return await player.play(flow.account_id, document, message.state, answer)
    if message.event is None and message.state is not None and message.live:
        given = message.state
        waiting = await player.run(flow.account_id, page_play.waiting, rights, given, message.seal)
        if calls_a_minute:
            await _count_call(outside, flow, calls_a_minute)
        return await _call_endpoint(outside, player, flow, document, waiting, rights)
    return await player.run(
        flow.account_id,
        page_play.play,
        document,
        rights,
        message.state,
        message.seal,
        message.event,
    )


async def _call_endpoint(
    outside: Outside,
    player: Player,
    flow: Flow,
    document: runtime.Flow,
    waiting: runtime.State,
    rights: PageRights,
) -> Played:
    """Returns the screen after the endpoint's answer to the request a state waits for."""
    seen: list[Exchange] = []
    answer = await carry_out(outside, flow, document, page_play.call_of(waiting), seen.append)
    assert answer is not None, "a call has an answer, even where nothing came"
    done = await player.run(flow.account_id, page_play.go_on, document, rights, waiting, answer)
    for effect in done.effects:
        await carry_out(outside, flow, document, effect)
    return msgspec.structs.replace(done, called=_called(seen[0])) if seen else done


async def _count_call(outside: Outside, flow: Flow, limit: int) -> None:
    """Counts a call of the endpoint by any preview of the flow; raises RateLimited."""
    await outside.db.run_soft(
        rate_limits.take,
        flow.account_id,
        f"preview {flow.id}",
        "endpoint",
        limit,
        clock.now_ms(),
        _WHO,
    )


def _called(exchange: Exchange) -> Called:
    milliseconds = round(exchange.seconds * 1000)
    sent = exchange.attempts > 0
    return Called(exchange.status, milliseconds, exchange.request, exchange.response, sent)


def _title(screen: runtime.flow.Screen) -> str:
    title = screen.value.get("title")
    return title[:100] if isinstance(title, str) else ""


def _finding(found: Diagnostic) -> Finding:
    return Finding(
        severity=found.severity,
        message=found.message,
        help=found.help,
        rule=found.rule,
        line=found.line_start,
        column=found.column_start,
    )
