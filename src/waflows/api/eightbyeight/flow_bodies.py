"""The request bodies that both dialects share, and how they become what a use case takes."""

from __future__ import annotations

import enum
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from waflows.errors import InvalidParameter
from waflows.http.route import Call
from waflows.http.state import State
from waflows.services.flows import endpoint_health, lifecycle
from waflows.services.flows.lifecycle import NAME_LENGTH, Content
from waflows.storage.flows import Checked, Flow
from waflows.upstream.calls import CallFailed
from waflows.urls import LONGEST_URL, problem_of_http_url

_APPLICATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Category(enum.Enum):
    """What a flow is for."""

    SIGN_UP = "SIGN_UP"
    SIGN_IN = "SIGN_IN"
    APPOINTMENT_BOOKING = "APPOINTMENT_BOOKING"
    LEAD_GENERATION = "LEAD_GENERATION"
    CONTACT_US = "CONTACT_US"
    CUSTOMER_SUPPORT = "CUSTOMER_SUPPORT"
    SURVEY = "SURVEY"
    OTHER = "OTHER"


CategoryName = Annotated[str, Meta(extra_json_schema={"enum": [kind.value for kind in Category]})]
"""A category in an answer, where it is known to be one."""

# What a field may hold is checked by the use cases, on whichever way it comes in. The limits are
# repeated here for the API's document alone; they decode nothing.
_Name = Annotated[
    str,
    Meta(
        description="Shown in lists; unique in the channel.",
        extra_json_schema={"minLength": 1, "maxLength": NAME_LENGTH},
    ),
]
_Categories = Annotated[
    list[Category],
    Meta(description="What the flow is for.", extra_json_schema={"minItems": 1}),
]
_Publish = Annotated[bool, Meta(description="Publish it at once, which cannot be undone.")]
FlowJson = Annotated[
    str, Meta(description="The Flow JSON as a string; kept and given back byte for byte.")
]
_CloneFlowId = Annotated[
    str,
    Meta(description="A flow of the account whose Flow JSON and endpoint to take over."),
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
        extra_json_schema={"pattern": f"^{_APPLICATION_ID.pattern}$"},
    ),
]


class CreateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new flow. A field that is null counts as left out."""

    name: _Name
    categories: _Categories
    publish: _Publish | None = None
    flow_json: FlowJson | None = None
    clone_flow_id: _CloneFlowId | None = None
    end_point_uri: _EndPointUri | None = None
    application_id: _ApplicationId | None = None


class UpdateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes to a draft; at least one field. A field that is null counts as left out."""

    name: _Name | None = None
    categories: _Categories | None = None
    publish: _Publish | None = None
    flow_json: FlowJson | None = None
    clone_flow_id: _CloneFlowId | None = None
    end_point_uri: _EndPointUri | None = None
    application_id: _ApplicationId | None = None


async def create_flow(call: Call[Any, Any]) -> tuple[Flow, Checked]:
    """The flow that a `CreateBody` asks for; it clones from no channel out of the key's reach."""
    given = await content(call, call.body)
    return await endpoint_health.checked(
        call.state.outside,
        lifecycle.create_checked,
        call.account_id,
        call.channel_id,
        given,
        call.principal.channel_ids,
    )


async def update_flow(call: Call[Any, Any]) -> tuple[Flow, Checked]:
    """The flow with the changes of an `UpdateBody`, within the same reach."""
    given = await content(call, call.body)
    return await endpoint_health.checked(
        call.state.outside,
        lifecycle.update_checked,
        call.account_id,
        call.channel_id,
        call.flow_id,
        given,
        call.principal.channel_ids,
    )


async def publish_flow(call: Call[Any, Any]) -> Flow:
    """The flow of the address, published; its endpoint is asked first if it has one."""
    return await endpoint_health.checked(
        call.state.outside, lifecycle.publish, call.account_id, call.channel_id, call.flow_id
    )


async def content(call: Call[Any, Any], body: CreateBody | UpdateBody) -> Content:
    """The body as a use case takes it, its Flow JSON checked.

    Raises InvalidParameter for an unusable address or id, and what checking a Flow JSON raises.
    """
    state, text = call.state, body.flow_json
    return Content(
        name=body.name,
        categories=None if body.categories is None else [c.value for c in body.categories],
        flow_json=None if text is None else await state.checker.check(call.account_id, text),
        clone_flow_id=body.clone_flow_id,
        endpoint_uri=_checked_uri(state, body.end_point_uri),
        application_id=_checked_application(body.application_id),
        publish=body.publish,
    )


def _checked_uri(state: State, uri: str | None) -> str | None:
    problem = None if uri is None else problem_of_http_url(uri)
    if problem is not None:
        raise InvalidParameter(
            "endPointUri must be an absolute http or https address, such as"
            f" https://example.org/flow. {problem}"
        )
    _check_reachable(state, uri)
    return uri


def _check_reachable(state: State, uri: str | None) -> None:
    """Refuses an address that is never called, as far as it shows without a look-up.

    In development any may be tried out; one that cannot be called fails when it is.
    """
    if uri is None or state.development:
        return
    try:
        state.egress.read(uri)
    except CallFailed as refusal:
        raise InvalidParameter(f"endPointUri cannot be called: {refusal.message}") from None


def _checked_application(application_id: str | None) -> str | None:
    if application_id is not None and not _APPLICATION_ID.fullmatch(application_id):
        raise InvalidParameter(
            "applicationId must be 1 to 64 letters, digits, dots, hyphens or underscores."
        )
    return application_id
