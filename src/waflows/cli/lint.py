"""`waflows lint`: check Flow JSON files without a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from waflows.cli import flow_files, flow_inputs
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
@click.option("--fix", is_flag=True, help="Apply the safe fixes, then report what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: guesses too.")
@click.option("--diff", is_flag=True, help="Print what --fix would change; change nothing.")
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
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    strict: bool,
    stdin_name: str,
) -> None:
    """Check Flow JSON files for problems, offline.

    A FILE is checked whatever its name; `-` is standard input. In a DIR, every *.json below it that
    is or seems meant to be Flow JSON is checked; hidden folders, node_modules and other kinds of
    JSON are skipped.

    A fix edits the text where the finding is and nothing else. With --fix, `-` writes the fixed
    text to standard output and the report to standard error.

    Exit status: 0 no errors, 1 errors (with --strict also warnings; with --diff if there are
    changes), 2 some files could not be checked; the others were.

    Example: waflows lint flows/ --format github
    """
    if unsafe_fixes and not (fix or diff):
        raise click.UsageError("--unsafe-fixes needs --fix or --diff.")
    if fix and not diff and STANDARD in inputs and len(inputs) > 1:
        raise click.UsageError("--fix takes standard input (-) alone, without other files.")
    fixer = _Fixer(write=not diff, unsafe=unsafe_fixes) if fix or diff else None
    run = _linted(inputs, version, stdin_name, fixer)
    for each in run.unusable:
        click.echo(f"Error: {_visible(each.reason)}", err=True)
    if diff:
        assert fixer is not None
        print_report("".join(fixer.diffs))
        ctx.exit(_UNUSABLE if run.unusable else _FAULTS if fixer.diffs else 0)
    if fixer is not None:
        click.echo(fixer.summary(), err=True)
    _FORMATS[form](run, to_stderr=fix and STANDARD in inputs)
    if run.unusable:
        ctx.exit(_UNUSABLE)
    if run.errors or (strict and run.warnings):
        ctx.exit(_FAULTS)


class _Fixer:
    """Fixes texts on their way to being checked, and remembers what it did."""

    def __init__(self, *, write: bool, unsafe: bool) -> None:
        self.diffs: list[str] = []
        self._write = write
        self._unsafe = unsafe
        self._applied = 0
        self._files = 0

    def fix(self, file: str, name: str, text: str, version: str | None) -> str:
        """The fixed text, which has been written to the file; raises UnusableFile."""
        from waflows.flowjson import fixes

        fixed = fixes.fix(text, version=version, unsafe=self._unsafe)
        if not self._write:
            self.diffs += _diff(name, text, fixed.text)
        elif file == STANDARD:
            click.echo(fixed.text.encode(), nl=False)
        elif fixed.applied:
            flow_files.replace(Path(file), fixed.text.encode())
        self._applied += fixed.applied
        self._files += bool(fixed.applied)
        return fixed.text

    def summary(self) -> str:
        """What was fixed, in a sentence."""
        if not self._applied:
            return "Fixed nothing."
        findings = "1 finding" if self._applied == 1 else f"{self._applied:,} findings"
        return f"Fixed {findings} in {'1 file' if self._files == 1 else f'{self._files:,} files'}."


def _diff(name: str, before: str, after: str) -> list[str]:
    """The unified diff of two texts; empty when they are the same."""
    import difflib

    old, new = (text.splitlines(keepends=True) for text in (before, after))
    lines = difflib.unified_diff(old, new, _visible(name), _visible(name))
    return [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    ]


def _linted(
    inputs: tuple[str, ...], version: str | None, stdin_name: str, fixer: _Fixer | None
) -> Run:
    checked: list[Checked] = []
    unusable: list[Unusable] = []
    for file in dict.fromkeys(flow_inputs.list_files(inputs)):
        if isinstance(file, tuple):
            unusable.append(Unusable(file[0], _place(file[0]), file[1]))
            continue
        name = stdin_name if file == STANDARD else file
        try:
            text = flow_inputs.read_text(file, name)
            if fixer is not None:
                text = fixer.fix(file, name, text, version)
            checked.append(_checked(name, text, version))
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


def _human(run: Run, *, to_stderr: bool) -> None:
    from waflows.flowjson.report.human import WIDTH, human

    width = WIDTH
    if sys.stdout.isatty():
        import shutil

        width = shutil.get_terminal_size().columns
    colour = wants_colour() and not to_stderr
    print_report(human(run, colour=colour, width=width), to_stderr=to_stderr)


def _json(run: Run, *, to_stderr: bool) -> None:
    from waflows.flowjson.report.json import json

    print_report(json(run), to_stderr=to_stderr)


def _github(run: Run, *, to_stderr: bool) -> None:
    from waflows.flowjson.report.github import github

    print_report(github(run), to_stderr=to_stderr)


def _sarif(run: Run, *, to_stderr: bool) -> None:
    from waflows import __version__
    from waflows.flowjson import RULES
    from waflows.flowjson.report.sarif import sarif

    print_report(sarif(run, RULES, __version__), to_stderr=to_stderr)


_FORMATS: dict[str, Callable[..., None]] = {
    "human": _human,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}


def _visible(text: str) -> str:
    from waflows.flowjson.report.excerpt import printable

    return printable(text)
