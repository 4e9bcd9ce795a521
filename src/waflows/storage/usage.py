"""Queries on how much each account stores, counted in the transaction that changes it.

One row of counters for each account covers what is changed rarely. The bytes of messages, answers
and open flows change with every message, so they are counted in several parts, chosen by the
person they concern: messages to different people rarely wait for each other. Only the sum of the
parts means anything.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows

ROW_BYTES = 1024
"""What a message, an answer or an open flow counts beside its content: its row and indexes."""

_PARTS = 16


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """How much an account has, or by how much that changes.

    `stored_bytes` is the length of every kept Flow JSON, before it is compressed. Of an account it
    includes its messages and answers, which `add_content` counts. `phones` are the numbers with
    which there are conversations.
    """

    flows: int = 0
    stored_bytes: int = 0
    templates: int = 0
    phones: int = 0
    webhooks: int = 0


class Content(NamedTuple):
    """Bytes of messages, answers and open flows that concern one person."""

    account_id: str
    msisdn: str
    bytes: int


_ROWS = Rows("account_usage", Usage)
_SUMS = ", ".join(f"{name} = account_usage.{name} + excluded.{name}" for name in _ROWS.columns)
_CONTENT = "SELECT COALESCE(SUM(bytes), 0) FROM account_content WHERE account_id = ?"


def add(tx: Transaction, account_id: str, change: Usage) -> None:
    """Adds to the counters of an account.

    Other changes of the same account's counters wait until this transaction ends.
    """
    tx.execute(
        f"{_ROWS.insert('account_id')} ON CONFLICT (account_id) DO UPDATE SET {_SUMS}",
        *_ROWS.values(change),
        account_id,
    )


def find(tx: Transaction, account_id: str) -> Usage:
    """How much an account has."""
    usage = _ROWS.find(tx.one(f"{_ROWS.select} WHERE account_id = ?", account_id)) or Usage()
    content = tx.all(_CONTENT, account_id)[0][0]
    return msgspec.structs.replace(usage, stored_bytes=usage.stored_bytes + int(content))


def stored_bytes(tx: Transaction, account_id: str) -> int:
    """How many bytes an account stores: Flow JSON, messages, answers and open flows."""
    rows = tx.all(
        f"SELECT ({_CONTENT})"
        " + COALESCE((SELECT stored_bytes FROM account_usage WHERE account_id = ?), 0)",
        account_id,
        account_id,
    )
    return int(rows[0][0])


def add_content(tx: Transaction, changes: Iterable[Content]) -> None:
    """Adds to the bytes that accounts store of some people; negative numbers give bytes back.

    Call it after taking every other lock of the transaction, except those of the same people's
    conversations: other transactions that count content may wait for this one.
    """
    totals: Counter[tuple[str, int]] = Counter()
    for account_id, msisdn, size in changes:
        totals[account_id, zlib.crc32(msisdn.encode()) % _PARTS] += size
    # In one order everywhere, so that two transactions do not wait for each other.
    for (account_id, part), size in sorted(totals.items()):
        if size:
            tx.execute(
                "INSERT INTO account_content (account_id, part, bytes) VALUES (?, ?, ?)"
                " ON CONFLICT (account_id, part)"
                " DO UPDATE SET bytes = account_content.bytes + excluded.bytes",
                account_id,
                part,
                size,
            )
