"""The guide dialect: /config/v1/channels/whatsapp/{channelId}/flows, for the account of the key.

The same use cases as the reference dialect, in other clothes: 201 and 204, 409 and 422, the Flow
JSON itself instead of a link to it.
"""

from __future__ import annotations

import msgspec

from waflows.api.eightbyeight.findings import GuideValidationError, guide_validation_errors
from waflows.api.eightbyeight.flow_bodies import (
    CategoryName,
    CreateBody,
    FlowJson,
    UpdateBody,
    create_flow,
    publish_flow,
    update_flow,
)
from waflows.api.eightbyeight.preview_links import PreviewQuery, preview_link
from waflows.http.route import Call, NoQuery, Reply
from waflows.services.flows import lifecycle
from waflows.services.flows.texts import errors_of
from waflows.storage.flows import Checked, Flow, StatusName


class GuideCreateBody(CreateBody, frozen=True, kw_only=True, rename="camel"):
    """A new flow; its Flow JSON is required here."""

    flow_json: FlowJson


class GuideFlow(msgspec.Struct, frozen=True):
    """A flow that was created or changed."""

    id: str
    name: str
    status: StatusName
    categories: list[CategoryName]
    validation_errors: list[GuideValidationError]


class GuideDetails(GuideFlow, frozen=True):
    """One flow with its Flow JSON, null when it has none."""

    flow_json: str | None = msgspec.field(name="flowJson")


class GuideStatus(msgspec.Struct, frozen=True):
    """A flow whose status was changed."""

    id: str
    name: str
    status: StatusName


class GuidePreview(msgspec.Struct, frozen=True):
    """A preview link and when it ends."""

    preview_url: str
    expires_at: str


async def create(call: Call[NoQuery, GuideCreateBody]) -> Reply:
    """A new flow."""
    flow, known = await create_flow(call)
    return Reply(GuideFlow(*_shown(flow, known)), 201)


async def details(call: Call[NoQuery, None]) -> Reply:
    """One flow with its JSON."""
    flow, known, text = await call.state.db.read(
        lifecycle.get_with_json, call.account_id, call.channel_id, call.flow_id
    )
    return Reply(GuideDetails(*_shown(flow, known), text))


async def update(call: Call[NoQuery, UpdateBody]) -> Reply:
    """Changes to a draft."""
    flow, known = await update_flow(call)
    return Reply(GuideFlow(*_shown(flow, known)))


async def delete(call: Call[NoQuery, None]) -> Reply:
    """The end of a draft."""
    await call.state.db.run(lifecycle.delete, call.account_id, call.channel_id, call.flow_id)
    return Reply(None, 204)


async def preview(call: Call[PreviewQuery, None]) -> Reply:
    """A link to look at the flow."""
    link = await preview_link(call)
    return Reply(GuidePreview(link.url, link.expires("Z")))


async def publish(call: Call[NoQuery, None]) -> Reply:
    """A draft made final."""
    flow = await publish_flow(call)
    return Reply(GuideStatus(flow.id, flow.name, flow.status.value))


async def deprecate(call: Call[NoQuery, None]) -> Reply:
    """A published flow taken out of use."""
    flow = await call.state.db.run(
        lifecycle.deprecate, call.account_id, call.channel_id, call.flow_id
    )
    return Reply(GuideStatus(flow.id, flow.name, flow.status.value))


def _shown(
    flow: Flow, known: Checked
) -> tuple[str, str, StatusName, list[str], list[GuideValidationError]]:
    errors = guide_validation_errors(errors_of(known.faults))
    return flow.id, flow.name, flow.status.value, flow.categories, errors
