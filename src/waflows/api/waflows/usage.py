"""How much an account has and may have, over HTTP. This is waflows' own."""

from __future__ import annotations

from waflows.errors import Forbidden
from waflows.http.route import Call, NoQuery, Reply
from waflows.services.accounts import quotas


async def get_usage(call: Call[NoQuery, None]) -> Reply:
    """The counters of the caller's account and its limits."""
    if call.principal.channel_ids is not None:
        raise Forbidden(
            "This API key is limited to channels, and this concerns all of the account: it needs a"
            " key without that limit."
        )
    return Reply(await call.state.db.read(quotas.space, call.account_id))
