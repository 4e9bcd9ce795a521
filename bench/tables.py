"""Tables of figures, on the terminal and in the document that keeps them."""

from __future__ import annotations

import datetime
import os
import platform
import re
from pathlib import Path

import msgspec

from bench.rounds import Spread


class Table(msgspec.Struct, frozen=True):
    """Rows under a heading; the first column names what was measured. `note` stands below."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


def number(value: Spread, digits: int = 0) -> str:
    """A median with the least and the most."""
    parts = (value.median, value.least, value.most)
    median, least, most = (f"{part:,.{digits}f}" for part in parts)
    return f"{median} ({least}-{most})"


def at_least(value: Spread, aim: float, digits: int = 0) -> str:
    """A value, and whether its median is as much as was aimed for."""
    return f"{number(value, digits)} {'✓' if value.median >= aim else '✗'}"


def at_most(value: Spread, aim: float, digits: int = 0) -> str:
    """A value, and whether its median is as little as was aimed for."""
    return f"{number(value, digits)} {'✓' if value.median <= aim else '✗'}"


def markdown(table: Table) -> str:
    """The table as Markdown, its columns in line."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    lines = [_line(row, widths) for row in rows]
    rule = "|" + "|".join(
        ("-" * (width + 2)) if column == 0 else "-" * (width + 1) + ":"
        for column, width in enumerate(widths)
    )
    note = f"\n\n{table.note}" if table.note else ""
    return "\n".join([f"**{table.title}**", "", lines[0], rule + "|", *lines[1:]]) + note


def write(document: Path, name: str, tables: list[Table]) -> None:
    """Replaces the tables of a figure in the document, between the marks that bear its name."""
    text = document.read_text("utf-8")
    marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"{document} has no place marked <!-- {name} --> … <!-- /{name} -->")
    parts = [f"`python -m bench {name}`, {_when_and_where()}", *map(markdown, tables)]
    body = "\n" + "\n\n".join(parts) + "\n\n"
    document.write_text(marked.sub(lambda m: m[1] + body + m[2], text), "utf-8")


def _line(row: list[str], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "| " + " | ".join(cells) + " |"


def _when_and_where() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.date.today().isoformat()}, {len(os.sched_getaffinity(0))} cores,"
        f" {memory:.0f} GB, {platform.system()} on {platform.machine()},"
        f" CPython {platform.python_version()}."
    )
