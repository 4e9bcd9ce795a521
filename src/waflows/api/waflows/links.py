"""The addresses that carry their own permission: flowJsonUrl and preview_url."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from waflows.errors import Forbidden, NotFound
from waflows.http.authentication import check_whole_channel
from waflows.http.route import Call, Reply
from waflows.security import links
from waflows.security.links import PreviewGrant
from waflows.services import clock
from waflows.services.flows import page_play, preview_links
from waflows.services.flows.page_play import PageRights
from waflows.services.flows.preview_links import Preview
from waflows.storage.flows import Flow

DOWNLOAD_PATH = "/flow-json/{flowId}"
PREVIEW_PATH = "/preview/{flowId}"
_WHO = "this preview link"
_LONGEST_TOKEN = 1000
_LONGEST_PAYLOAD = 4000
_GONE = "This link is not valid: it has expired, was replaced, or its flow is gone."


class LinkQuery(msgspec.Struct, frozen=True):
    """The token of a link."""

    token: Annotated[str, Meta(description="Proof that this server made the link.")] = ""


class PreviewLinkQuery(LinkQuery, frozen=True):
    """The token of a preview link, and what the server may have put into the link.

    A page may add either itself, and then neither is covered by the token.
    """

    flow_token: str = ""
    flow_action_payload: str = ""


class PreviewQuery(msgspec.Struct, frozen=True):
    """Which preview link is wanted."""

    refresh: Annotated[bool, Meta(description="Make a new link and end the one there was.")] = False
    flow_token: Annotated[
        str,
        Meta(
            description="The flow token the preview plays with; without one it makes one up that"
            " begins with `preview-`.",
            max_length=_LONGEST_TOKEN,
        ),
    ] = ""
    flow_action_payload: Annotated[
        str,
        Meta(
            description='JSON such as `{"screen": "FIRST", "data": {}}`: what the preview opens'
            " with.",
            max_length=_LONGEST_PAYLOAD,
        ),
    ] = ""


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
    grant = _grant(call)
    if call.query.refresh and call.principal.read_only:
        raise Forbidden("This API key may only read; refresh=true would replace the preview link.")
    if call.query.refresh:
        check_whole_channel(call.principal)
    preview: Preview | None = None
    if not call.query.refresh:
        preview = await call.state.db.read(preview_links.find_preview, *where)
    if preview is None:
        preview = await call.state.db.run(
            preview_links.renew_preview,
            *where,
            call.state.settings.preview_hours,
            replace=call.query.refresh,
        )
    granted = {"token": _preview_token(call.state.secret, preview, grant)}
    if grant.flow_token:
        granted["flow_token"] = grant.flow_token
    if grant.flow_action_payload:
        granted |= {"flow_action": "navigate", "flow_action_payload": grant.flow_action_payload}
    path = PREVIEW_PATH.format(flowId=preview.flow.id)
    url = f"{call.base_url}{path}?{urlencode(granted, quote_via=quote)}"
    return PreviewLink(preview.flow.id, url, preview.expires_at)


class Opened(msgspec.Struct, frozen=True):
    """What a preview link opens: a flow, and what may be made of it by this link."""

    flow: Flow
    rights: PageRights

    @property
    def account_id(self) -> str:
        """Whose flow it is."""
        return self.flow.account_id


async def linked(call: Call[PreviewLinkQuery, Any]) -> Opened:
    """What a preview link opens; raises NotFound for whatever is not right, RateLimited."""
    flow = await _named(call)
    preview = preview_links.live_preview(flow)
    secret = call.state.secret
    grant = None if preview is None else _granted(secret, preview, call.query)
    if preview is None or grant is None:
        raise NotFound(_GONE)
    limit = call.state.settings.preview_events
    if limit:
        call.state.link_uses.take(preview.nonce, "preview", limit, clock.now_ms(), _WHO)
    holder = ("link", flow.account_id, flow.id, str(flow.revision), preview.nonce)
    return Opened(flow, PageRights(secret, holder, grant))


class Downloadable(msgspec.Struct, frozen=True):
    """What a download link opens: one revision of a flow."""

    flow: Flow
    revision: int

    @property
    def account_id(self) -> str:
        """Whose flow it is."""
        return self.flow.account_id


async def downloadable(call: Call[LinkQuery, Any]) -> Downloadable:
    """What a download link opens; raises NotFound for a link that is not valid."""
    claim = links.read_download_token(call.query.token)
    if claim is None or claim.expires_at <= clock.now_ms() / 1000:
        raise NotFound(_GONE)
    flow = await _named(call)
    if not links.download_is_genuine(
        call.state.secret, call.query.token, flow.account_id, flow.id, claim
    ):
        raise NotFound(_GONE)
    return Downloadable(flow, claim.revision)


async def download(call: Call[LinkQuery, None]) -> Reply:
    """The Flow JSON a link leads to, byte for byte."""
    opened: Downloadable = call.granted
    db = call.state.db
    size = await db.read(preview_links.text_bytes_of, opened.flow, opened.revision)
    if size is None:
        raise NotFound(_GONE)
    async with call.state.decoding:
        # Nothing is read that could not be sent.
        call.state.large_answers.require_room(opened.account_id, size)
        body = await db.read_slow(preview_links.encoded_text_of, opened.flow, opened.revision)
    if body is None:
        raise NotFound(_GONE)
    return Reply(body, headers=dict(FLOW_JSON_HEADERS))


FLOW_JSON_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Disposition": 'attachment; filename="flow.json"',
    "X-Content-Type-Options": "nosniff",
}


async def _named(call: Call[Any, Any]) -> Flow:
    flow = await call.state.db.read(preview_links.find_linked, call.flow_id)
    if flow is None:
        raise NotFound(_GONE)
    return flow


def _grant(call: Call[PreviewQuery, None]) -> PreviewGrant:
    """What the key that asks for a link can give away by it."""
    given = call.query
    principal = call.principal
    interactive = not (principal.read_only or principal.masked)
    given_away = given.flow_token or given.flow_action_payload
    if given_away and not principal.may_choose_flow_tokens:
        raise Forbidden(
            "flow_token and flow_action_payload need an API key that may write, is not masked and"
            " is not limited to sub-accounts."
        )
    if given.flow_action_payload:
        page_play.opening_of(given.flow_action_payload)
    return PreviewGrant(interactive, given.flow_token, given.flow_action_payload)


def _granted(secret: bytes, preview: Preview, given: PreviewLinkQuery) -> PreviewGrant | None:
    """What the token of a link proves, the most of it that it can prove; None for nothing."""
    possible = [PreviewGrant(), PreviewGrant(True)]
    if given.flow_token or given.flow_action_payload:
        possible += [
            PreviewGrant(True, given.flow_token, given.flow_action_payload),
            PreviewGrant(True, given.flow_token),
            PreviewGrant(True, "", given.flow_action_payload),
        ]
    for grant in possible:
        if links.same(given.token, _preview_token(secret, preview, grant)):
            return grant
    return None


def _preview_token(secret: bytes, preview: Preview, grant: PreviewGrant) -> str:
    flow = preview.flow
    return links.preview_token(
        secret, flow.account_id, flow.id, preview.nonce, preview.expires_at, grant
    )
