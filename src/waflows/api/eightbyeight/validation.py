"""Validating a Flow JSON without keeping it: an extension, in the reference dialect's words."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from waflows.api import paths
from waflows.api.eightbyeight.findings import ValidationError, validation_errors
from waflows.api.eightbyeight.flow_bodies import FlowJson
from waflows.errors import InvalidParameter
from waflows.flowjson.spec.versions import VERSIONS
from waflows.http import limits
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.flows import lifecycle
from waflows.services.flows.texts import errors_of, warnings_of


class ValidateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A Flow JSON to check; `version` checks it against another version than it names."""

    flow_json: FlowJson
    version: Annotated[str, Meta(extra_json_schema={"enum": list(VERSIONS)})] | None = None


class Validated(msgspec.Struct, frozen=True, rename="camel"):
    """What was found. `valid` says that there are no errors; warnings do not count.

    `complete` is false when there may be more findings: the search ended with these.
    """

    valid: bool
    validation_errors: list[ValidationError]
    warnings: list[ValidationError]
    complete: bool


async def validate_flow(call: Call[NoQuery, ValidateBody]) -> Reply:
    """Checks a Flow JSON without keeping it.

    It reports every error that would keep a flow from being published, and warnings.
    """
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


_extensions = RouteGroup(paths.CHANNEL, tag="Extensions")
ROUTES: list[Route] = [
    _extensions.post(
        "/flows:validate",
        validate_flow,
        "Check a Flow JSON",
        scope=Scope.READ,
        body=ValidateBody,
        max_body=limits.FLOW_JSON,
        answers=Validated,
    ),
]
