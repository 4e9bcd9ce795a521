"""The request bodies that both dialects share, and how they become what a use case takes."""

from __future__ import annotations

import enum
import re
from urllib.parse import urlsplit

import msgspec

from waflows.errors import InvalidParameter
from waflows.services.flows import Content

_URI_LENGTH = 2048
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


class CreateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new flow. A field that is null counts as left out."""

    name: str
    categories: list[Category]
    publish: bool | None = None
    flow_json: str | None = None
    clone_flow_id: str | None = None
    end_point_uri: str | None = None
    application_id: str | None = None


class UpdateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Changes to a draft; at least one field. A field that is null counts as left out."""

    name: str | None = None
    categories: list[Category] | None = None
    publish: bool | None = None
    flow_json: str | None = None
    clone_flow_id: str | None = None
    end_point_uri: str | None = None
    application_id: str | None = None


def content(body: CreateBody | UpdateBody) -> Content:
    """The body as a use case takes it; raises InvalidParameter for an unusable address or id."""
    return Content(
        name=body.name,
        categories=None if body.categories is None else [c.value for c in body.categories],
        flow_json=body.flow_json,
        clone_flow_id=body.clone_flow_id,
        endpoint_uri=_checked_uri(body.end_point_uri),
        application_id=_checked_application(body.application_id),
        publish=body.publish,
    )


def _checked_uri(uri: str | None) -> str | None:
    if uri is None:
        return None
    try:
        parts = urlsplit(uri)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or len(uri) > _URI_LENGTH or not uri.isprintable() or " " in uri:
        raise InvalidParameter(
            "endPointUri must be an absolute http or https address, such as"
            f" https://example.org/flow, of at most {_URI_LENGTH} characters."
        )
    return uri


def _checked_application(application_id: str | None) -> str | None:
    if application_id is not None and not _APPLICATION_ID.fullmatch(application_id):
        raise InvalidParameter(
            "applicationId must be 1 to 64 letters, digits, dots, hyphens or underscores."
        )
    return application_id
