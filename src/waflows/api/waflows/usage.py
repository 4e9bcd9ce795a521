"""How much an account has and may have: an extension."""

from __future__ import annotations

import msgspec

from waflows.api import paths
from waflows.errors import Forbidden
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.accounts import quotas


class ShownUsage(msgspec.Struct, frozen=True, rename="camel"):
    """What an account has. A masked key gets no number of phones.

    It could send a template to a guessed number and see whether the number was new.
    """

    flows: int
    stored_bytes: int
    templates: int
    phones: int | None
    webhooks: int


class ShownSpace(msgspec.Struct, frozen=True):
    """The usage of an account and its limits, as a key may see them."""

    usage: ShownUsage
    limits: quotas.Limits


async def get_usage(call: Call[NoQuery, None]) -> Reply:
    """Returns how much the account has, and how much it may have.

    It counts flows, bytes, templates, phone numbers and webhooks; a limit of 0 means any number.
    A masked key gets null for the phone numbers. The API key must not be limited to channels or
    sub-accounts.
    """
    if call.principal.channel_ids is not None:
        raise Forbidden(
            "This API key is limited to channels, but usage is about the whole account: use a key"
            " without that limit."
        )
    space = await call.state.db.read(quotas.space, call.account_id)
    return Reply(_shown(space, masked=call.principal.masked))


def _shown(space: quotas.Space, *, masked: bool) -> ShownSpace:
    usage = space.usage
    shown = ShownUsage(
        flows=usage.flows,
        stored_bytes=usage.stored_bytes,
        templates=usage.templates,
        phones=None if masked else usage.phones,
        webhooks=usage.webhooks,
    )
    return ShownSpace(shown, space.limits)


_usage = RouteGroup(paths.ACCOUNT, tag="Extensions")
ROUTES: list[Route] = [
    _usage.get("/usage", get_usage, "Show what the account has", answers=ShownSpace),
]
