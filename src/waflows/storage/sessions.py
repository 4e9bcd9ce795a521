"""Queries on sessions of the console. Times are milliseconds since the epoch."""

from __future__ import annotations

from waflows.storage.database import Transaction


def insert(
    tx: Transaction, account_id: str, session_id: str, key_id: str, now: int, expires_at: int
) -> None:
    """Adds a session."""
    tx.execute(
        "INSERT INTO console_sessions (account_id, id, key_id, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        account_id,
        session_id,
        key_id,
        now,
        expires_at,
    )


def key_of(tx: Transaction, account_id: str, session_id: str, now: int) -> str | None:
    """The key that a live session was opened with."""
    row = tx.one(
        "SELECT key_id FROM console_sessions WHERE account_id = ? AND id = ? AND expires_at > ?",
        account_id,
        session_id,
        now,
    )
    return row[0] if row else None


def delete(tx: Transaction, account_id: str, session_id: str) -> int:
    """Deletes a session; returns how many there were."""
    return tx.execute(
        "DELETE FROM console_sessions WHERE account_id = ? AND id = ?", account_id, session_id
    )


def delete_of_key(tx: Transaction, account_id: str, key_id: str) -> int:
    """Deletes every session of a key; returns how many there were."""
    return tx.execute(
        "DELETE FROM console_sessions WHERE account_id = ? AND key_id = ?", account_id, key_id
    )


def delete_oldest(tx: Transaction, account_id: str, key_id: str, keep: int) -> None:
    """Deletes all but the newest sessions of a key."""
    tx.execute(
        "DELETE FROM console_sessions WHERE account_id = ? AND id IN"
        " (SELECT id FROM console_sessions WHERE account_id = ? AND key_id = ?"
        " ORDER BY created_at DESC, id LIMIT 1000 OFFSET ?)",
        account_id,
        account_id,
        key_id,
        keep,
    )


def delete_expired(tx: Transaction, now: int) -> None:
    """Deletes the expired sessions of every account."""
    tx.execute("DELETE FROM console_sessions WHERE expires_at <= ?", now)
