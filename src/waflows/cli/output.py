"""How commands print data: tables on a terminal, JSON in a pipe or with --json."""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
import msgspec

from waflows.services import clock

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON (always, when not on a terminal)."
)


def show_list(
    items: Sequence[Any],
    columns: dict[str, Callable[[Any], str]],
    *,
    as_json: bool,
    empty: str,
    more: str = "",
) -> None:
    """Prints a list: each item's JSON, or a table of the columns, or the sentence for none."""
    if as_json or not sys.stdout.isatty():
        print_json([as_builtins(item) for item in items])
        return
    if not items:
        click.echo(empty, err=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for item in items:
        table.add_row(*(escape(visible(cell(item))) for cell in columns.values()))
    Console(highlight=False).print(table)
    if more:
        click.echo(more, err=True)


def show_one(item: Any, lines: dict[str, str], *, as_json: bool) -> None:
    """Prints one thing: its JSON, or a line for each fact known about it."""
    if as_json or not sys.stdout.isatty():
        print_json(as_builtins(item))
        return
    width = max(len(label) for label in lines)
    for label, text in lines.items():
        click.echo(f"{label.ljust(width)}  {visible(text)}")


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on the terminal while many things are done; call what it yields after each."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        # Standard output stays what it is when it goes somewhere else.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def visible(text: str) -> str:
    """Text from elsewhere without the control characters that would move a terminal."""
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)


def print_json(value: Any) -> None:
    """Prints a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def as_builtins(item: Any) -> Any:
    """What JSON shows of a thing: its times, stored in milliseconds, become ISO text."""
    fields = msgspec.to_builtins(item)
    return {
        name: clock.iso(value) if name.endswith("At") and isinstance(value, int) else value
        for name, value in fields.items()
    }


def escape(text: str) -> str:
    """Text as rich prints it for itself, brackets and all."""
    from rich.markup import escape as rich_escape

    return rich_escape(text)
