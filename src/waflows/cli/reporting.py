"""How lint and explain print what they have to say: in colours, on a terminal that wants them."""

from __future__ import annotations

import os
import sys

import click


def wants_colour() -> bool:
    """Whether standard output is a terminal, and NO_COLOR does not speak against it."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_report(text: str) -> None:
    """Prints a text: as the terminal can show it, and as UTF-8 where a program may read it."""
    if sys.stdout.isatty():
        encoding = sys.stdout.encoding
        click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)
    else:
        click.echo(text.encode("utf-8", "replace"), nl=False)
