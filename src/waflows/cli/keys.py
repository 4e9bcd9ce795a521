"""`waflows key`: manage the API keys of an account."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from waflows import times
from waflows.cli.groups import Group
from waflows.cli.operator import account_option, database_options, opened
from waflows.cli.output import as_builtins, json_option, print_json, show_list, show_one
from waflows.errors import OperatorError
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.storage.accounts import ApiKey

_UNITS = {"m": 60, "h": 3600, "d": 24 * 3600}


@click.group(cls=Group)
def command() -> None:
    """Manage the API keys of an account.

    Several keys can be active at once: to rotate, create a new key, switch to it, then revoke the
    old one.
    """


@command.command()
@click.argument("name", default="key")
@account_option
@click.option("--read-only", is_flag=True, help="Create a read-only key.")
@click.option(
    "--channel", "channel_ids", multiple=True, help="Limit to this channel; may be repeated."
)
@click.option(
    "--sub-account",
    "sub_account_ids",
    multiple=True,
    help="Limit to this sub-account and its channel; may be repeated.",
)
@click.option(
    "--masked", is_flag=True, help="Create a key that sees answers and phone numbers masked."
)
@click.option(
    "--expires", metavar="WHEN", help="Expiry: after 90d, 12h or 30m, or at 2027-01-31T12:00Z."
)
@database_options
@json_option
def create(
    name: str,
    account_id: str,
    read_only: bool,
    channel_ids: tuple[str, ...],
    sub_account_ids: tuple[str, ...],
    masked: bool,
    expires: str | None,
    as_json: bool,
    **where: Any,
) -> None:
    """Create an API key with a descriptive NAME.

    The key is printed only once and cannot be shown again.
    """
    expires_at = _parse_expiry(expires) if expires else None
    with opened(**where) as db:
        created = db.run_now(
            accounts.create_key,
            account_id,
            name,
            read_only=read_only,
            channel_ids=list(channel_ids) or None,
            sub_account_ids=list(sub_account_ids) or None,
            masked=masked,
            expires_at=expires_at,
        )
    if as_json or not sys.stdout.isatty():
        print_json({"apiKey": created.text, **as_builtins(created.key)})
        return
    click.echo(created.text)
    click.echo("Save it now: it cannot be shown again.", err=True)


@command.command("list")
@account_option
@database_options
@json_option
def list_(account_id: str, as_json: bool, **where: Any) -> None:
    """List the keys of an account by their last six characters."""
    with opened(**where) as db:
        found = db.read_now(accounts.list_keys, account_id)
    show_list(
        found,
        {
            "ID": lambda key: key.id,
            "NAME": lambda key: key.name,
            "KEY": lambda key: f"…{key.last_six}",
            "MAY": _rights,
            "STATE": _state,
        },
        as_json=as_json,
        empty="No keys yet; create one with `waflows key create`.",
    )


@command.command()
@click.argument("key_id", metavar="KEY")
@account_option
@database_options
@json_option
def show(key_id: str, account_id: str, as_json: bool, **where: Any) -> None:
    """Show the key with id KEY."""
    with opened(**where) as db:
        _show(db.read_now(accounts.get_key, account_id, key_id), as_json)


@command.command()
@click.argument("key_id", metavar="KEY")
@account_option
@database_options
@json_option
def revoke(key_id: str, account_id: str, as_json: bool, **where: Any) -> None:
    """Revoke the key with id KEY immediately and permanently."""
    with opened(**where) as db:
        _show(db.run_now(accounts.revoke_key, account_id, key_id), as_json)


def _show(key: ApiKey, as_json: bool) -> None:
    show_one(
        key,
        {
            "id": key.id,
            "name": key.name,
            "key": f"…{key.last_six}",
            "may": _rights(key),
            "state": _state(key),
            "created": times.iso(key.created_at),
        },
        as_json=as_json,
    )


def _rights(key: ApiKey) -> str:
    where = "all channels" if key.channel_ids is None else ", ".join(key.channel_ids)
    if key.sub_account_ids is not None:
        where += f", as {', '.join(key.sub_account_ids)}"
    if key.masked:
        where += ", answers masked"
    return f"{'read' if key.read_only else 'read and write'} in {where}"


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {times.iso(key.revoked_at)}"
    if key.expires_at is None:
        return "live"
    word = "expired" if key.expires_at <= clock.now_ms() else "valid until"
    return f"{word} {times.iso(key.expires_at)}"


def _parse_expiry(text: str) -> int:
    """A time in milliseconds since the epoch, from "90d" or an ISO date."""
    if match := re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text):
        return clock.now_ms() + int(match[1]) * _UNITS[match[2]] * 1000
    at_ms = times.parse(text)
    if at_ms is None:
        raise OperatorError(
            f"--expires must be a time such as 90d, 12h, 30m or 2027-01-31T12:00Z, not {text!r}."
        )
    return at_ms
