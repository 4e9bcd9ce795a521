"""`waflows subaccount`: manage the sub-accounts of an account."""

from __future__ import annotations

from typing import Any

import click

from waflows import times
from waflows.cli.groups import Group
from waflows.cli.operator import account_option, database_options, opened
from waflows.cli.output import json_option, show_list, show_one
from waflows.services.accounts import sub_accounts


@click.group(cls=Group)
def command() -> None:
    """Manage the sub-accounts of an account. Each sends messages through one channel."""


@command.command()
@click.argument("sub_account_id", metavar="ID")
@account_option
@click.option(
    "--channel",
    "channel_id",
    required=True,
    envvar="WAFLOWS_CHANNEL",
    help="Channel through which it sends.",
)
@click.option("--name", default="", help="Name for lists (default: the ID).")
@database_options
@json_option
def create(
    sub_account_id: str, account_id: str, channel_id: str, name: str, as_json: bool, **where: Any
) -> None:
    """Add a sub-account with an ID of your choice, for example an existing 8x8 one."""
    with opened(**where) as db:
        made = db.run_now(
            sub_accounts.create_sub_account, account_id, sub_account_id, channel_id, name
        )
    show_one(
        made,
        {
            "id": made.id,
            "name": made.name,
            "account": made.account_id,
            "channel": made.channel_id,
            "created": times.iso(made.created_at),
        },
        as_json=as_json,
    )


@command.command("list")
@account_option
@database_options
@json_option
def list_(account_id: str, as_json: bool, **where: Any) -> None:
    """List the sub-accounts of an account."""
    with opened(**where) as db:
        found = db.read_now(sub_accounts.list_sub_accounts, account_id)
    show_list(
        found,
        {
            "ID": lambda each: each.id,
            "NAME": lambda each: each.name,
            "CHANNEL": lambda each: each.channel_id,
            "CREATED": lambda each: times.iso(each.created_at),
        },
        as_json=as_json,
        empty="No sub-accounts yet; add one with `waflows subaccount create ID`.",
    )
