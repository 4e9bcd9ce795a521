"""The guide dialect: /config/v1/channels/whatsapp/{channelId}/flows, for the account of the key.

The same use cases as the reference dialect with other statuses (201, 204, 409, 422), other field
names, and the Flow JSON itself instead of a link to it.
"""

from __future__ import annotations

import msgspec

from waflows.api import paths
from waflows.api.eightbyeight import flow_bodies
from waflows.api.eightbyeight.findings import GuideValidationError, guide_validation_errors
from waflows.api.eightbyeight.flow_bodies import (
    CategoryName,
    CreateBody,
    FlowJson,
    UpdateBody,
)
from waflows.api.eightbyeight.listing import FlowList, ListQuery, list_flows
from waflows.api.eightbyeight.preview_links import PreviewQuery, preview_link
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
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
    """A preview link and when it expires."""

    preview_url: str
    expires_at: str


async def create_flow(call: Call[NoQuery, GuideCreateBody]) -> Reply:
    """Creates a draft, or with `publish` a published flow.

    The Flow JSON comes from the body, or from another flow of the account. The flow is created
    completely or not at all.
    """
    flow, known = await flow_bodies.create(call)
    return Reply(GuideFlow(*_shown(flow, known)), 201)


async def get_flow(call: Call[NoQuery, None]) -> Reply:
    """Returns one flow with its Flow JSON."""
    asked = call.account_id, call.channel_id, call.flow_id
    size = await call.state.db.read(lifecycle.json_bytes, *asked)
    flow, known, text = await call.state.read_text(
        call.account_id, size, lifecycle.get_with_json, *asked
    )
    return Reply(GuideDetails(*_shown(flow, known), text))


async def update_flow(call: Call[NoQuery, UpdateBody]) -> Reply:
    """Changes a draft.

    What the body leaves out stays as it is. A new Flow JSON becomes the next revision; earlier ones
    are kept. A flow that is not a draft cannot be changed.
    """
    flow, known = await flow_bodies.update(call)
    return Reply(GuideFlow(*_shown(flow, known)))


async def delete_flow(call: Call[NoQuery, None]) -> Reply:
    """Deletes a draft with its revisions.

    A flow that was ever published cannot be deleted.
    """
    await call.state.db.run(lifecycle.delete, call.account_id, call.channel_id, call.flow_id)
    return Reply(None, 204)


async def preview_flow(call: Call[PreviewQuery, None]) -> Reply:
    """Returns a link to an interactive preview of the flow.

    The link opens without an API key until it expires or is replaced.
    """
    link = await preview_link(call)
    return Reply(GuidePreview(link.url, link.expires("Z")))


async def publish_flow(call: Call[NoQuery, None]) -> Reply:
    """Publishes a draft.

    Publishing cannot be undone: a published flow cannot be changed or deleted. A flow with a data
    endpoint is published only if the endpoint passes its health check.
    """
    flow = await flow_bodies.publish(call)
    return Reply(GuideStatus(flow.id, flow.name, flow.status.value))


async def deprecate_flow(call: Call[NoQuery, None]) -> Reply:
    """Deprecates a published flow.

    It stays listed, cannot be sent any more and cannot be published again.
    """
    flow = await call.state.db.run(
        lifecycle.deprecate, call.account_id, call.channel_id, call.flow_id
    )
    return Reply(GuideStatus(flow.id, flow.name, flow.status.value))


def _shown(
    flow: Flow, known: Checked
) -> tuple[str, str, StatusName, list[str], list[GuideValidationError]]:
    errors = guide_validation_errors(errors_of(known.findings))
    return flow.id, flow.name, flow.status.value, flow.categories, errors


_flows = RouteGroup(paths.GUIDE_FLOWS, tag="Flows (guide dialect)", prefix="guide", dialect="guide")
ROUTES: list[Route] = [
    _flows.get("", list_flows, "List a channel's flows", query=ListQuery, answers=FlowList),
    _flows.post(
        "",
        create_flow,
        "Create a flow",
        whole_channel=True,
        body=GuideCreateBody,
        max_body=limits.FLOW_JSON,
        status=201,
        answers=GuideFlow,
    ),
    _flows.get("/{flowId}", get_flow, "Show a flow with its Flow JSON", answers=GuideDetails),
    _flows.put(
        "/{flowId}",
        update_flow,
        "Change a draft",
        whole_channel=True,
        body=UpdateBody,
        max_body=limits.FLOW_JSON,
        answers=GuideFlow,
    ),
    _flows.delete("/{flowId}", delete_flow, "Delete a draft", whole_channel=True, status=204),
    _flows.get(
        "/{flowId}/preview",
        preview_flow,
        "Get a preview link",
        query=PreviewQuery,
        answers=GuidePreview,
    ),
    _flows.post(
        "/{flowId}/publish",
        publish_flow,
        "Publish a draft",
        whole_channel=True,
        answers=GuideStatus,
    ),
    _flows.post(
        "/{flowId}/deprecate",
        deprecate_flow,
        "Deprecate a published flow",
        whole_channel=True,
        answers=GuideStatus,
    ),
]
