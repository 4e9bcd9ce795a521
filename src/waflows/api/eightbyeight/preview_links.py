"""Requesting a flow's preview link, which is the same in both dialects."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from waflows.errors import Forbidden
from waflows.http.authentication import check_whole_channel
from waflows.http.route import Call
from waflows.services.flows import preview_access
from waflows.services.flows.page_play import LONGEST_TOKEN
from waflows.services.flows.preview_access import PreviewLink

_PAYLOAD_LENGTH = 4000


class PreviewQuery(msgspec.Struct, frozen=True):
    """Which preview link to return."""

    refresh: Annotated[
        bool, Meta(description="Create a new link and invalidate the current one.")
    ] = False
    flow_token: Annotated[
        str,
        Meta(
            description="The flow token the preview uses; without one it generates one that"
            " begins with `preview-`.",
            max_length=LONGEST_TOKEN,
        ),
    ] = ""
    flow_action_payload: Annotated[
        str,
        Meta(
            description='JSON such as `{"screen": "FIRST", "data": {}}`: what the preview opens'
            " with.",
            max_length=_PAYLOAD_LENGTH,
        ),
    ] = ""


async def preview_link(call: Call[PreviewQuery, None]) -> PreviewLink:
    """The flow's preview link: the current one, or a new one when asked for or needed."""
    query, state = call.query, call.state
    grant = preview_access.grant_to(call.principal, query.flow_token, query.flow_action_payload)
    if query.refresh:
        if call.principal.read_only:
            raise Forbidden(
                "This API key may only read; refresh=true would replace the preview link."
            )
        check_whole_channel(call.principal)
    preview = await preview_access.get_preview(
        state.db,
        call.account_id,
        call.channel_id,
        call.flow_id,
        state.settings.preview_hours,
        replace=query.refresh,
    )
    return preview_access.link_to(preview, state.secret, call.base_url, grant)
