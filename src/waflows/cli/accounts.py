"""`waflows account`: manage the accounts of this server."""

from __future__ import annotations

from typing import Any

import click

from waflows import times
from waflows.cli.groups import Group
from waflows.cli.operator import database_options, opened
from waflows.cli.output import json_option, show_list, show_one
from waflows.services.accounts import accounts, quotas
from waflows.storage.accounts import Account


@click.group(cls=Group)
def command() -> None:
    """Manage accounts. Each has its own channels, flows and keys."""


@command.command()
@click.argument("name")
@click.option("--id", "account_id", help="Id to use, for example that of an existing 8x8 account.")
@database_options
@json_option
def create(name: str, account_id: str | None, as_json: bool, **where: Any) -> None:
    """Create an account called NAME."""
    with opened(**where) as db:
        _show(db.run_now(accounts.create_account, name, account_id), as_json)


@command.command("list")
@database_options
@json_option
def list_(as_json: bool, **where: Any) -> None:
    """List all accounts."""
    with opened(**where) as db:
        found = db.read_now(accounts.list_accounts)
    show_list(
        found,
        {
            "ID": lambda account: account.id,
            "NAME": lambda account: account.name,
            "CREATED": lambda account: times.iso(account.created_at),
        },
        as_json=as_json,
        empty="No accounts yet; create one with `waflows account create NAME`.",
    )


@command.command()
@click.argument("account_id", metavar="ACCOUNT")
@database_options
@json_option
def show(account_id: str, as_json: bool, **where: Any) -> None:
    """Show the account with id ACCOUNT."""
    with opened(**where) as db:
        _show(db.read_now(accounts.get_account, account_id), as_json)


@command.command()
@click.argument("account_id", metavar="ACCOUNT")
@database_options
@json_option
def usage(account_id: str, as_json: bool, **where: Any) -> None:
    """Show what the account ACCOUNT uses of its quotas.

    The limits are those of the most recently started server, or the defaults if none has started.
    """
    with opened(**where) as db:
        account = db.read_now(accounts.get_account, account_id)
        space = db.read_now(quotas.space, account.id)
    show_one(
        space,
        {
            label: _of(getattr(space.usage, name), getattr(space.limits, name))
            for name, label in _COUNTED.items()
        },
        as_json=as_json,
    )


def _of(used: int, limit: int) -> str:
    return f"{used:,} of {limit:,}" if limit else f"{used:,}"


_COUNTED = {
    "flows": "flows",
    "stored_bytes": "bytes",
    "templates": "templates",
    "phones": "phones",
    "webhooks": "webhooks",
}


def _show(account: Account, as_json: bool) -> None:
    show_one(
        account,
        {"id": account.id, "name": account.name, "created": times.iso(account.created_at)},
        as_json=as_json,
    )
