"""Error responses: stored, looked up by errorId, and deleted when they are old.

They are side records: the transactions are those of `waflows.storage.side.open_side`.
"""

from __future__ import annotations

import uuid

from waflows.errors import NotFound
from waflows.services import clock
from waflows.storage import error_records as store
from waflows.storage.database import Transaction
from waflows.storage.error_records import ErrorRecord

STRANGERS_ROWS = 1000
"""The number of errors of requests without an account that are kept."""

_DAY_MS = 24 * 3600 * 1000


def keep(tx: Transaction, records: list[tuple[int, ErrorRecord]], rows: int) -> None:
    """Stores errors, each with its time in milliseconds since the epoch, and deletes the oldest.

    An account keeps its newest `rows`. Errors of requests without an account share a small separate
    quota, so that unauthenticated requests cannot displace an account's errors.
    """
    store.insert_all(tx, records)
    for account_id in sorted({record.account_id for _, record in records}):
        store.delete_beyond(tx, account_id, rows if account_id else min(rows, STRANGERS_ROWS))


def find(tx: Transaction, account_id: str, error_id: str) -> ErrorRecord:
    """An error that happened to the account; raises NotFound."""
    return _found(store.find(tx, account_id, _canonical(error_id)), error_id)


def find_any(tx: Transaction, error_id: str) -> ErrorRecord:
    """Returns an error of any account, for operators; raises NotFound."""
    return _found(store.find_by_id(tx, _canonical(error_id)), error_id)


def latest(tx: Transaction, limit: int) -> list[ErrorRecord]:
    """The newest errors of all accounts, newest first, for operators."""
    return store.latest(tx, limit)


def forget_old(tx: Transaction, days: int) -> int:
    """Deletes errors older than some days; returns how many."""
    return store.delete_older(tx, clock.now_ms() - days * _DAY_MS)


def unknown(error_id: str) -> NotFound:
    """The error for an errorId that does not exist or belongs to another account."""
    return NotFound(
        f"No error {error_id[:64]} is known here; errors are kept for a while, and of"
        " very many at once only some; the server's log has them all."
    )


def _canonical(error_id: str) -> str:
    try:
        return str(uuid.UUID(error_id))
    except ValueError:
        return ""


def _found(record: ErrorRecord | None, error_id: str) -> ErrorRecord:
    if record is None:
        raise unknown(error_id)
    return record
