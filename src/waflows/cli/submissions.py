"""`waflows submissions`: what users sent by finishing flows, over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from waflows.cli import flow_files
from waflows.cli.confirm import confirm, yes_option
from waflows.cli.connection import complete_flow, connected_to_account, connection_options, flow_id
from waflows.cli.groups import Group
from waflows.cli.output import json_option, show_list, show_one
from waflows.errors import OperatorError

if TYPE_CHECKING:
    from waflows.client import Client, Submission
    from waflows.client.operations import Filters

F = TypeVar("F", bound=Callable[..., Any])

_NOT_TO_BE_UNDONE = "It cannot be brought back."
_FILTERS = (
    click.option(
        "--flow",
        metavar="FLOW",
        shell_complete=complete_flow,
        help="Only answers to this flow: its id, or its exact name in the channel.",
    ),
    click.option("--since", metavar="TIME", help="Only from this date or time on, in UTC."),
    click.option("--until", metavar="TIME", help="Only before this time; a date counts whole."),
    click.option("--msisdn", metavar="NUMBER", help="Only answers of this phone number."),
    click.option("--all-channels", is_flag=True, help="Not only those in the channel."),
)


def _filter_options(command: F) -> F:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group(cls=Group)
def command() -> None:
    """List, export and delete what users sent by finishing flows.

    Every command takes --url, --account, --channel and --key, or the variables WAFLOWS_URL,
    WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and WAFLOWS_KEY. Without a channel it is about all of them.
    """


@command.command("list")
@_filter_options
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1, max=1000), default=100, show_default=True,
    help="Only the newest ones, this many.",
)  # fmt: skip
@connection_options
@json_option
def list_(limit: int, as_json: bool, **options: Any) -> None:
    """List what users sent, newest first.

    With --flow, each field of the flow is a column.

    Example: waflows submissions list --flow "Visitor feedback" --since 2026-03-01
    """
    filters, where = _parted(options)
    with connected_to_account(**where) as connection:
        page = connection.submission_page(limit, **_named(connection, filters))
    columns: dict[str, Callable[[Submission], str]] = {
        "SUBMITTED": _moment,
        "PHONE NUMBER": lambda each: each.msisdn,
        **{
            name: lambda each, name=name: _cell(each.fields.get(name))  # type: ignore[misc]  # bound at once
            for name in page.columns
        },
    }
    if not page.columns:
        columns["FLOW"] = lambda each: each.flow_id
        columns["ANSWER"] = lambda each: _cell(each.fields)
    columns["ID"] = lambda each: each.id
    shown = len(page.submissions)
    at_least = "" if page.total_is_exact else "at least "
    show_list(
        page.submissions,
        columns,
        as_json=as_json,
        empty="Nothing of that was sent." if any(filters.values()) else "Nothing was sent yet.",
        more=f"{shown} of {at_least}{page.total:,}." if page.next else "",
    )


@command.command()
@click.argument("submission")
@connection_options
@json_option
def show(submission: str, as_json: bool, **where: Any) -> None:
    """Show one submission with all its fields.

    Example: waflows submissions show 5f0c1a52-0d3e-4a4c-9c64-0d9b6b4c1f5e
    """
    with connected_to_account(**where) as connection:
        found = connection.submission(submission)
    lines = {
        "id": found.id,
        "submitted": _moment(found),
        "phone number": found.msisdn,
        "channel": found.channel_id,
        "sub-account": found.sub_account_id,
        "flow": f"{found.flow_id}, revision {found.flow_revision}",
        "message": found.message_umid,
        "answer": found.answer_umid,
        "flow token": found.flow_token or "none",
    }
    lines |= {f"field {name}": _cell(value) for name, value in found.fields.items()}
    show_one(found, lines, as_json=as_json)


@command.command()
@_filter_options
@click.option(
    "--format", "kind", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True,
    help="CSV for spreadsheets, or one line of JSON each.",
)  # fmt: skip
@click.option(
    "--out", metavar="FILE", default=flow_files.STANDARD, help="Write here, not to standard output."
)
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@connection_options
def export(kind: Any, out: str, force: bool, **options: Any) -> None:
    """Write everything that matches to a file, newest first, whatever the number.

    A FILE has its name only when it is whole.

    Example: waflows submissions export --since 2026-03-01 --out march.csv
    """
    filters, where = _parted(options)
    with connected_to_account(**where) as connection:
        pieces = connection.export_submissions(kind, **_named(connection, filters))
        if out == flow_files.STANDARD:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        size = flow_files.write_pieces(Path(out), pieces, overwrite=force)
    click.echo(f"Wrote {size:,} bytes to {out}.", err=True)


@command.command()
@click.argument("submissions", metavar="[SUBMISSION]...", nargs=-1)
@click.option("--msisdn", metavar="NUMBER", help="Delete all that this phone number sent.")
@yes_option
@connection_options
def delete(submissions: tuple[str, ...], msisdn: str | None, yes: bool, **where: Any) -> None:
    """Delete submissions by their ids, or all that one phone number sent.

    The latter includes what was said with that number, and the events about it.

    Example: waflows submissions delete --msisdn +6581234567 --yes
    """
    if bool(submissions) == (msisdn is not None):
        raise OperatorError("Name SUBMISSIONs by their ids, or a phone number with --msisdn.")
    which = f"all that {msisdn} sent" if msisdn else f"{len(submissions)} of what users sent"
    confirm(yes, lambda: f"Delete {which}? {_NOT_TO_BE_UNDONE}")
    with connected_to_account(**where) as connection:
        if msisdn is not None:
            gone = connection.delete_submissions_of(msisdn)
            told = (
                f"Deleted {gone.submissions} submissions, {gone.messages} messages and"
                f" {gone.events} events."
            )
        else:
            for each in submissions:
                connection.delete_submission(each)
            told = f"Deleted {len(submissions)}."
    click.echo(told, err=True)


def _parted(options: dict[str, Any]) -> tuple[Filters, dict[str, Any]]:
    """The filters among the options, and the rest, which say where to look."""
    everywhere = options.pop("all_channels")
    filters: Filters = {
        "flow": options.pop("flow"),
        "since": options.pop("since"),
        "until": options.pop("until"),
        "msisdn": options.pop("msisdn"),
        "channel": None if everywhere else options["channel"],
    }
    return filters, options


def _named(connection: Client, filters: Filters) -> Filters:
    """The filters with the id of a flow that was given by its name."""
    flow = filters["flow"]
    return {**filters, "flow": None if flow is None else flow_id(connection, flow)}


def _moment(submission: Submission) -> str:
    return submission.submitted_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: Any) -> str:
    """A value for people: text as it is, the rest as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
