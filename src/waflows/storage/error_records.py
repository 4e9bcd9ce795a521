"""Queries on error responses, stored so that they can be looked up by errorId.

The table is among the side records: see `waflows.storage.side`.
"""

from __future__ import annotations

import msgspec

from waflows.storage.database import Row, Transaction


class ErrorRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One error response and its request, without the key and the body."""

    error_id: str
    timestamp: str
    status: int
    code: int
    message: str
    method: str
    path: str
    request_id: str
    route: str = ""
    query: str = ""
    client: str = ""
    user_agent: str = ""
    content_type: str = ""
    content_length: str = ""
    key_last_six: str = ""
    cause: str = ""
    traceback: str = ""
    account_id: str = ""
    channel_id: str = ""


def insert_all(tx: Transaction, records: list[tuple[int, ErrorRecord]]) -> None:
    """Keeps errors, each with its time in milliseconds since the epoch."""
    insert_rows(
        tx,
        [
            (record.account_id, record.error_id, at, msgspec.json.encode(record).decode())
            for at, record in records
        ],
    )


def insert_rows(tx: Transaction, rows: list[Row]) -> None:
    """Inserts rows of errors; existing rows stay as they are."""
    tx.execute_each(
        "INSERT INTO errors (account_id, id, at, record) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        rows,
    )


def some_rows(tx: Transaction, limit: int) -> list[Row]:
    """Returns rows of errors of any account, to be moved to another database."""
    return tx.all("SELECT account_id, id, at, record FROM errors LIMIT ?", limit)


def delete_rows(tx: Transaction, rows: list[Row]) -> None:
    """Deletes rows of errors that were moved to another database."""
    keys = [row[:2] for row in rows]
    tx.execute_each("DELETE FROM errors WHERE account_id = ? AND id = ?", keys)


def find(tx: Transaction, account_id: str, error_id: str) -> ErrorRecord | None:
    """An error that happened to the account."""
    row = tx.one("SELECT record FROM errors WHERE account_id = ? AND id = ?", account_id, error_id)
    return msgspec.json.decode(row[0], type=ErrorRecord) if row else None


def find_by_id(tx: Transaction, error_id: str) -> ErrorRecord | None:
    """Returns an error of any account, for operators."""
    row = tx.one("SELECT record FROM errors WHERE id = ?", error_id)
    return msgspec.json.decode(row[0], type=ErrorRecord) if row else None


def latest(tx: Transaction, limit: int) -> list[ErrorRecord]:
    """The newest errors of all accounts, newest first: for operators."""
    rows = tx.all("SELECT record FROM errors ORDER BY at DESC LIMIT ?", limit)
    return [msgspec.json.decode(row[0], type=ErrorRecord) for row in rows]


def delete_older(tx: Transaction, before: int) -> int:
    """Deletes errors from before a time; returns how many."""
    return tx.execute("DELETE FROM errors WHERE at < ?", before)


def delete_beyond(tx: Transaction, account_id: str, keep: int) -> int:
    """Deletes all but the newest errors of an account; returns how many."""
    first = tx.one(
        "SELECT at, id FROM errors WHERE account_id = ? ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?",
        account_id,
        keep,
    )
    if first is None:
        return 0
    at, id_ = first
    return tx.execute(
        "DELETE FROM errors WHERE account_id = ? AND (at < ? OR (at = ? AND id <= ?))",
        account_id,
        at,
        at,
        id_,
    )
