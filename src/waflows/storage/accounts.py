"""Queries on accounts, channels, API keys and the instance's own secret."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """A tenant. Times are milliseconds since the epoch."""

    id: str
    name: str
    created_at: int


class Channel(msgspec.Struct, frozen=True, rename="camel"):
    """A WhatsApp number of an account; flows live in channels."""

    account_id: str
    id: str
    name: str
    created_at: int
    flow_count: int


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An API key without its text, which is shown once and not stored.

    `channel_ids` None means every channel, `sub_account_ids` None every sub-account. A `masked`
    key is shown answers and phone numbers with their characters covered.
    """

    account_id: str
    id: str
    name: str
    last_six: str
    read_only: bool
    channel_ids: list[str] | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    sub_account_ids: list[str] | None = None
    masked: bool = False


_ACCOUNTS = Rows("accounts", Account)
_CHANNELS = Rows("channels", Channel)
# A key from before there were sub-accounts has null for them.
_KEYS = Rows("api_keys", ApiKey, never_null=("channel_ids", "sub_account_ids"))


def instance_value(tx: Transaction, name: str) -> str | None:
    """Returns a value of this installation, or None."""
    row = tx.one("SELECT value FROM instance WHERE name = ?", name)
    return row[0] if row else None


def set_instance_value(tx: Transaction, name: str, value: str) -> None:
    """Sets a value of this installation unless it is set already."""
    tx.execute(
        "INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        name,
        value,
    )


def replace_instance_value(tx: Transaction, name: str, value: str) -> None:
    """Sets a value of this installation, replacing an earlier one."""
    tx.execute(
        "INSERT INTO instance (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        value,
    )


def forget_instance_value(tx: Transaction, name: str) -> None:
    """Deletes a value of this installation."""
    tx.execute("DELETE FROM instance WHERE name = ?", name)


def insert_account(tx: Transaction, account: Account) -> bool:
    """Adds an account; False when its id is taken."""
    return bool(
        tx.execute(f"{_ACCOUNTS.insert()} ON CONFLICT DO NOTHING", *_ACCOUNTS.values(account))
    )


def find_account(tx: Transaction, account_id: str) -> Account | None:
    """The account, if there is one."""
    return _ACCOUNTS.find(tx.one(f"{_ACCOUNTS.select} WHERE id = ?", account_id))


def all_accounts(tx: Transaction) -> list[Account]:
    """Every account, oldest first."""
    return _ACCOUNTS.all(tx.all(f"{_ACCOUNTS.select} ORDER BY created_at, id"))


def insert_channel(tx: Transaction, channel: Channel) -> bool:
    """Adds a channel; False when the account has one of this id."""
    return bool(
        tx.execute(
            f"{_CHANNELS.insert('last_position')} ON CONFLICT DO NOTHING",
            *_CHANNELS.values(channel),
            0,
        )
    )


def find_channel(tx: Transaction, account_id: str, channel_id: str) -> Channel | None:
    """The channel, if the account has it."""
    row = tx.one(f"{_CHANNELS.select} WHERE account_id = ? AND id = ?", account_id, channel_id)
    return _CHANNELS.find(row)


def channels_of(tx: Transaction, account_id: str) -> list[Channel]:
    """The channels of an account, oldest first."""
    rows = tx.all(f"{_CHANNELS.select} WHERE account_id = ? ORDER BY created_at, id", account_id)
    return _CHANNELS.all(rows)


def lock_channel(tx: Transaction, account_id: str, channel_id: str) -> bool:
    """Locks the channel against other writers until the end; False if it does not exist."""
    return bool(
        tx.execute(
            "UPDATE channels SET last_position = last_position WHERE account_id = ? AND id = ?",
            account_id,
            channel_id,
        )
    )


def take_position(tx: Transaction, account_id: str, channel_id: str) -> int:
    """Takes the next position in the channel's list and counts one more flow."""
    row = tx.one(
        "UPDATE channels SET last_position = last_position + 1, flow_count = flow_count + 1"
        " WHERE account_id = ? AND id = ? RETURNING last_position",
        account_id,
        channel_id,
    )
    assert row is not None, "the channel was locked before"
    return int(row[0])


def count_one_less(tx: Transaction, account_id: str, channel_id: str) -> None:
    """Counts one flow of the channel less."""
    tx.execute(
        "UPDATE channels SET flow_count = flow_count - 1 WHERE account_id = ? AND id = ?",
        account_id,
        channel_id,
    )


def insert_key(tx: Transaction, key: ApiKey, digest: str) -> None:
    """Adds a key under the digest of its text."""
    tx.execute(_KEYS.insert("digest"), *_KEYS.values(key), digest)


def key_by_id(tx: Transaction, key_id: str) -> tuple[ApiKey, str] | None:
    """Returns a key of any account with its digest; this is how a caller's account is found."""
    row = tx.one(f"SELECT digest, {_KEYS.listed} FROM api_keys WHERE id = ?", key_id)
    return (_KEYS.read(row[1:]), row[0]) if row else None


def keys_of(tx: Transaction, account_id: str) -> list[ApiKey]:
    """The keys of an account, oldest first."""
    rows = tx.all(f"{_KEYS.select} WHERE account_id = ? ORDER BY created_at, id", account_id)
    return _KEYS.all(rows)


def find_key(tx: Transaction, account_id: str, key_id: str) -> ApiKey | None:
    """A key of the account."""
    return _KEYS.find(tx.one(f"{_KEYS.select} WHERE account_id = ? AND id = ?", account_id, key_id))


def set_revoked(tx: Transaction, account_id: str, key_id: str, at: int) -> None:
    """Marks a key as revoked; an earlier time of revocation stays."""
    tx.execute(
        "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, ?) WHERE account_id = ? AND id = ?",
        at,
        account_id,
        key_id,
    )
