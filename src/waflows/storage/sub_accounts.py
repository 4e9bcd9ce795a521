"""Queries on sub-accounts: the senders of an account, each of which uses one channel."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class SubAccount(msgspec.Struct, frozen=True, rename="camel"):
    """A sender of an account. Times are milliseconds since the epoch."""

    account_id: str
    id: str
    channel_id: str
    name: str
    created_at: int


_ROWS = Rows("sub_accounts", SubAccount)


def insert(tx: Transaction, sub_account: SubAccount) -> bool:
    """Adds a sub-account; False when the account has one of this id."""
    return bool(tx.execute(f"{_ROWS.insert()} ON CONFLICT DO NOTHING", *_ROWS.values(sub_account)))


def find(tx: Transaction, account_id: str, sub_account_id: str) -> SubAccount | None:
    """The sub-account, if the account has it."""
    row = tx.one(f"{_ROWS.select} WHERE account_id = ? AND id = ?", account_id, sub_account_id)
    return _ROWS.find(row)


def first_of_channel(tx: Transaction, account_id: str, channel_id: str) -> SubAccount | None:
    """The oldest sub-account that uses a channel."""
    row = tx.one(
        f"{_ROWS.select} WHERE account_id = ? AND channel_id = ? ORDER BY created_at, id LIMIT 1",
        account_id,
        channel_id,
    )
    return _ROWS.find(row)


def of_account(tx: Transaction, account_id: str) -> list[SubAccount]:
    """The sub-accounts of an account, oldest first."""
    rows = tx.all(f"{_ROWS.select} WHERE account_id = ? ORDER BY created_at, id", account_id)
    return _ROWS.all(rows)
