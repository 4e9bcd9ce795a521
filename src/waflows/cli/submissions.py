"""`waflows submissions`: list, export and delete submissions over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from waflows import times
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

_NOT_TO_BE_UNDONE = "This cannot be undone."
_FILTERS = (
    click.option(
        "--flow",
        metavar="FLOW",
        shell_complete=complete_flow,
        help="Only submissions of this flow: its id, or its exact name in the channel.",
    ),
    click.option("--since", metavar="TIME", help="Only from this date or time on (UTC)."),
    click.option(
        "--until", metavar="TIME", help="Only before this time; a date includes the whole day."
    ),
    click.option("--msisdn", metavar="NUMBER", help="Only submissions from this phone number."),
    click.option("--all-channels", is_flag=True, help="Include all channels."),
)


def _filter_options(command: F) -> F:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group(cls=Group)
def command() -> None:
    """List, export and delete submissions: the answers of users who completed flows.

    Every command takes --url, --account, --channel and --key, or the variables WAFLOWS_URL,
    WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and WAFLOWS_KEY. Without a channel, all channels are included.
    """


@command.command("list")
@_filter_options
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1, max=1000), default=100, show_default=True,
    help="List only this many, newest first.",
)  # fmt: skip
@connection_options
@json_option
def list_(limit: int, as_json: bool, **options: Any) -> None:
    """List submissions, newest first.

    With --flow, each field of the flow is a column.

    Example: waflows submissions list --flow "Visitor feedback" --since 2026-03-01
    """
    filters, where = _parted(options)
    with connected_to_account(**where) as connection:
        page = connection.submission_page(limit, **_named(connection, filters))
    columns: dict[str, Callable[[Submission], str]] = {
        "SUBMITTED": lambda each: times.for_tables(each.submitted_at),
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
        empty="No matching submissions." if any(filters.values()) else "No submissions yet.",
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
        "submitted": times.for_people(found.submitted_at),
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
    help="CSV for spreadsheets, or one line of JSON per submission.",
)  # fmt: skip
@click.option(
    "--out",
    metavar="FILE",
    default=flow_files.STANDARD,
    help="Write to this file instead of standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@connection_options
def export(kind: Any, out: str, force: bool, **options: Any) -> None:
    """Export all matching submissions to a file, newest first.

    FILE gets its name only when it is complete.

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
@click.option("--msisdn", metavar="NUMBER", help="Delete everything this phone number sent.")
@yes_option
@connection_options
def delete(submissions: tuple[str, ...], msisdn: str | None, yes: bool, **where: Any) -> None:
    """Delete submissions by id, or everything that one phone number sent.

    The latter includes the conversations with that number and the events about them.

    Example: waflows submissions delete --msisdn +6581234567 --yes
    """
    if bool(submissions) == (msisdn is not None):
        raise OperatorError("Pass the ids of SUBMISSIONs, or a phone number with --msisdn.")
    which = f"everything that {msisdn} sent" if msisdn else f"{len(submissions)} submissions"
    confirm(yes, lambda: f"Delete {which}? {_NOT_TO_BE_UNDONE}")
    with connected_to_account(**where) as connection:
        if msisdn is not None:
            gone = connection.delete_submissions_of(msisdn)
            deleted = (
                f"Deleted {gone.submissions} submissions, {gone.messages} messages and"
                f" {gone.events} events."
            )
        else:
            for each in submissions:
                connection.delete_submission(each)
            deleted = f"Deleted {len(submissions)}."
    click.echo(deleted, err=True)


def _parted(options: dict[str, Any]) -> tuple[Filters, dict[str, Any]]:
    """Splits the options into filters and connection options."""
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
    """The filters, with a flow's name replaced by its id."""
    flow = filters["flow"]
    return {**filters, "flow": None if flow is None else flow_id(connection, flow)}


def _cell(value: Any) -> str:
    """Formats a value for a terminal: text unchanged, other values as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
