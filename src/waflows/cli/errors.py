"""`waflows errors`: look up what an errorId refers to."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from waflows.cli.groups import Group
from waflows.cli.operator import database_options, opened
from waflows.cli.output import json_option, print_json, show_list
from waflows.errors import NotFound
from waflows.services.accounts import error_log
from waflows.storage.database import Database
from waflows.storage.error_records import ErrorRecord
from waflows.storage.side import opened_side

# The server records an error a moment after it has sent it.
_TRIES, _PAUSE_SECONDS = 4, 0.1


@click.group(cls=Group)
def command() -> None:
    """Look up API errors by errorId."""


@command.command()
@click.argument("error_id", metavar="ID")
@database_options
@json_option
def show(error_id: str, as_json: bool, **where: Any) -> None:
    """Show the request that got the errorId ID, and why it failed."""
    with opened(**where) as db, opened_side(db) as side:
        record = _find(side, error_id)
    if as_json or not sys.stdout.isatty():
        print_json(record)
        return
    for label, text in _lines(record).items():
        if text:
            click.echo(f"{label.ljust(11)}  {text}")
    if record.traceback:
        click.echo(f"\n{record.traceback}")


@command.command("list")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    help="Number of errors to list (default 20).",
)
@database_options
@json_option
def list_(limit: int, as_json: bool, **where: Any) -> None:
    """List the newest errors."""
    with opened(**where) as db, opened_side(db) as side:
        found = side.read_now(error_log.latest, limit)
    show_list(
        found,
        {
            "TIME": lambda record: record.timestamp[:19],
            "STATUS": lambda record: f"{record.status}/{record.code}",
            "ERROR ID": lambda record: record.error_id,
            "MESSAGE": lambda record: record.message,
        },
        as_json=as_json,
        empty="No errors recorded.",
    )


def _find(side: Database, error_id: str) -> ErrorRecord:
    for _ in range(_TRIES - 1):
        try:
            return side.read_now(error_log.find_any, error_id)
        except NotFound:
            time.sleep(_PAUSE_SECONDS)
    return side.read_now(error_log.find_any, error_id)


def _lines(record: ErrorRecord) -> dict[str, str]:
    query = f"?{record.query}" if record.query else ""
    return {
        "errorId": record.error_id,
        "time": record.timestamp,
        "answer": f"{record.status}, code {record.code}: {record.message}",
        "request": f"{record.method} {record.path}{query}",
        "request id": record.request_id,
        "account": record.account_id,
        "key": f"…{record.key_last_six}" if record.key_last_six else "",
        "client": " ".join(filter(None, (record.client, record.user_agent))),
        "cause": record.cause,
    }
