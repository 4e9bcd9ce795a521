"""The page that a preview link opens, and what its script asks for.

The page gets nothing but what the link opens. Whoever has the link may open it, so these routes
are public; the link's token is checked before a body is read.
"""

from __future__ import annotations

import msgspec

from waflows import runtime
from waflows.console.html import page, policy
from waflows.http import limits
from waflows.http.route import Call, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.security.links import PreviewGrant
from waflows.services import clock
from waflows.services.flows import preview_access, previews, texts
from waflows.services.flows.playing import NotPlayable, Played
from waflows.services.flows.preview_access import PREVIEW_PATH, OpenedLink
from waflows.services.flows.previews import About, PageMessage

_WHO = "this preview link"


class LinkQuery(msgspec.Struct, frozen=True):
    """The token of a preview link, and what the server may have put into the link.

    A page may add the flow token or the payload itself; then the token does not cover it.
    """

    token: str = ""
    flow_token: str = ""
    flow_action_payload: str = ""


async def open_link(call: Call[LinkQuery, None]) -> OpenedLink:
    """Finds what the link opens; raises NotFound for a link that is not valid, RateLimited."""
    state, query = call.state, call.query
    claim = PreviewGrant(True, query.flow_token, query.flow_action_payload)
    opened = await preview_access.open_link(
        state.db, state.secret, call.flow_id, query.token, claim
    )
    limit = state.settings.preview_events
    if limit:
        state.link_uses.take(opened.nonce, "preview", limit, clock.now_ms(), _WHO)
    return opened


async def show(call: Call[LinkQuery, None]) -> Reply:
    """Shows the preview page of a flow."""
    opened: OpenedLink = call.granted
    # The link is meant to be embedded in other pages, as Meta's is.
    return page("preview.html", policy(ancestors="*"), name=opened.flow.name, watch="")


async def about(call: Call[LinkQuery, None]) -> Reply:
    """Returns what the page shows around the flow."""
    opened: OpenedLink = call.granted
    state, flow, grant = call.state, opened.flow, opened.rights.grant
    checked = await state.db.read(texts.checked, flow)
    document: runtime.Flow | None = None
    problem = ""
    try:
        document = await previews.load_document(state.outside, state.player, flow)
    except NotPlayable as error:
        problem = error.message
    about = About(
        name=flow.name,
        id=flow.id,
        status=flow.status.value,
        revision=flow.revision,
        problem=problem,
        interactive=grant.interactive,
        flow_token=grant.flow_token,
        **previews.describe(document, checked.findings),
    )
    return Reply(about)


async def play(call: Call[LinkQuery, PageMessage]) -> Reply:
    """Returns the screen after an event."""
    opened: OpenedLink = call.granted
    state = call.state
    document = await previews.load_document(state.outside, state.player, opened.flow)
    played = await previews.play_message(
        state.outside,
        state.player,
        opened.flow,
        document,
        call.body,
        opened.rights,
        calls_a_minute=state.settings.preview_calls,
    )
    return Reply(played)


_preview = RouteGroup(
    PREVIEW_PATH,
    tag="Pages",
    prefix="preview",
    scope=Scope.PUBLIC,
    query=LinkQuery,
    access=open_link,
    documented=False,
)
ROUTES: list[Route] = [
    _preview.get("", show, "Show a flow's preview", name="previewPage"),
    _preview.get("/about", about, "Describe the flow to its preview page", answers=About),
    _preview.post(
        "/events",
        play,
        "Play a flow by one event",
        name="previewEvents",
        body=PageMessage,
        max_body=limits.PLAYED_STATE,
        answers=Played,
    ),
]
