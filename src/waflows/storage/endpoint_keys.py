"""Queries on key pairs, app secrets and health checks of data endpoints."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class EndpointKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key pair of a channel without its private key, which is stored sealed if there is one.

    `form` is the format it was given in; `public_key` is PEM. Times are milliseconds
    since the epoch.
    """

    number: int
    fingerprint: str
    form: str
    public_key: str
    holds_private_key: bool
    created_at: int
    replaced_at: int | None


class EndpointCheck(msgspec.Struct, frozen=True, rename="camel"):
    """The result of an endpoint's health check; `failing_step` is None when it passed."""

    uri: str
    fingerprint: str
    checked_at: int
    failing_step: str | None
    message: str


_KEYS = Rows(
    "endpoint_keys",
    EndpointKey,
    expressions={"holds_private_key": "private_key IS NOT NULL"},
)
_CHECKS = Rows("endpoint_checks", EndpointCheck)


def keys_of(tx: Transaction, account_id: str, channel_id: str) -> list[EndpointKey]:
    """The key pairs of a channel, the newest first."""
    rows = tx.all(
        f"{_KEYS.select} WHERE account_id = ? AND channel_id = ? ORDER BY number DESC",
        account_id,
        channel_id,
    )
    return _KEYS.all(rows)


def insert_key(
    tx: Transaction, account_id: str, channel_id: str, key: EndpointKey, private_key: str | None
) -> None:
    """Adds a key pair; `private_key` is sealed."""
    tx.execute(
        _KEYS.insert("account_id", "channel_id", "private_key"),
        *_KEYS.values(key),
        account_id,
        channel_id,
        private_key,
    )


def sealed_private_key(
    tx: Transaction, account_id: str, channel_id: str, number: int
) -> str | None:
    """Returns the sealed private key of a key pair."""
    row = tx.one(
        "SELECT private_key FROM endpoint_keys"
        " WHERE account_id = ? AND channel_id = ? AND number = ?",
        account_id,
        channel_id,
        number,
    )
    return row[0] if row else None


def set_replaced(
    tx: Transaction, account_id: str, channel_id: str, number: int, replaced_at: int
) -> None:
    """Marks a key pair as replaced and deletes its private key."""
    tx.execute(
        "UPDATE endpoint_keys SET replaced_at = ?, private_key = NULL"
        " WHERE account_id = ? AND channel_id = ? AND number = ?",
        replaced_at,
        account_id,
        channel_id,
        number,
    )


def sealed_app_secret(tx: Transaction, account_id: str, channel_id: str) -> tuple[str, int] | None:
    """Returns the sealed app secret of a channel and the time it was set."""
    row = tx.one(
        "SELECT secret, set_at FROM app_secrets WHERE account_id = ? AND channel_id = ?",
        account_id,
        channel_id,
    )
    return (row[0], row[1]) if row else None


def set_app_secret(
    tx: Transaction, account_id: str, channel_id: str, sealed: str, set_at: int
) -> None:
    """Stores the app secret of a channel, replacing an earlier one."""
    tx.execute(
        "INSERT INTO app_secrets (account_id, channel_id, secret, set_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (account_id, channel_id)"
        " DO UPDATE SET secret = excluded.secret, set_at = excluded.set_at",
        account_id,
        channel_id,
        sealed,
        set_at,
    )


def sealed_private_keys(tx: Transaction, account_id: str) -> list[tuple[str, int, str]]:
    """Channel, number and sealed text of every private key an account has."""
    return [
        (row[0], row[1], row[2])
        for row in tx.all(
            "SELECT channel_id, number, private_key FROM endpoint_keys"
            " WHERE account_id = ? AND private_key IS NOT NULL",
            account_id,
        )
    ]


def sealed_app_secrets(tx: Transaction, account_id: str) -> list[tuple[str, str]]:
    """Channel and sealed text of every app secret an account has."""
    rows = tx.all("SELECT channel_id, secret FROM app_secrets WHERE account_id = ?", account_id)
    return [(row[0], row[1]) for row in rows]


def find_check(tx: Transaction, account_id: str, channel_id: str, uri: str) -> EndpointCheck | None:
    """Returns the last health check of an endpoint."""
    row = tx.one(
        f"{_CHECKS.select} WHERE account_id = ? AND channel_id = ? AND uri = ?",
        account_id,
        channel_id,
        uri,
    )
    return _CHECKS.find(row)


def set_check(tx: Transaction, account_id: str, channel_id: str, check: EndpointCheck) -> None:
    """Stores a health check, replacing the last one of the same endpoint."""
    changes = _CHECKS.replacements("fingerprint", "checked_at", "failing_step", "message")
    tx.execute(
        f"{_CHECKS.insert('account_id', 'channel_id')}"
        f" ON CONFLICT (account_id, channel_id, uri) DO UPDATE SET {changes}",
        *_CHECKS.values(check),
        account_id,
        channel_id,
    )


def forget_checks(tx: Transaction, account_id: str, channel_id: str) -> None:
    """Deletes the health checks of a channel, which were made with another key or secret."""
    tx.execute(
        "DELETE FROM endpoint_checks WHERE account_id = ? AND channel_id = ?",
        account_id,
        channel_id,
    )
