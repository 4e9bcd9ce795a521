"""`waflows lint`: check Flow JSON files without a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from waflows.cli import flow_inputs
from waflows.cli.flow_files import STANDARD, UnusableFile
from waflows.cli.reporting import print_report, wants_colour
from waflows.flowjson.report import Checked, Run, Unusable
from waflows.flowjson.spec.versions import VERSIONS

_STANDARD_NAME = "<stdin>"
_FAULTS, _UNUSABLE = 1, 2


@click.command()
@click.argument("inputs", metavar="FILE|DIR|-...", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["human", "json", "github", "sarif"]),
    default="human",
    help="Output for people (default), programs, GitHub Actions or code scanning.",
)
@click.option(
    "--version",
    metavar="V",
    type=click.Choice(list(VERSIONS)),
    help="Check against this Flow JSON version instead of the one in the file.",
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--stdin-name",
    metavar="NAME",
    default=_STANDARD_NAME,
    help="File name to report for standard input.",
)
@click.pass_context
def command(
    ctx: click.Context,
    inputs: tuple[str, ...],
    form: str,
    version: str | None,
    strict: bool,
    stdin_name: str,
) -> None:
    """Check Flow JSON files for problems, offline.

    A FILE is checked whatever its name; `-` is standard input. In a DIR, every *.json below it that
    is or seems meant to be Flow JSON is checked; hidden folders, node_modules and other kinds of
    JSON are skipped.

    Exit status: 0 no errors, 1 errors (with --strict also warnings), 2 some files could not be
    checked; the others were.

    Example: waflows lint flows/ --format github
    """
    run = _linted(inputs, version, stdin_name)
    for each in run.unusable:
        click.echo(f"Error: {_visible(each.reason)}", err=True)
    _FORMATS[form](run)
    if run.unusable:
        ctx.exit(_UNUSABLE)
    if run.errors or (strict and run.warnings):
        ctx.exit(_FAULTS)


def _linted(inputs: tuple[str, ...], version: str | None, stdin_name: str) -> Run:
    checked: list[Checked] = []
    unusable: list[Unusable] = []
    for file in dict.fromkeys(flow_inputs.list_files(inputs)):
        if isinstance(file, tuple):
            unusable.append(Unusable(file[0], _place(file[0]), file[1]))
            continue
        name = stdin_name if file == STANDARD else file
        try:
            checked.append(_checked(name, flow_inputs.read_text(file, name), version))
        except UnusableFile as error:
            unusable.append(Unusable(name, _place(name), error.message))
    return Run(tuple(checked), tuple(unusable))


def _checked(name: str, text: str, version: str | None) -> Checked:
    from waflows import flowjson

    report = flowjson.lint(text, version=version)
    return Checked(
        name=name,
        place=_place(name),
        text=text,
        version=report.version,
        diagnostics=report.diagnostics,
        complete=report.complete,
    )


def _place(name: str) -> str:
    """A file's path from the root of the repository, as GitHub expects it.

    GitHub Actions names the root; elsewhere it is the current folder.
    """
    if name == _STANDARD_NAME:
        return name
    root = os.environ.get("GITHUB_WORKSPACE") or "."
    path = Path(os.path.abspath(name))  # noqa: PTH100 - symbolic links keep their names
    try:
        return path.relative_to(os.path.abspath(root)).as_posix()  # noqa: PTH100
    except ValueError:
        return path.as_posix()


def _human(run: Run) -> None:
    from waflows.flowjson.report.human import WIDTH, human

    width = WIDTH
    if sys.stdout.isatty():
        import shutil

        width = shutil.get_terminal_size().columns
    print_report(human(run, colour=wants_colour(), width=width))


def _json(run: Run) -> None:
    from waflows.flowjson.report.json import json

    print_report(json(run))


def _github(run: Run) -> None:
    from waflows.flowjson.report.github import github

    print_report(github(run))


def _sarif(run: Run) -> None:
    from waflows import __version__
    from waflows.flowjson import RULES
    from waflows.flowjson.report.sarif import sarif

    print_report(sarif(run, RULES, __version__))


_FORMATS: dict[str, Callable[[Run], None]] = {
    "human": _human,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}


def _visible(text: str) -> str:
    from waflows.flowjson.report.excerpt import printable

    return printable(text)
