"""The reference dialect: /api/v1/accounts/{accountId}/channels/{channelId}/flows.

Each handler decodes, calls one use case and encodes; the rules are in the use cases.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows import times
from waflows.api import paths
from waflows.api.eightbyeight import flow_bodies
from waflows.api.eightbyeight.findings import (
    ValidationError,
    validation_errors,
    validation_errors_if_any,
)
from waflows.api.eightbyeight.flow_bodies import (
    CategoryName,
    CreateBody,
    UpdateBody,
)
from waflows.api.eightbyeight.listing import FlowList, ListQuery, list_flows
from waflows.api.eightbyeight.preview_links import PreviewQuery, preview_link
from waflows.api.waflows.links import flow_json_url
from waflows.errors import InvalidParameter
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.flows import lifecycle
from waflows.services.flows.texts import errors_of, warnings_of
from waflows.storage.flows import Checked, Flow, StatusName

_EXTRA_FIELDS = (
    "endPointUri",
    "applicationId",
    "revision",
    "createdAt",
    "updatedAt",
    "jsonVersion",
    "warnings",
)
_ANY_EXTRA = "|".join(_EXTRA_FIELDS)


class DetailsQuery(msgspec.Struct, frozen=True):
    """Which fields beyond 8x8's to return."""

    fields: Annotated[
        str,
        Meta(
            description="More fields to return, comma-separated: " + ", ".join(_EXTRA_FIELDS) + ".",
            extra_json_schema={"pattern": f"^(({_ANY_EXTRA})(,({_ANY_EXTRA}))*)?$"},
        ),
    ] = ""


class Saved(msgspec.Struct, frozen=True, rename="camel"):
    """A flow was created or changed."""

    id: str
    success: bool = True
    validation_errors: list[ValidationError] | UnsetType = UNSET


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One flow. The fields after `validationErrors` are present only when requested."""

    flow_id: str
    flow_json_url: str | UnsetType = UNSET
    name: str
    status: StatusName
    categories: list[CategoryName]
    validation_errors: list[ValidationError] | UnsetType = UNSET
    end_point_uri: str | UnsetType | None = UNSET
    application_id: str | UnsetType | None = UNSET
    revision: int | UnsetType = UNSET
    created_at: str | UnsetType = UNSET
    updated_at: str | UnsetType = UNSET
    json_version: str | UnsetType | None = UNSET
    warnings: list[ValidationError] | UnsetType = UNSET


class PreviewAnswer(msgspec.Struct, frozen=True):
    """A preview link and when it expires."""

    id: str
    preview_url: str
    expires_at: str


async def create_flow(call: Call[NoQuery, CreateBody]) -> Reply:
    """Creates a draft, or with `publish` a published flow.

    The Flow JSON comes from the body, or from another flow of the account. The flow is created
    completely or not at all.
    """
    flow, known = await flow_bodies.create(call)
    return Reply(_saved(flow, known))


async def get_flow(call: Call[DetailsQuery, None]) -> Reply:
    """Returns one flow.

    `flowJsonUrl` serves the Flow JSON byte for byte, needs no API key and expires; a flow without
    Flow JSON has none.
    """
    flow, known = await call.state.db.read(
        lifecycle.get_checked, call.account_id, call.channel_id, call.flow_id
    )
    extra = _asked_for(call.query.fields)
    return Reply(
        Details(
            flow_id=flow.id,
            flow_json_url=flow_json_url(call, flow) or UNSET,
            name=flow.name,
            status=flow.status.value,
            categories=flow.categories,
            validation_errors=validation_errors_if_any(errors_of(known.findings)),
            end_point_uri=flow.endpoint_uri if "endPointUri" in extra else UNSET,
            application_id=flow.application_id if "applicationId" in extra else UNSET,
            revision=flow.revision if "revision" in extra else UNSET,
            created_at=times.iso(flow.created_at) if "createdAt" in extra else UNSET,
            updated_at=times.iso(flow.updated_at) if "updatedAt" in extra else UNSET,
            json_version=known.version if "jsonVersion" in extra else UNSET,
            warnings=validation_errors(warnings_of(known.findings))
            if "warnings" in extra
            else UNSET,
        )
    )


async def update_flow(call: Call[NoQuery, UpdateBody]) -> Reply:
    """Changes a draft.

    What the body leaves out stays as it is. A new Flow JSON becomes the next revision; earlier ones
    are kept. A flow that is not a draft cannot be changed.
    """
    flow, known = await flow_bodies.update(call)
    return Reply(_saved(flow, known))


async def delete_flow(call: Call[NoQuery, None]) -> Reply:
    """Deletes a draft with its revisions.

    A flow that was ever published cannot be deleted.
    """
    await call.state.db.run(lifecycle.delete, call.account_id, call.channel_id, call.flow_id)
    return Reply()


async def preview_flow(call: Call[PreviewQuery, None]) -> Reply:
    """Returns a link to an interactive preview of the flow.

    The link opens without an API key until it expires or is replaced.
    """
    link = await preview_link(call)
    return Reply(PreviewAnswer(link.flow_id, link.url, link.expires("+0000")))


async def publish_flow(call: Call[NoQuery, None]) -> Reply:
    """Publishes a draft.

    Publishing cannot be undone: a published flow cannot be changed or deleted. A flow with a data
    endpoint is published only if the endpoint passes its health check.
    """
    await flow_bodies.publish(call)
    return Reply()


async def deprecate_flow(call: Call[NoQuery, None]) -> Reply:
    """Deprecates a published flow.

    It stays listed, cannot be sent any more and cannot be published again.
    """
    await call.state.db.run(lifecycle.deprecate, call.account_id, call.channel_id, call.flow_id)
    return Reply()


def _saved(flow: Flow, known: Checked) -> Saved:
    return Saved(flow.id, validation_errors=validation_errors_if_any(errors_of(known.findings)))


def _asked_for(wanted: str) -> set[str]:
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    if unknown := sorted(names - set(_EXTRA_FIELDS)):
        raise InvalidParameter(
            f"fields must be among {', '.join(_EXTRA_FIELDS)}, not {unknown[0]!r}."
        )
    return names


_flows = RouteGroup(f"{paths.CHANNEL}/flows", tag="Flows")
ROUTES: list[Route] = [
    _flows.get("", list_flows, "List a channel's flows", query=ListQuery, answers=FlowList),
    _flows.post(
        "",
        create_flow,
        "Create a flow",
        whole_channel=True,
        body=CreateBody,
        max_body=limits.FLOW_JSON,
        answers=Saved,
    ),
    _flows.get("/{flowId}", get_flow, "Show a flow", query=DetailsQuery, answers=Details),
    _flows.put(
        "/{flowId}",
        update_flow,
        "Change a draft",
        whole_channel=True,
        body=UpdateBody,
        max_body=limits.FLOW_JSON,
        answers=Saved,
    ),
    _flows.delete("/{flowId}", delete_flow, "Delete a draft", whole_channel=True),
    _flows.get(
        "/{flowId}/preview",
        preview_flow,
        "Get a preview link",
        query=PreviewQuery,
        answers=PreviewAnswer,
    ),
    _flows.post("/{flowId}/publish", publish_flow, "Publish a draft", whole_channel=True),
    _flows.post(
        "/{flowId}/deprecate", deprecate_flow, "Deprecate a published flow", whole_channel=True
    ),
]
