"""A click group whose help shows every summary in full.

click cuts a summary that is longer than its line; here it is wrapped instead.
"""

from __future__ import annotations

import sys

import click


class Group(click.Group):
    """A group of commands whose help lists the whole first sentence of each."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the name and the summary of each command."""
        rows = [
            (name, command.get_short_help_str(limit=sys.maxsize))
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
