"""Asking before something that cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from waflows.errors import OperatorError

yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask; needed where there is no terminal."
)


def confirm(yes: bool, question: Callable[[], str]) -> None:
    """Goes on with a yes alone; raises OperatorError where nobody can be asked.

    A script must say that it means it: what it does here cannot be taken back.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise OperatorError("This cannot be undone, and there is no terminal to ask on: add --yes.")
    click.confirm(question(), abort=True, err=True)
