"""Print the output of lint and explain, in colour if the terminal supports it."""

from __future__ import annotations

import os
import sys

import click


def wants_colour() -> bool:
    """Whether standard output is a terminal and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_report(text: str) -> None:
    """Prints a text in the terminal's encoding, and as UTF-8 to a pipe or file."""
    if sys.stdout.isatty():
        encoding = sys.stdout.encoding
        click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)
    else:
        click.echo(text.encode("utf-8", "replace"), nl=False)
