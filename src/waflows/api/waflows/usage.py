"""How much an account has and may have: an extension."""

from __future__ import annotations

from waflows.api import paths
from waflows.errors import Forbidden
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.accounts import quotas


async def get_usage(call: Call[NoQuery, None]) -> Reply:
    """Returns how much the account has, and how much it may have.

    It counts flows, bytes, templates, phone numbers and webhooks; a limit of 0 means any number.
    The API key must not be limited to channels or sub-accounts.
    """
    if call.principal.channel_ids is not None:
        raise Forbidden(
            "This API key is limited to channels, but usage is about the whole account: use a key"
            " without that limit."
        )
    return Reply(await call.state.db.read(quotas.space, call.account_id))


_usage = RouteGroup(paths.ACCOUNT, tag="Extensions")
ROUTES: list[Route] = [
    _usage.get("/usage", get_usage, "Show what the account has", answers=quotas.Space),
]
