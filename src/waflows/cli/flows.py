"""`waflows flows`: manage a channel's flows over HTTP, on waflows or at 8x8."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from waflows import client, times
from waflows.cli import flow_files
from waflows.cli.confirm import confirm, yes_option
from waflows.cli.connection import complete_flow, connected, connection_options, flow_id
from waflows.cli.groups import Group
from waflows.cli.many import for_each, patiently
from waflows.cli.output import json_option, show_list, show_one, visible
from waflows.errors import OperatorError, WaflowsError

if TYPE_CHECKING:
    from waflows.client import Client, Flow, FlowSummary, Saved, ValidationError

_MOST_IN_A_PAGE = 1000
_FINAL = "A published flow cannot be changed, deleted or made a draft again."

_flow = click.argument("flow", shell_complete=complete_flow)
_categories = click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="CATEGORY",
    type=click.Choice(list(client.Category), case_sensitive=False),
    help=f"Category of the flow: {', '.join(client.Category)}. May be repeated.",
)
_clone = click.option(
    "--clone", metavar="FLOW", help="Copy the Flow JSON of the flow with this id."
)
_endpoint = click.option("--endpoint", metavar="URL", help="URL of the flow's data endpoint.")
_publish = click.option("--publish", is_flag=True, help="Also publish it, which is final.")


@click.group(cls=Group)
def command() -> None:
    """List, create and publish flows, on waflows or at 8x8.

    Every command takes --url, --account, --channel and --key, or the variables WAFLOWS_URL,
    WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and WAFLOWS_KEY. A FLOW is an id, or the exact name of a flow.
    """


@command.command("list")
@click.option(
    "--status", metavar="STATUS", type=click.Choice(list(client.Status), case_sensitive=False),
    help=f"Only flows with this status: {', '.join(client.Status)}.",
)  # fmt: skip
@click.option("--name", "part", help="Only flows whose name contains this text, ignoring case.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), help="List only this many, newest first."
)
@connection_options
@json_option
def list_(
    status: str | None, part: str | None, limit: int | None, as_json: bool, **where: str
) -> None:
    """List the channel's flows, newest first.

    Example: waflows flows list --status DRAFT
    """
    found: list[FlowSummary] = []
    cut_off = False
    narrowed = status is not None or part is not None
    size = _MOST_IN_A_PAGE if narrowed or limit is None else min(limit, _MOST_IN_A_PAGE)
    with connected(**where) as connection:
        for page in connection.pages(status=status, name=part, page_size=size):
            found += page.flows
            cut_off = page.cut_off
            if limit is not None and len(found) >= limit:
                break
    show_list(
        found[:limit],
        {
            "ID": lambda flow: flow.id,
            "NAME": lambda flow: flow.name,
            "STATUS": lambda flow: flow.status,
        },
        as_json=as_json,
        empty="No matching flows." if narrowed else "The channel has no flows yet.",
    )
    if cut_off and (limit is None or len(found) < limit):
        click.echo(
            f"This server lists {_MOST_IN_A_PAGE:,} flows at most; there may be more.", err=True
        )


@command.command()
@_flow
@click.option(
    "--full",
    is_flag=True,
    help="Also show revision, endpoint, application and times (waflows only).",
)
@connection_options
@json_option
def get(flow: str, full: bool, as_json: bool, **where: str) -> None:
    """Show a flow in detail, with the findings of its Flow JSON.

    Example: waflows flows get 1145805540595505
    """
    with connected(**where) as connection:
        fields = client.EXTRA_FIELDS if full else ()
        found = connection.get(flow_id(connection, flow), fields=fields)
    show_one(found, _lines(found), as_json=as_json)


@command.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--name", help="Name of the flow; default: the file's name without its extension.")
@_categories
@_clone
@_endpoint
@_publish
@yes_option
@connection_options
@json_option
def create(
    files: tuple[str, ...],
    name: str | None,
    categories: tuple[str, ...],
    clone: str | None,
    endpoint: str | None,
    publish: bool,
    yes: bool,
    as_json: bool,
    **where: str,
) -> None:
    """Create a draft from each FILE of Flow JSON.

    A FILE of `-` is standard input. The default category is OTHER. Without a FILE, --name creates a
    flow without Flow JSON, or with a copy of another's given by --clone. If a file fails, the rest
    are still tried and the exit status is 1. In a pipe, each flow is one line of JSON.

    Example: waflows flows create booking.json --category APPOINTMENT_BOOKING
    """
    _check_sources(files, name, clone)
    sources: list[str | None] = list(files) or [None]
    if publish:
        which = "this flow" if len(sources) == 1 else f"{len(sources)} flows"
        confirm(yes, lambda: f"Publish {which}? {_FINAL}")
    with connected(**where) as connection:

        def make(file: str | None) -> None:
            called = name or Path(file or "").stem
            text = None if file is None else flow_files.read(file)
            saved = patiently(
                lambda: connection.create(
                    called,
                    categories or [client.Category.OTHER],
                    flow_json=text,
                    clone_flow_id=clone,
                    endpoint_uri=endpoint,
                    publish=publish,
                )
            )
            facts = {"file": file, "name": called, **msgspec.to_builtins(saved)}
            _report({key: value for key, value in facts.items() if value is not None}, as_json)
            _check(saved)

        for_each("Creating", sources, lambda file: str(file or name), make)


@command.command()
@_flow
@click.argument("file", required=False)
@click.option("--name", help="New name of the flow.")
@_categories
@_clone
@_endpoint
@click.option("--application", metavar="ID", help="Id of the flow's application.")
@_publish
@yes_option
@connection_options
@json_option
def update(
    flow: str,
    file: str | None,
    name: str | None,
    categories: tuple[str, ...],
    clone: str | None,
    endpoint: str | None,
    application: str | None,
    publish: bool,
    yes: bool,
    as_json: bool,
    **where: str,
) -> None:
    """Change a draft.

    FILE replaces its Flow JSON (`-` is standard input). Anything you do not pass stays unchanged.

    Example: waflows flows update 1145805540595505 booking.json --name Bookings
    """
    if not (file or name or categories or clone or endpoint or application or publish):
        raise OperatorError("Nothing to change: pass a FILE or an option such as --name.")
    text = None if file is None else flow_files.read(file)
    with connected(**where) as connection:
        if publish:
            wanted = _confirmed(connection, flow, yes, "Publish", _FINAL)
        else:
            wanted = flow_id(connection, flow)
        saved = connection.update(
            wanted,
            name=name,
            categories=categories or None,
            flow_json=text,
            clone_flow_id=clone,
            endpoint_uri=endpoint,
            application_id=application,
            publish=publish,
        )
    show_one(saved, {"changed": saved.id}, as_json=as_json)
    _check(saved)


@command.command()
@_flow
@yes_option
@connection_options
def delete(flow: str, yes: bool, **where: str) -> None:
    """Delete a draft.

    Its revisions are deleted too. A flow that was ever published cannot be deleted.

    Example: waflows flows delete 1145805540595505 --yes
    """
    with connected(**where) as connection:
        wanted = _confirmed(connection, flow, yes, "Delete", "This cannot be undone.")
        connection.delete(wanted)
    click.echo(f"Deleted flow {wanted}.", err=True)


@command.command()
@_flow
@click.option("--refresh", is_flag=True, help="Create a new link and revoke the previous one.")
@connection_options
@json_option
def preview(flow: str, refresh: bool, as_json: bool, **where: str) -> None:
    """Get a preview link to a flow.

    Anyone with the link can open it until it expires.

    Example: waflows flows preview 1145805540595505
    """
    with connected(**where) as connection:
        link = connection.preview(flow_id(connection, flow), refresh=refresh)
    show_one(
        link,
        {"flow": link.id, "link": link.url, "expires": times.for_people(link.expires_at)},
        as_json=as_json,
    )


@command.command()
@_flow
@yes_option
@connection_options
def publish(flow: str, yes: bool, **where: str) -> None:
    """Publish a draft permanently.

    A published flow cannot be changed, deleted or made a draft again.

    Example: waflows flows publish 1145805540595505 --yes
    """
    with connected(**where) as connection:
        wanted = _confirmed(connection, flow, yes, "Publish", _FINAL)
        connection.publish(wanted)
    click.echo(f"Published flow {wanted}.", err=True)


@command.command()
@_flow
@yes_option
@connection_options
def deprecate(flow: str, yes: bool, **where: str) -> None:
    """Deprecate a published flow.

    It can no longer be sent or published again, and stays in the list.

    Example: waflows flows deprecate 1145805540595505 --yes
    """
    with connected(**where) as connection:
        wanted = _confirmed(connection, flow, yes, "Deprecate", "This cannot be undone.")
        connection.deprecate(wanted)
    click.echo(f"Deprecated flow {wanted}.", err=True)


@command.command()
@click.argument("flow", required=False, shell_complete=complete_flow)
@click.option(
    "--out",
    metavar="FILE",
    default=flow_files.STANDARD,
    help="Write to this file instead of standard output.",
)
@click.option(
    "--all", "folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
    help="Export every flow of the channel to this folder.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@connection_options
@json_option
def export(
    flow: str | None, out: str, folder: Path | None, force: bool, as_json: bool, **where: str
) -> None:
    """Export Flow JSON byte for byte.

    Exports FLOW, or with --all every flow of the channel, each to a file named after the flow (with
    its id added if the name alone is not unique). In a pipe, --all prints one line of JSON per
    flow.

    Example: waflows flows export 1145805540595505 --out booking.json
    """
    if (flow is None) == (folder is None):
        raise OperatorError(
            "Pass the FLOW to export, or --all DIR to export all flows to a folder."
        )
    with connected(**where) as connection:
        if folder is not None:
            _export_all(connection, folder, force, as_json)
            return
        text = connection.download(flow_id(connection, str(flow)))
    if out == flow_files.STANDARD:
        click.echo(text, nl=False)
        return
    flow_files.write(Path(out), text, overwrite=force)
    click.echo(f"Wrote {len(text):,} bytes to {out}.", err=True)


def _export_all(connection: Client, folder: Path, force: bool, as_json: bool) -> None:
    flow_files.make_folder(folder)
    flows = list(connection.flows())
    names = flow_files.names(flows)

    def write(flow: FlowSummary) -> None:
        file = folder / names[flow.id]
        try:
            text = connection.download(flow.id)
        except client.NoFlowJson as nothing:
            click.echo(nothing.message, err=True)
            return
        flow_files.write(file, text, overwrite=force)
        _report({"file": str(file), "name": flow.name, "id": flow.id}, as_json)

    for_each("Exporting", flows, lambda flow: flow.name, write)


def _check_sources(files: tuple[str, ...], name: str | None, clone: str | None) -> None:
    if not files and not name:
        raise OperatorError("Pass a FILE of Flow JSON, or --name to create a flow without one.")
    if files and clone:
        raise OperatorError("Pass a FILE or --clone, not both: each provides the Flow JSON.")
    if len(files) > 1 and name:
        raise OperatorError(
            "--name is for a single flow; several flows are named after their files."
        )
    if flow_files.STANDARD in files and not name:
        raise OperatorError("A flow from standard input needs --name.")


def _confirmed(connection: Client, flow: str, yes: bool, verb: str, consequence: str) -> str:
    """Asks for confirmation and returns the id of the flow."""
    wanted = flow_id(connection, flow)
    confirm(
        yes,
        lambda: f"{verb} flow {wanted}, {visible(connection.get(wanted).name)!r}? {consequence}",
    )
    return wanted


def _report(facts: dict[str, Any], as_json: bool) -> None:
    """Prints one of possibly many results at once, so that an interruption loses none."""
    if as_json or not sys.stdout.isatty():
        click.echo(msgspec.json.encode(facts))
    else:
        click.echo(visible(f"{facts['id']}  {facts.get('file') or facts['name']}"))


def _check(saved: Saved) -> None:
    """Prints the findings of a saved flow; raises WaflowsError if the server reports failure."""
    for line in _findings(saved.validation_errors):
        click.echo(f"  {visible(line)}", err=True)
    if not saved.success:
        raise WaflowsError(f"The server did not report success for flow {visible(saved.id)}.")


def _lines(flow: Flow) -> dict[str, str]:
    """The lines that describe a flow."""
    lines = {
        "id": flow.id,
        "name": flow.name,
        "status": flow.status,
        "categories": ", ".join(flow.categories),
        "Flow JSON": flow.flow_json_url or "none yet",
        "endpoint": flow.endpoint_uri,
        "application": flow.application_id,
        "revision": flow.revision,
        "created": flow.created_at and times.for_people(flow.created_at),
        "updated": flow.updated_at and times.for_people(flow.updated_at),
    }
    shown = {label: str(text) for label, text in lines.items() if text is not None}
    for number, line in enumerate(_findings(flow.validation_errors), start=1):
        shown[f"finding {number}"] = line
    return shown


def _findings(findings: list[ValidationError]) -> list[str]:
    return [
        f"line {finding.line_start}, column {finding.column_start}: {finding.error}:"
        f" {finding.message}"
        for finding in findings
    ]
