"""The reference dialect: /api/v1/accounts/{accountId}/channels/{channelId}/flows.

Each handler decodes, calls one use case and encodes; no rule of the product stands here.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows.api.eightbyeight.findings import (
    ValidationError,
    validation_errors,
    validation_errors_if_any,
)
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
from waflows.api.waflows.links import flow_json_url
from waflows.errors import InvalidParameter, NotFound
from waflows.flowjson.spec.versions import VERSIONS
from waflows.http.downloads import attachment
from waflows.http.error_lookup import find_error
from waflows.http.route import Call, NoQuery, Reply
from waflows.services import clock
from waflows.services.flows import lifecycle
from waflows.services.flows.texts import errors_of, warnings_of
from waflows.storage.flows import Checked, Flow, Revision, StatusName

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
    """Which fields beyond 8x8's to answer."""

    fields: Annotated[
        str,
        Meta(
            description="More fields to answer, comma-separated: " + ", ".join(_EXTRA_FIELDS) + ".",
            extra_json_schema={"pattern": f"^(({_ANY_EXTRA})(,({_ANY_EXTRA}))*)?$"},
        ),
    ] = ""


class Saved(msgspec.Struct, frozen=True, rename="camel"):
    """A flow was created or changed."""

    id: str
    success: bool = True
    validation_errors: list[ValidationError] | UnsetType = UNSET


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One flow. The fields after `validationErrors` are there only when asked for."""

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


class ValidateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A Flow JSON to check; `version` checks it against another version than it names."""

    flow_json: FlowJson
    version: Annotated[str, Meta(extra_json_schema={"enum": list(VERSIONS)})] | None = None


class Validated(msgspec.Struct, frozen=True, rename="camel"):
    """What was found. `valid` says that there are no errors; warnings do not count.

    `complete` is false when there are more faults than these, which were not looked for.
    """

    valid: bool
    validation_errors: list[ValidationError]
    warnings: list[ValidationError]
    complete: bool


class PreviewAnswer(msgspec.Struct, frozen=True):
    """A preview link and when it ends."""

    id: str
    preview_url: str
    expires_at: str


class RevisionAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """One version of a flow's JSON."""

    revision: int
    bytes: int
    sha256: str
    created_at: str


class Revisions(msgspec.Struct, frozen=True):
    """The versions of a flow's JSON, newest first."""

    revisions: list[RevisionAnswer]


async def create(call: Call[NoQuery, CreateBody]) -> Reply:
    """A new flow."""
    flow, known = await create_flow(call)
    return Reply(_saved(flow, known))


async def details(call: Call[DetailsQuery, None]) -> Reply:
    """One flow."""
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
            validation_errors=validation_errors_if_any(errors_of(known.faults)),
            end_point_uri=flow.endpoint_uri if "endPointUri" in extra else UNSET,
            application_id=flow.application_id if "applicationId" in extra else UNSET,
            revision=flow.revision if "revision" in extra else UNSET,
            created_at=clock.iso(flow.created_at) if "createdAt" in extra else UNSET,
            updated_at=clock.iso(flow.updated_at) if "updatedAt" in extra else UNSET,
            json_version=known.version if "jsonVersion" in extra else UNSET,
            warnings=validation_errors(warnings_of(known.faults)) if "warnings" in extra else UNSET,
        )
    )


async def update(call: Call[NoQuery, UpdateBody]) -> Reply:
    """Changes to a draft."""
    flow, known = await update_flow(call)
    return Reply(_saved(flow, known))


async def delete(call: Call[NoQuery, None]) -> Reply:
    """The end of a draft."""
    await call.state.db.run(lifecycle.delete, call.account_id, call.channel_id, call.flow_id)
    return Reply()


async def preview(call: Call[PreviewQuery, None]) -> Reply:
    """A link to look at the flow."""
    link = await preview_link(call)
    return Reply(PreviewAnswer(link.flow_id, link.url, link.expires("+0000")))


async def publish(call: Call[NoQuery, None]) -> Reply:
    """A draft made final."""
    await publish_flow(call)
    return Reply()


async def deprecate(call: Call[NoQuery, None]) -> Reply:
    """A published flow taken out of use."""
    await call.state.db.run(lifecycle.deprecate, call.account_id, call.channel_id, call.flow_id)
    return Reply()


async def list_revisions(call: Call[NoQuery, None]) -> Reply:
    """The versions of a flow's JSON."""
    found = await call.state.db.read(
        lifecycle.list_revisions, call.account_id, call.channel_id, call.flow_id
    )
    return Reply(Revisions([_revision(revision) for revision in found]))


async def get_revision(call: Call[NoQuery, None]) -> Reply:
    """The text of one version, byte for byte."""
    number = call.path["revision"]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotFound(f"Flow {call.flow_id} has no revision {number}.")
    text = await call.state.db.read(
        lifecycle.revision_json, call.account_id, call.channel_id, call.flow_id, int(number)
    )
    return Reply(text.encode("utf-8"), headers=attachment("flow.json"))


async def validate(call: Call[NoQuery, ValidateBody]) -> Reply:
    """What is wrong with a Flow JSON, without keeping it."""
    await call.state.db.read(lifecycle.require_channel, call.account_id, call.channel_id)
    version = call.body.version
    if version is not None and version not in VERSIONS:
        raise InvalidParameter(f"version must be one of {', '.join(VERSIONS)}, not {version!r}.")
    report = await call.state.checker.report(call.account_id, call.body.flow_json, version)
    errors = errors_of(report.diagnostics)
    return Reply(
        Validated(
            not errors,
            validation_errors(errors),
            validation_errors(warnings_of(report.diagnostics)),
            report.complete,
        )
    )


async def get_error(call: Call[NoQuery, None]) -> Reply:
    """An error that was answered to the account, by its errorId."""
    return Reply(await find_error(call.state.journal, call.principal, call.path["errorId"]))


def _saved(flow: Flow, known: Checked) -> Saved:
    return Saved(flow.id, validation_errors=validation_errors_if_any(errors_of(known.faults)))


def _asked_for(wanted: str) -> set[str]:
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    if unknown := sorted(names - set(_EXTRA_FIELDS)):
        raise InvalidParameter(
            f"fields must name some of {', '.join(_EXTRA_FIELDS)}, not {unknown[0]!r}."
        )
    return names


def _revision(revision: Revision) -> RevisionAnswer:
    return RevisionAnswer(
        revision.revision, revision.bytes, revision.sha256, clock.iso(revision.created_at)
    )
