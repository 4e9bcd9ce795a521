"""Print data: tables on a terminal, JSON in a pipe or with --json."""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
import msgspec

from waflows import times

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON (the default when not on a terminal)."
)


def show_list(
    items: Sequence[Any],
    columns: dict[str, Callable[[Any], str]],
    *,
    as_json: bool,
    empty: str,
    more: str = "",
) -> None:
    """Prints a list as JSON or as a table; `empty` is the sentence for an empty table."""
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
        # An id is there to be copied, so it stays on one line.
        table.add_column(column, overflow="fold", no_wrap=column.endswith("ID"))
    for item in items:
        table.add_row(*(escape(visible(cell(item))) for cell in columns.values()))
    Console(highlight=False).print(table)
    if more:
        click.echo(more, err=True)


def show_one(item: Any, lines: dict[str, str], *, as_json: bool) -> None:
    """Prints one item as JSON, or as labelled lines."""
    if as_json or not sys.stdout.isatty():
        print_json(as_builtins(item))
        return
    width = max(len(label) for label in lines)
    for label, text in lines.items():
        click.echo(f"{label.ljust(width)}  {visible(text)}")


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Shows a progress bar on a terminal; call the yielded function after each item."""
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
        # Leave redirected standard output alone.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def visible(text: str) -> str:
    """Replaces control characters, which could manipulate the terminal."""
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)


def print_json(value: Any) -> None:
    """Prints a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def as_builtins(item: Any) -> Any:
    """The JSON form of an item: times in milliseconds become ISO text."""
    fields = msgspec.to_builtins(item)
    return {
        name: times.iso(value) if name.endswith("At") and isinstance(value, int) else value
        for name, value in fields.items()
    }


def escape(text: str) -> str:
    """Escapes a text so that rich prints its brackets literally."""
    from rich.markup import escape as rich_escape

    return rich_escape(text)
