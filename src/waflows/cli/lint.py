"""`waflows lint`: the faults of Flow JSON files, found without a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from waflows.cli import flow_files, flow_folders
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
    help="How to report: for people (default), programs, GitHub Actions or code scanning.",
)
@click.option(
    "--version",
    metavar="V",
    type=click.Choice(list(VERSIONS)),
    help="Check against this Flow JSON version, whatever the files say.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail as errors do.")
@click.option(
    "--stdin-name", metavar="NAME", default=_STANDARD_NAME, help="What to call standard input."
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
    """Find every fault of Flow JSON files, offline.

    A FILE is checked whatever its name; `-` is standard input. Of a DIR, every *.json below it is
    checked that is Flow JSON or means to be: hidden folders, node_modules and other kinds of JSON
    are passed over.

    Exit status: 0 no faults, 1 faults (with --strict also warnings), 2 something could not be
    checked; the rest then was.

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
    for file in dict.fromkeys(_files(inputs, unusable)):
        name = stdin_name if file == STANDARD else file
        try:
            checked.append(_checked(name, flow_files.read(file), version))
        except UnusableFile as error:
            unusable.append(Unusable(name, _place(name), error.message))
    return Run(tuple(checked), tuple(unusable))


def _files(inputs: tuple[str, ...], unusable: list[Unusable]) -> Iterator[str]:
    """The files to check, as they are called; what is wrong with a folder goes to `unusable`."""
    for given in inputs:
        if given == STANDARD or not Path(given).is_dir():
            yield given if given == STANDARD else str(Path(given))
            continue
        try:
            found = [str(path) for path in flow_folders.flows_below(Path(given))]
        except OSError as error:
            reason = f"Cannot read {given}: {error.strerror}."
            unusable.append(Unusable(given, _place(given), reason))
            continue
        if not found:
            reason = f"There is no Flow JSON in {given}; name a file to have it checked anyway."
            unusable.append(Unusable(given, _place(given), reason))
        yield from found


def _checked(name: str, content: bytes, version: str | None) -> Checked:
    from waflows import flowjson

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableFile(_not_utf8(name, content, error.start)) from None
    report = flowjson.lint(text, version=version)
    return Checked(name, _place(name), text, report.version, report.diagnostics, report.complete)


def _not_utf8(name: str, content: bytes, at: int) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{name} is UTF-16; save it as UTF-8."
    line = content.count(b"\n", 0, at) + 1
    return f"{name} is not UTF-8: byte 0x{content[at]:02x} in line {line}; save it as UTF-8."


def _place(name: str) -> str:
    """A file's path from the root of the repository, as GitHub wants it.

    That root is where GitHub Actions says it is, and the current folder elsewhere.
    """
    if name == _STANDARD_NAME:
        return name
    root = os.environ.get("GITHUB_WORKSPACE") or "."
    path = Path(os.path.abspath(name))  # noqa: PTH100 - links stay what the repository calls them
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
