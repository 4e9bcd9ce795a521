"""Print the output of lint and explain, in colour if the terminal supports it."""

from __future__ import annotations

import os
import sys

import click


def wants_colour() -> bool:
    """Whether standard output is a terminal and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_report(text: str, *, to_stderr: bool = False) -> None:
    """Prints a text in the terminal's encoding, and as UTF-8 to a pipe or file."""
    stream = sys.stderr if to_stderr else sys.stdout
    if stream.isatty():
        encoding = stream.encoding
        click.echo(text.encode(encoding, "replace").decode(encoding), nl=False, err=to_stderr)
    else:
        click.echo(text.encode("utf-8", "replace"), nl=False, err=to_stderr)
