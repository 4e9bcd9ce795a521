"""Issuing preview links, and opening what they lead to.

A link's token proves that this server made the link, and what it gave away with it: whether the
page may call the endpoint, and with which flow token and opening payload.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec

from waflows import times
from waflows.errors import Forbidden, NotFound
from waflows.security import links
from waflows.security.links import PreviewGrant
from waflows.services.accounts.accounts import Principal
from waflows.services.flows import page_play, preview_links
from waflows.services.flows.page_play import PageRights
from waflows.services.flows.preview_links import Preview
from waflows.storage.database import Database
from waflows.storage.flows import Flow

PREVIEW_PATH = "/preview/{flowId}"
INVALID_LINK = "This link is not valid: it has expired, was replaced, or its flow is gone."


class PreviewLink(msgspec.Struct, frozen=True):
    """A preview link; `expires_at` in seconds since the epoch."""

    flow_id: str
    url: str
    expires_at: int

    def expires(self, zone: str) -> str:
        """The expiry as text, with UTC written as `zone`."""
        return times.iso(self.expires_at * 1000, zone)


class OpenedLink(msgspec.Struct, frozen=True):
    """What a preview link opens: a flow, its link, and what the page may do by this link."""

    flow: Flow
    nonce: str
    rights: PageRights

    @property
    def account_id(self) -> str:
        """Whose flow it is."""
        return self.flow.account_id


def grant_to(
    principal: Principal, flow_token: str = "", flow_action_payload: str = ""
) -> PreviewGrant:
    """What a key gives away by a link it asks for; raises Forbidden, InvalidParameter."""
    if (flow_token or flow_action_payload) and not principal.may_choose_flow_tokens:
        raise Forbidden(
            "flow_token and flow_action_payload need an API key that may write, is not masked and"
            " is not limited to sub-accounts."
        )
    if flow_action_payload:
        page_play.opening_of(flow_action_payload)
    interactive = not (principal.read_only or principal.masked)
    return PreviewGrant(interactive, flow_token, flow_action_payload)


async def get_preview(
    db: Database, account_id: str, channel_id: str, flow_id: str, hours: int, *, replace: bool
) -> Preview:
    """The flow's preview: the current one, or a new one where there is none or it is replaced.

    `hours` is how long a new one lives. Raises NotFound.
    """
    where = (account_id, channel_id, flow_id)
    if not replace:
        preview = await db.read(preview_links.find_preview, *where)
        if preview is not None:
            return preview
    return await db.run(preview_links.renew_preview, *where, hours, replace=replace)


def link_to(preview: Preview, secret: bytes, base_url: str, grant: PreviewGrant) -> PreviewLink:
    """The link by which a preview is opened with a grant."""
    query = {"token": _token(secret, preview, grant)}
    if grant.flow_token:
        query["flow_token"] = grant.flow_token
    if grant.flow_action_payload:
        query |= {"flow_action": "navigate", "flow_action_payload": grant.flow_action_payload}
    path = PREVIEW_PATH.format(flowId=preview.flow.id)
    url = f"{base_url}{path}?{urlencode(query, quote_via=quote)}"
    return PreviewLink(preview.flow.id, url, preview.expires_at)


async def open_link(
    db: Database, secret: bytes, flow_id: str, token: str, claim: PreviewGrant
) -> OpenedLink:
    """What a preview link opens; raises NotFound for a link that is not valid.

    `claim` holds the flow token and payload that stand in the link. A page may have added either
    itself; what the token does not prove is not granted.
    """
    flow = await db.read(preview_links.find_linked, flow_id)
    preview = None if flow is None else preview_links.live_preview(flow)
    grant = None if preview is None else _proven(secret, preview, token, claim)
    if flow is None or preview is None or grant is None:
        raise NotFound(INVALID_LINK)
    holder = ("link", flow.account_id, flow.id, str(flow.revision), preview.nonce)
    return OpenedLink(flow, preview.nonce, PageRights(secret, holder, grant))


def _proven(
    secret: bytes, preview: Preview, token: str, claim: PreviewGrant
) -> PreviewGrant | None:
    """The largest grant that the token of a link proves; None for none."""
    possible = [PreviewGrant(), PreviewGrant(True)]
    if claim.flow_token or claim.flow_action_payload:
        possible += [
            PreviewGrant(True, claim.flow_token, claim.flow_action_payload),
            PreviewGrant(True, claim.flow_token),
            PreviewGrant(True, "", claim.flow_action_payload),
        ]
    for grant in possible:
        if links.same(token, _token(secret, preview, grant)):
            return grant
    return None


def _token(secret: bytes, preview: Preview, grant: PreviewGrant) -> str:
    flow = preview.flow
    return links.preview_token(
        secret, flow.account_id, flow.id, preview.nonce, preview.expires_at, grant
    )
