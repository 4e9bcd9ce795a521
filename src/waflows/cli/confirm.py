"""Ask for confirmation before an operation that cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from waflows.errors import OperatorError

yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask for confirmation; required without a terminal."
)


def confirm(yes: bool, question: Callable[[], str]) -> None:
    """Continues only after a yes; raises OperatorError when there is no terminal to ask on.

    A script has to pass --yes, because the operation cannot be undone.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise OperatorError(
            "This cannot be undone, and there is no terminal to ask for confirmation: pass --yes."
        )
    click.confirm(question(), abort=True, err=True)
