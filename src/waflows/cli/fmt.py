"""`waflows fmt`: lay out Flow JSON files, changing white space only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from waflows.cli import flow_files, flow_inputs
from waflows.cli.flow_files import STANDARD, UnusableFile
from waflows.flowjson.layout import CannotLayOut, lay_out

_STANDARD_NAME = "<stdin>"
_WOULD_CHANGE, _UNUSABLE = 1, 2


@click.command()
@click.argument("inputs", metavar="FILE|DIR|-...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Change nothing; name the files that would change.")
@click.pass_context
def command(ctx: click.Context, inputs: tuple[str, ...], check: bool) -> None:
    """Lay out Flow JSON files as the console's Tidy does.

    Only line breaks and indentation change: keys, numbers and escapes stay as written. A FILE is
    laid out whatever its name; `-` reads standard input and writes to standard output. In a DIR,
    the same files are found as by `waflows lint`.

    Exit status: 0 done, 1 with --check if files would change, 2 some files are not JSON or could
    not be read or written; the others were laid out.

    Example: waflows fmt flows/ --check
    """
    changed = unchanged = failed = 0
    for file in dict.fromkeys(flow_inputs.list_files(inputs)):
        try:
            if isinstance(file, tuple):
                raise UnusableFile(file[1])
            if _lay_out_file(file, check=check):
                changed += 1
            else:
                unchanged += 1
        except UnusableFile as error:
            failed += 1
            click.echo(f"Error: {error.message}", err=True)
    if inputs != (STANDARD,):
        click.echo(_summary(changed, unchanged, check), err=STANDARD in inputs)
    if failed:
        ctx.exit(_UNUSABLE)
    if check and changed:
        ctx.exit(_WOULD_CHANGE)


def _lay_out_file(file: str, *, check: bool) -> bool:
    """Whether the file is laid out otherwise than it should be; changes it unless `check`."""
    name = _STANDARD_NAME if file == STANDARD else file
    text = flow_inputs.read_text(file, name)
    try:
        laid_out = lay_out(text)
    except CannotLayOut:
        raise UnusableFile(_why_not(name, text)) from None
    if check:
        if laid_out != text:
            click.echo(f"Would lay out {name}")
    elif file == STANDARD:
        click.echo(laid_out.encode(), nl=False)
    elif laid_out != text:
        flow_files.replace(Path(file), laid_out.encode())
        click.echo(f"Laid out {name}")
    return laid_out != text


def _why_not(name: str, text: str) -> str:
    """Where the text is not JSON, in the linter's words."""
    from waflows import flowjson

    for found in flowjson.lint(text).diagnostics:
        if found.severity == "error":
            return f"{name}:{found.line_start}:{found.column_start}: Not JSON. {found.help}"
    return f"{name} is not JSON."


def _summary(changed: int, unchanged: int, check: bool) -> str:
    return ", ".join(_parts(changed, unchanged, "would be laid out" if check else "laid out")) + "."


def _parts(changed: int, unchanged: int, verb: str) -> Iterator[str]:
    if changed or not unchanged:
        yield f"{_files(changed)} {verb}"
    if unchanged:
        yield f"{_files(unchanged)} {'is' if unchanged == 1 else 'are'} laid out already"


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"
