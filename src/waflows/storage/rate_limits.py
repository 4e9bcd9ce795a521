"""Queries on the recent uses of API keys and of other limited things."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class Usage(msgspec.Struct, frozen=True):
    """Uses counted in the window that began at `window_start` (ms), and in the one before."""

    window_start: int
    used: int
    used_before: int


_ROWS = Rows("rate_limits", Usage)


def lock(tx: Transaction, account_id: str, key_id: str, kind: str, now: int) -> Usage:
    """Locks and returns the counts of a key; concurrent requests wait for this transaction."""
    row = tx.one(
        f"{_ROWS.insert('account_id', 'key_id', 'kind')} ON CONFLICT (account_id, key_id, kind)"
        f" DO UPDATE SET kind = excluded.kind RETURNING {_ROWS.listed}",
        *_ROWS.values(Usage(now, 0, 0)),
        account_id,
        key_id,
        kind,
    )
    assert row is not None, "the row was inserted or updated"
    return _ROWS.read(row)


def save(tx: Transaction, account_id: str, key_id: str, kind: str, usage: Usage) -> None:
    """Writes the counts of a locked key."""
    tx.execute(
        f"UPDATE rate_limits SET {_ROWS.assignments()}"
        " WHERE account_id = ? AND key_id = ? AND kind = ?",
        *_ROWS.values(usage),
        account_id,
        key_id,
        kind,
    )


def delete_stale(tx: Transaction, before: int, after: int, most: int) -> int:
    """Deletes up to `most` counts of any account whose window began before or after two times."""
    return tx.execute(
        "DELETE FROM rate_limits WHERE (account_id, key_id, kind) IN"
        " (SELECT account_id, key_id, kind FROM rate_limits"
        " WHERE window_start < ? OR window_start > ? LIMIT ?)"
        # One that was used since it was looked for stays.
        " AND (window_start < ? OR window_start > ?)",
        before,
        after,
        most,
        before,
        after,
    )
