"""`waflows channel`: manage the channels of an account."""

from __future__ import annotations

from typing import Any

import click

from waflows import times
from waflows.cli.groups import Group
from waflows.cli.operator import account_option, database_options, opened
from waflows.cli.output import json_option, show_list, show_one
from waflows.services.accounts import accounts
from waflows.storage.accounts import Channel


@click.group(cls=Group)
def command() -> None:
    """Manage the channels of an account. Each flow belongs to a channel."""


@command.command()
@click.argument("name")
@account_option
@click.option("--id", "channel_id", help="Id to use, for example that of an existing 8x8 channel.")
@database_options
@json_option
def create(name: str, account_id: str, channel_id: str | None, as_json: bool, **where: Any) -> None:
    """Add a channel called NAME to an account."""
    with opened(**where) as db:
        _show(db.run_now(accounts.create_channel, account_id, name, channel_id), as_json)


@command.command("list")
@account_option
@database_options
@json_option
def list_(account_id: str, as_json: bool, **where: Any) -> None:
    """List the channels of an account."""
    with opened(**where) as db:
        found = db.read_now(accounts.list_channels, account_id)
    show_list(
        found,
        {
            "ID": lambda channel: channel.id,
            "NAME": lambda channel: channel.name,
            "FLOWS": lambda channel: str(channel.flow_count),
            "CREATED": lambda channel: times.iso(channel.created_at),
        },
        as_json=as_json,
        empty="No channels yet; add one with `waflows channel create NAME`.",
    )


@command.command()
@click.argument("channel_id", metavar="CHANNEL")
@account_option
@database_options
@json_option
def show(channel_id: str, account_id: str, as_json: bool, **where: Any) -> None:
    """Show the channel with id CHANNEL."""
    with opened(**where) as db:
        _show(db.read_now(accounts.get_channel, account_id, channel_id), as_json)


def _show(channel: Channel, as_json: bool) -> None:
    show_one(
        channel,
        {
            "id": channel.id,
            "name": channel.name,
            "account": channel.account_id,
            "flows": str(channel.flow_count),
            "created": times.iso(channel.created_at),
        },
        as_json=as_json,
    )
