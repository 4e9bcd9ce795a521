"""Doing one thing with many files or flows: with progress, with patience, past failures."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from waflows import client
from waflows.cli.connection import describe
from waflows.cli.output import progress, visible
from waflows.errors import WaflowsError

T = TypeVar("T")

_LONGEST_PAUSE, _MOST_PAUSES = 60.0, 5
# Errors that would befall the rest just the same.
_HOPELESS = (client.NotAuthenticated, client.WrongAccount, client.RateLimited)


def for_each(
    what: str, items: Sequence[T], label: Callable[[T], str], do: Callable[[T], None]
) -> None:
    """Does it with each item, under a bar that says `what`; raises WaflowsError if any failed.

    Each failure is told at once and the next item has its turn, unless the failure would be that
    of every other too.
    """
    failed = 0
    with progress(what, len(items)) as advance:
        for number, item in enumerate(items, start=1):
            try:
                do(item)
            except (WaflowsError, client.ClientError) as error:
                failed += 1
                if len(items) == 1:
                    raise WaflowsError(_told(label(item), error)) from None
                click.echo(_told(label(item), error), err=True)
                if _is_hopeless(error) and number < len(items):
                    raise WaflowsError(_sum(failed, number, len(items))) from None
            advance()
    if failed:
        raise WaflowsError(_sum(failed, len(items), len(items)))


def patiently(call: Callable[[], T]) -> T:
    """Makes a call, and again after a 429: what was refused for its rate alone was not done."""
    for _ in range(_MOST_PAUSES):
        try:
            return call()
        except client.RateLimited as error:
            seconds = error.retry_after
            if seconds is None or seconds > _LONGEST_PAUSE:
                raise
            click.echo(f"The server takes no more for {seconds:.0f} s; waiting.", err=True)
            time.sleep(seconds + random.uniform(0.0, 0.5))
    return call()


def _is_hopeless(error: Exception) -> bool:
    unreachable = isinstance(error, client.ConnectionFailed) and not error.sent
    return unreachable or isinstance(error, _HOPELESS)


def _told(label: str, error: WaflowsError | client.ClientError) -> str:
    """A failure with what it happened to, which errors about a file name themselves."""
    if isinstance(error, WaflowsError):
        return visible(error.message)
    return f"{visible(label)}: {describe(error)}"


def _sum(failed: int, tried: int, total: int) -> str:
    rest = "" if tried == total else f" The other {total - tried} were not tried."
    return f"{failed} of {total} failed.{rest}"
