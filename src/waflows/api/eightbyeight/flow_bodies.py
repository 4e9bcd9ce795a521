"""The request bodies that both dialects share, and the use cases they lead to."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from waflows.http.route import Call
from waflows.services.flows import endpoint_health, lifecycle
from waflows.services.flows.categories import Category
from waflows.services.flows.contents import APPLICATION_ID_PATTERN, GivenContent
from waflows.services.flows.lifecycle import NAME_LENGTH, Content
from waflows.services.names import PRINTABLE_PATTERN
from waflows.storage.flows import Checked, Flow
from waflows.urls import LONGEST_URL

CategoryName = Annotated[str, Meta(extra_json_schema={"enum": [kind.value for kind in Category]})]
"""A category in an answer, already known to be valid."""

# The use cases check what a field may hold, however it comes in. The limits are repeated here for
# the OpenAPI document only; decoding ignores them.
_Name = Annotated[
    str,
    Meta(
        description="Shown in lists; unique in the channel.",
        extra_json_schema={
            "minLength": 1,
            "maxLength": NAME_LENGTH,
            "pattern": PRINTABLE_PATTERN,
        },
    ),
]
_Categories = Annotated[
    list[Category],
    Meta(description="What the flow is for.", extra_json_schema={"minItems": 1}),
]
_Publish = Annotated[bool, Meta(description="Publish it immediately, which cannot be undone.")]
FlowJson = Annotated[
    str, Meta(description="The Flow JSON as a string; stored and returned byte for byte.")
]
_CloneFlowId = Annotated[
    str,
    Meta(description="A flow of the account whose Flow JSON and endpoint to copy."),
]
_EndPointUri = Annotated[
    str,
    Meta(
        description="Where the flow fetches its data.",
        extra_json_schema={
            "format": "uri",
            "maxLength": LONGEST_URL,
            "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$",
        },
    ),
]
_ApplicationId = Annotated[
    str,
    Meta(
        description="The application the flow belongs to.",
        extra_json_schema={"pattern": f"^{APPLICATION_ID_PATTERN}$"},
    ),
]


class CreateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new flow. A null field is treated as absent."""

    name: _Name
    categories: _Categories
    publish: _Publish | None = None
    flow_json: FlowJson | None = None
    clone_flow_id: _CloneFlowId | None = None
    end_point_uri: _EndPointUri | None = None
    application_id: _ApplicationId | None = None


class UpdateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes to a draft; at least one field. A null field is treated as absent."""

    name: _Name | None = None
    categories: _Categories | None = None
    publish: _Publish | None = None
    flow_json: FlowJson | None = None
    clone_flow_id: _CloneFlowId | None = None
    end_point_uri: _EndPointUri | None = None
    application_id: _ApplicationId | None = None


async def create(call: Call[Any, Any]) -> tuple[Flow, Checked]:
    """Creates the flow of a `CreateBody`; clones only from channels the key can use."""
    given = await _content(call)
    return await endpoint_health.checked(
        call.state.outside,
        lifecycle.create_checked,
        call.account_id,
        call.channel_id,
        given,
        call.principal.channel_ids,
    )


async def update(call: Call[Any, Any]) -> tuple[Flow, Checked]:
    """Applies an `UpdateBody` to the flow, with the same limit on clones."""
    given = await _content(call)
    return await endpoint_health.checked(
        call.state.outside,
        lifecycle.update_checked,
        call.account_id,
        call.channel_id,
        call.flow_id,
        given,
        call.principal.channel_ids,
    )


async def publish(call: Call[Any, Any]) -> Flow:
    """Publishes the flow; its endpoint, if it has one, must pass a health check first."""
    return await endpoint_health.checked(
        call.state.outside, lifecycle.publish, call.account_id, call.channel_id, call.flow_id
    )


async def _content(call: Call[Any, Any]) -> Content:
    body: CreateBody | UpdateBody = call.body
    given = GivenContent(
        name=body.name,
        categories=body.categories,
        flow_json=body.flow_json,
        clone_flow_id=body.clone_flow_id,
        endpoint_uri=body.end_point_uri,
        application_id=body.application_id,
        publish=body.publish,
    )
    return await call.state.check_content(call.account_id, given)
