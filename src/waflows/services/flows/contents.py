"""A flow's content as a client gives it, checked before a use case takes it.

Checking a Flow JSON takes time, so it happens outside of any transaction.
"""

from __future__ import annotations

import re

import msgspec

from waflows.errors import InvalidParameter
from waflows.services.flows.categories import Category
from waflows.services.flows.checking import Checker
from waflows.services.flows.lifecycle import Content
from waflows.upstream.calls import CallFailed
from waflows.upstream.egress import Egress
from waflows.urls import problem_of_http_url

APPLICATION_ID_PATTERN = "[A-Za-z0-9._-]{1,64}"
_APPLICATION_ID = re.compile(APPLICATION_ID_PATTERN)


class GivenContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says about a flow; a field it does not mention is None."""

    name: str | None = None
    categories: list[Category] | None = None
    flow_json: str | None = None
    clone_flow_id: str | None = None
    endpoint_uri: str | None = None
    application_id: str | None = None
    publish: bool | None = None


async def check_content(
    given: GivenContent,
    account_id: str,
    checker: Checker,
    egress: Egress,
    *,
    allow_any_address: bool,
) -> Content:
    """Returns the content as a use case takes it, with its Flow JSON validated.

    `allow_any_address` accepts endpoint addresses that the egress guard would refuse to call.
    Raises InvalidParameter for an unusable address or id, and whatever checking a Flow JSON raises.
    """
    text = given.flow_json
    return Content(
        name=given.name,
        categories=None if given.categories is None else [one.value for one in given.categories],
        flow_json=None if text is None else await checker.check(account_id, text),
        clone_flow_id=given.clone_flow_id,
        endpoint_uri=_check_uri(given.endpoint_uri, None if allow_any_address else egress),
        application_id=_check_application(given.application_id),
        publish=given.publish,
    )


def _check_uri(uri: str | None, egress: Egress | None) -> str | None:
    """Returns the address; refuses one that is malformed or can be seen never to be callable."""
    if uri is None:
        return None
    problem = problem_of_http_url(uri)
    if problem is not None:
        raise InvalidParameter(
            "endPointUri must be an absolute http or https address, such as"
            f" https://example.org/flow. {problem}"
        )
    if egress is not None:
        try:
            egress.read(uri)
        except CallFailed as refusal:
            raise InvalidParameter(f"endPointUri cannot be called: {refusal.message}") from None
    return uri


def _check_application(application_id: str | None) -> str | None:
    if application_id is not None and not _APPLICATION_ID.fullmatch(application_id):
        raise InvalidParameter(
            "applicationId must be 1 to 64 letters, digits, dots, hyphens or underscores."
        )
    return application_id
