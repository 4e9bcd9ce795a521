"""The addresses that carry their own permission: flowJsonUrl and preview_url."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta

from waflows.api.auth import check_whole_channel
from waflows.api.route import Call, Reply
from waflows.errors import Forbidden, NotFound
from waflows.security import links
from waflows.services import clock, previews
from waflows.services.previews import Preview
from waflows.storage.flows import Flow

DOWNLOAD_PATH = "/flow-json/{flowId}"
PREVIEW_PATH = "/preview/{flowId}"
_GONE = "This link is not valid: it has expired, was replaced, or its flow is gone."


class LinkQuery(msgspec.Struct, frozen=True):
    """The token of a link."""

    token: Annotated[str, Meta(description="Proof that this server made the link.")] = ""


class PreviewQuery(msgspec.Struct, frozen=True):
    """Whether a new preview link is wanted."""

    refresh: Annotated[bool, Meta(description="Make a new link and end the one there was.")] = False


class PreviewLink(msgspec.Struct, frozen=True):
    """A preview link; `expires_at` in seconds since the epoch."""

    flow_id: str
    url: str
    expires_at: int

    def expires(self, zone: str) -> str:
        """The expiry as text, UTC written as the dialect writes it."""
        return datetime.fromtimestamp(self.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%S") + zone


def flow_json_url(call: Call[Any, Any], flow: Flow) -> str | None:
    """A link from which the flow's present JSON can be fetched for a while; None without JSON."""
    if flow.revision == 0:
        return None
    state = call.state
    expires_at = clock.now_ms() // 1000 + state.settings.flow_json_link_minutes * 60
    token = links.download_token(state.secret, flow.account_id, flow.id, flow.revision, expires_at)
    return f"{call.base_url}{DOWNLOAD_PATH.format(flowId=flow.id)}?token={quote(token)}"


async def preview_link(call: Call[PreviewQuery, None]) -> PreviewLink:
    """The flow's preview link: the one that is alive, or a new one when asked for or needed."""
    where = (call.account_id, call.channel_id, call.flow_id)
    if call.query.refresh and call.principal.read_only:
        raise Forbidden("This API key may only read; refresh=true would replace the preview link.")
    if call.query.refresh:
        check_whole_channel(call.principal)
    preview: Preview | None = None
    if not call.query.refresh:
        preview = await call.state.db.read(previews.find_preview, *where)
    if preview is None:
        preview = await call.state.db.run(
            previews.renew_preview,
            *where,
            call.state.settings.preview_hours,
            replace=call.query.refresh,
        )
    token = _preview_token(call.state.secret, preview)
    url = f"{call.base_url}{PREVIEW_PATH.format(flowId=preview.flow.id)}?token={token}"
    return PreviewLink(preview.flow.id, url, preview.expires_at)


async def linked(call: Call[LinkQuery, Any]) -> Flow:
    """The flow a preview link opens; raises NotFound for whatever is not right."""
    flow = await _named(call)
    preview = previews.live_preview(flow)
    if preview is None or not links.same(
        call.query.token, _preview_token(call.state.secret, preview)
    ):
        raise NotFound(_GONE)
    return flow


async def download(call: Call[LinkQuery, None]) -> Reply:
    """The Flow JSON a link leads to, byte for byte."""
    claim = links.read_download_token(call.query.token)
    if claim is None or claim.expires_at <= clock.now_ms() / 1000:
        raise NotFound(_GONE)
    flow = await _named(call)
    if not links.download_is_genuine(
        call.state.secret, call.query.token, flow.account_id, flow.id, claim
    ):
        raise NotFound(_GONE)
    text = await call.state.db.read(previews.text_of, flow, claim.revision)
    if text is None:
        raise NotFound(_GONE)
    return Reply(text.encode("utf-8"), headers=dict(FLOW_JSON_HEADERS))


FLOW_JSON_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Disposition": 'attachment; filename="flow.json"',
    "X-Content-Type-Options": "nosniff",
}


async def _named(call: Call[LinkQuery, Any]) -> Flow:
    flow = await call.state.db.read(previews.find_linked, call.flow_id)
    if flow is None:
        raise NotFound(_GONE)
    return flow


def _preview_token(secret: bytes, preview: Preview) -> str:
    flow = preview.flow
    return links.preview_token(secret, flow.account_id, flow.id, preview.nonce, preview.expires_at)
