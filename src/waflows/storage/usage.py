"""Queries on how much each account has: one row of counters, changed with what they count."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """How much an account has, or by how much that changes.

    `stored_bytes` is the length of every kept Flow JSON, before it is compressed; `phones` are the
    numbers with which there are conversations.
    """

    flows: int = 0
    stored_bytes: int = 0
    templates: int = 0
    phones: int = 0
    webhooks: int = 0


_COLUMNS = Usage.__struct_fields__
_ADD = (
    f"INSERT INTO account_usage (account_id, {', '.join(_COLUMNS)})"
    f" VALUES (?, {', '.join('?' * len(_COLUMNS))}) ON CONFLICT (account_id) DO UPDATE SET "
    + ", ".join(f"{name} = account_usage.{name} + excluded.{name}" for name in _COLUMNS)
    + f" RETURNING {', '.join(_COLUMNS)}"
)


def add(tx: Transaction, account_id: str, change: Usage) -> Usage:
    """Adds to what an account has, and says how much that is now.

    Whoever changes the same account's counters waits until this transaction ends.
    """
    row = tx.one(_ADD, account_id, *msgspec.structs.astuple(change))
    assert row is not None, "an upsert answers its row"
    return Usage(*row)


def find(tx: Transaction, account_id: str) -> Usage:
    """How much an account has."""
    row = tx.one(
        f"SELECT {', '.join(_COLUMNS)} FROM account_usage WHERE account_id = ?", account_id
    )
    return Usage(*row) if row else Usage()
