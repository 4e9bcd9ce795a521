"""Download links: addresses of a Flow JSON that carry their own permission."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta

from waflows.errors import NotFound
from waflows.http.downloads import attachment
from waflows.http.route import Call, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.security import links
from waflows.services import clock
from waflows.services.flows import preview_links
from waflows.services.flows.preview_access import INVALID_LINK
from waflows.storage.flows import Flow

DOWNLOAD_PATH = "/flow-json/{flowId}"


class LinkQuery(msgspec.Struct, frozen=True):
    """The token of a link."""

    token: Annotated[str, Meta(description="Proof that this server made the link.")] = ""


def flow_json_url(call: Call[Any, Any], flow: Flow) -> str | None:
    """A link to the flow's current JSON that expires; None for a flow without JSON."""
    if flow.revision == 0:
        return None
    state = call.state
    expires_at = clock.now_ms() // 1000 + state.settings.flow_json_link_minutes * 60
    token = links.download_token(state.secret, flow.account_id, flow.id, flow.revision, expires_at)
    return f"{call.base_url}{DOWNLOAD_PATH.format(flowId=flow.id)}?token={quote(token)}"


class Downloadable(msgspec.Struct, frozen=True):
    """What a download link opens: one revision of a flow."""

    flow: Flow
    revision: int

    @property
    def account_id(self) -> str:
        """The account of the flow."""
        return self.flow.account_id


async def downloadable(call: Call[LinkQuery, Any]) -> Downloadable:
    """Finds what a download link opens; raises NotFound for a link that is not valid."""
    claim = links.read_download_token(call.query.token)
    if claim is None or claim.expires_at <= clock.now_ms() / 1000:
        raise NotFound(INVALID_LINK)
    flow = await _named(call)
    if not links.download_is_genuine(
        call.state.secret, call.query.token, flow.account_id, flow.id, claim
    ):
        raise NotFound(INVALID_LINK)
    return Downloadable(flow, claim.revision)


async def download_flow_json(call: Call[LinkQuery, None]) -> Reply:
    """Returns the Flow JSON that a `flowJsonUrl` leads to, byte for byte.

    The token in the link is the permission; no API key is needed.
    """
    opened: Downloadable = call.granted
    state, flow, revision = call.state, opened.flow, opened.revision
    size = await state.db.read(preview_links.text_bytes_of, flow, revision)
    if size is None:
        raise NotFound(INVALID_LINK)
    body = await state.read_text(
        flow.account_id, size, preview_links.encoded_text_of, flow, revision
    )
    if body is None:
        raise NotFound(INVALID_LINK)
    return Reply(body, headers=attachment("flow.json"))


async def _named(call: Call[Any, Any]) -> Flow:
    flow = await call.state.db.read(preview_links.find_linked, call.flow_id)
    if flow is None:
        raise NotFound(INVALID_LINK)
    return flow


_links = RouteGroup("", tag="Links", scope=Scope.PUBLIC)
ROUTES: list[Route] = [
    _links.get(
        DOWNLOAD_PATH,
        download_flow_json,
        "Fetch a Flow JSON by its link",
        query=LinkQuery,
        access=downloadable,
        answers=dict,
    ),
]
