"""Callers for tests of services, without a key in the database."""

from __future__ import annotations

from waflows.services.accounts.accounts import Principal


def unlimited(account_id: str) -> Principal:
    """Whoever has a key of the account that may do everything."""
    return Principal(
        account_id=account_id,
        key_id="key",
        last_six="xxxxxx",
        read_only=False,
        channel_ids=None,
        expires_at=None,
    )
