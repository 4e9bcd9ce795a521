"""The account that `waflows dev` starts with: a channel, a sub-account, a key and sample flows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from waflows.errors import WaflowsError
from waflows.services.accounts import accounts, sub_accounts
from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.storage.database import Transaction

_SUB_ACCOUNT = "waflows_dev"


class DevelopmentAccount(msgspec.Struct, frozen=True, rename="camel"):
    """What a client needs to use the account."""

    account_id: str
    channel_id: str
    sub_account_id: str
    api_key: str


class SampleFlow(msgspec.Struct, frozen=True):
    """A flow to create, and whether to publish it."""

    content: Content
    published: bool


def create(tx: Transaction, flows: Iterable[SampleFlow]) -> DevelopmentAccount:
    """A new account with a channel, a sub-account, a key that may do everything, and flows."""
    account = accounts.create_account(tx, "Development")
    channel = accounts.create_channel(tx, account.id, "Sample channel")
    sub_accounts.create_sub_account(tx, account.id, _SUB_ACCOUNT, channel.id)
    key = accounts.create_key(tx, account.id, "dev")
    for sample in flows:
        flow = lifecycle.create(tx, account.id, channel.id, sample.content)
        if sample.published:
            lifecycle.publish(tx, account.id, channel.id, flow.id)
    return DevelopmentAccount(account.id, channel.id, _SUB_ACCOUNT, key.text)


def restore(tx: Transaction, known: DevelopmentAccount) -> bool:
    """Whether an account of an earlier start can still be used; recreates its sub-account."""
    try:
        accounts.authenticate(tx, accounts.instance_secret(tx), known.api_key)
    except WaflowsError:
        return False
    existing = [each.id for each in sub_accounts.list_sub_accounts(tx, known.account_id)]
    if known.sub_account_id not in existing:
        sub_accounts.create_sub_account(
            tx, known.account_id, known.sub_account_id, known.channel_id
        )
    return True
