"""Which sub-accounts' webhooks an API key may see and change: for webhooks and their deliveries."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from waflows.errors import Forbidden
from waflows.http.route import Call
from waflows.services.accounts.accounts import Principal
from waflows.storage.webhooks import EVERY_SUB_ACCOUNT

SubAccountId = Annotated[
    str,
    Meta(
        description="The sub-account whose events are sent, or `*` for all.",
        extra_json_schema={"pattern": r"^(\*|[A-Za-z0-9._&-]{3,50})$"},
    ),
]


def named(call: Call[Any, Any]) -> tuple[str, str, str]:
    """Account, sub-account and type of the webhook in the address; raises Forbidden."""
    check_reach(call.principal, call.path["subAccountId"])
    return call.account_id, call.path["subAccountId"], call.path["type"]


def sub_accounts_within(principal: Principal) -> frozenset[str] | None:
    """The sub-accounts whose webhooks a key may see and change; None for all, including `*`.

    A key limited to channels only reaches none: a webhook gets the events of every channel.
    """
    if principal.sub_account_ids is None and principal.channel_ids is not None:
        return frozenset()
    return principal.sub_account_ids


def check_reach(principal: Principal, sub_account_id: str) -> None:
    """Raises Forbidden when the key may not see and change the webhooks of a sub-account."""
    within = sub_accounts_within(principal)
    if within is not None and sub_account_id not in within:
        whose = "all sub-accounts" if sub_account_id == EVERY_SUB_ACCOUNT else sub_account_id[:50]
        raise Forbidden(f"This API key is limited and may not use the webhooks of {whose}.")
