"""Compresses the revisions that an earlier version stored as plain text.

Done in short transactions, so that it can run beside a server and be interrupted: what is left is
compressed the next time. Both forms can be read at any time.
"""

from __future__ import annotations

import msgspec

from waflows.storage import packing
from waflows.storage.database import Database, Transaction

Place = tuple[str, str, int]
_START: Place = ("", "", -1)
_BATCH_ROWS = 200
_BATCH_BYTES = 4 * 1024 * 1024


class Compacted(msgspec.Struct, frozen=True):
    """How many revisions were compressed, and their bytes before and after."""

    revisions: int
    before: int
    after: int


def compress_revisions(database: Database) -> Compacted:
    """Compresses every revision that becomes shorter."""
    place: Place | None = _START
    total = Compacted(0, 0, 0)
    while place is not None:
        place, done = database.run_now(_compress_some, place)
        total = Compacted(
            total.revisions + done.revisions, total.before + done.before, total.after + done.after
        )
    return total


def _compress_some(tx: Transaction, beyond: Place) -> tuple[Place | None, Compacted]:
    """Compresses a few revisions after a place; returns the last place, None at the end."""
    rows = tx.all(
        "SELECT account_id, flow_id, revision, bytes FROM flow_revisions"
        " WHERE (account_id, flow_id, revision) > (?, ?, ?) AND packed IS NULL"
        " ORDER BY account_id, flow_id, revision LIMIT ?",
        *beyond,
        _BATCH_ROWS,
    )
    done = looked_at = before = after = 0
    for account_id, flow_id, revision, length in rows:
        saved = _compress(tx, (account_id, flow_id, revision))
        if saved is not None:
            done, before, after = done + 1, before + length, after + saved
        looked_at += length
        beyond = (account_id, flow_id, revision)
        if looked_at >= _BATCH_BYTES:
            break
    return (beyond if rows else None), Compacted(done, before, after)


def _compress(tx: Transaction, place: Place) -> int | None:
    """Compresses one revision; returns its compressed length, None if it stays as it is."""
    where = "account_id = ? AND flow_id = ? AND revision = ? AND packed IS NULL"
    row = tx.one(f"SELECT flow_json FROM flow_revisions WHERE {where}", *place)
    packed = None if row is None else packing.pack(row[0])
    if packed is None:
        return None
    tx.execute(
        f"UPDATE flow_revisions SET flow_json = '', packed = ? WHERE {where}", packed, *place
    )
    return len(packed)
