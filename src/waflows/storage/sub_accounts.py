"""Queries on sub-accounts: the senders of an account, each of which uses one channel."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction


class SubAccount(msgspec.Struct, frozen=True, rename="camel"):
    """A sender of an account. Times are milliseconds since the epoch."""

    account_id: str
    id: str
    channel_id: str
    name: str
    created_at: int


_SELECT = "SELECT account_id, id, channel_id, name, created_at FROM sub_accounts"


def insert(tx: Transaction, sub_account: SubAccount) -> bool:
    """Adds a sub-account; False when the account has one of this id."""
    return bool(
        tx.execute(
            "INSERT INTO sub_accounts (account_id, id, channel_id, name, created_at)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            sub_account.account_id,
            sub_account.id,
            sub_account.channel_id,
            sub_account.name,
            sub_account.created_at,
        )
    )


def find(tx: Transaction, account_id: str, sub_account_id: str) -> SubAccount | None:
    """The sub-account, if the account has it."""
    row = tx.one(f"{_SELECT} WHERE account_id = ? AND id = ?", account_id, sub_account_id)
    return SubAccount(*row) if row else None


def first_of_channel(tx: Transaction, account_id: str, channel_id: str) -> SubAccount | None:
    """The oldest sub-account that uses a channel."""
    row = tx.one(
        f"{_SELECT} WHERE account_id = ? AND channel_id = ? ORDER BY created_at, id LIMIT 1",
        account_id,
        channel_id,
    )
    return SubAccount(*row) if row else None


def of_account(tx: Transaction, account_id: str) -> list[SubAccount]:
    """The sub-accounts of an account, oldest first."""
    rows = tx.all(f"{_SELECT} WHERE account_id = ? ORDER BY created_at, id", account_id)
    return [SubAccount(*row) for row in rows]
