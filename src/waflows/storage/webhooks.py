"""Queries on webhooks: where an account wants its events sent, and with which credentials."""

from __future__ import annotations

from typing import Literal

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows

Kind = Literal["CADR", "MSG", "CABM"]
"""The events a webhook receives: receipts, inbound messages, business-management updates."""

EVERY_SUB_ACCOUNT = "*"


class OAuth(msgspec.Struct, frozen=True):
    """Client credentials (RFC 6749, 4.4); the secret is sealed."""

    url: str
    client_id: str
    client_secret: str
    credentials_location: Literal["header", "body"]
    scope: str


class SigningSecret(msgspec.Struct, frozen=True):
    """A secret that signs deliveries; sealed. `expires_at` None means until it is replaced."""

    id: str
    sealed: str
    created_at: int
    expires_at: int | None


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address and what is sent there; `http_authorization` is sealed.

    `revision` grows with every change, so that values derived from it can be cached.
    """

    account_id: str
    id: str
    sub_account_id: str
    type: Kind
    url: str
    enabled: bool
    http_authorization: str | None
    oauth: OAuth | None
    secrets: list[SigningSecret]
    revision: int
    created_at: int
    updated_at: int


_ROWS = Rows("webhooks", Webhook)


def of_account(tx: Transaction, account_id: str) -> list[Webhook]:
    """The webhooks of an account, by sub-account and type."""
    rows = tx.all(f"{_ROWS.select} WHERE account_id = ? ORDER BY sub_account_id, type", account_id)
    return _ROWS.all(rows)


def find(tx: Transaction, account_id: str, sub_account_id: str, kind: str) -> Webhook | None:
    """The webhook of a sub-account, or of `*`, for one type of event."""
    row = tx.one(
        f"{_ROWS.select} WHERE account_id = ? AND sub_account_id = ? AND type = ?",
        account_id,
        sub_account_id,
        kind,
    )
    return _ROWS.find(row)


def by_ids(tx: Transaction, ids: list[tuple[str, str]]) -> list[Webhook]:
    """The webhooks of these pairs of account and id, as far as they are still there."""
    if not ids:
        return []
    # Begun with the pairs, SQLite takes each in turn instead of going through the whole table.
    rows = tx.all(
        f"SELECT {_ROWS.of('w')} FROM (VALUES {', '.join(['(?, ?)'] * len(ids))}) AS v"
        " CROSS JOIN webhooks w WHERE w.account_id = v.column1 AND w.id = v.column2",
        *(part for pair in ids for part in pair),
    )
    return _ROWS.all(rows)


def concerned(tx: Transaction, account_id: str, sub_account_id: str, kind: str) -> list[Webhook]:
    """Returns the enabled webhooks that receive an event."""
    rows = tx.all(
        f"{_ROWS.select} WHERE account_id = ? AND type = ? AND sub_account_id IN (?, ?)"
        " AND enabled = 1 ORDER BY id",
        account_id,
        kind,
        sub_account_id,
        EVERY_SUB_ACCOUNT,
    )
    return _ROWS.all(rows)


def save(tx: Transaction, webhook: Webhook) -> None:
    """Adds a webhook, or replaces the one with its id."""
    changes = _ROWS.replacements(
        "url", "enabled", "http_authorization", "oauth", "secrets", "revision", "updated_at"
    )
    tx.execute(
        f"{_ROWS.insert()} ON CONFLICT (account_id, id) DO UPDATE SET {changes}",
        *_ROWS.values(webhook),
    )


def delete(tx: Transaction, account_id: str, webhook_id: str) -> None:
    """Removes a webhook; its deliveries stay."""
    tx.execute("DELETE FROM webhooks WHERE account_id = ? AND id = ?", account_id, webhook_id)
