"""Run one operation on many items: with a progress bar, retries after a 429, past failures."""

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
# Errors that every other item would get too.
_HOPELESS = (client.NotAuthenticated, client.WrongAccount, client.RateLimited)


def for_each(
    what: str, items: Sequence[T], label: Callable[[T], str], do: Callable[[T], None]
) -> None:
    """Runs an operation on each item under a progress bar; raises WaflowsError if any failed.

    A failure is printed at once and the next item is tried, unless every item would fail alike.
    """
    failed = 0
    with progress(what, len(items)) as advance:
        for number, item in enumerate(items, start=1):
            try:
                do(item)
            except (WaflowsError, client.ClientError) as error:
                failed += 1
                if len(items) == 1:
                    raise WaflowsError(_describe_failure(label(item), error)) from None
                click.echo(_describe_failure(label(item), error), err=True)
                if _is_hopeless(error) and number < len(items):
                    raise WaflowsError(_sum(failed, number, len(items))) from None
            advance()
    if failed:
        raise WaflowsError(_sum(failed, len(items), len(items)))


def patiently(call: Callable[[], T]) -> T:
    """Makes a call, and repeats it after a 429: a call over the rate limit had no effect."""
    for _ in range(_MOST_PAUSES):
        try:
            return call()
        except client.RateLimited as error:
            seconds = error.retry_after
            if seconds is None or seconds > _LONGEST_PAUSE:
                raise
            click.echo(f"Rate limit reached; waiting {seconds:.0f} s.", err=True)
            time.sleep(seconds + random.uniform(0.0, 0.5))
    return call()


def _is_hopeless(error: Exception) -> bool:
    unreachable = isinstance(error, client.ConnectionFailed) and not error.sent
    return unreachable or isinstance(error, _HOPELESS)


def _describe_failure(label: str, error: WaflowsError | client.ClientError) -> str:
    """Describes a failure with its item; errors about a file already name it."""
    if isinstance(error, WaflowsError):
        return visible(error.message)
    return f"{visible(label)}: {describe(error)}"


def _sum(failed: int, tried: int, total: int) -> str:
    rest = "" if tried == total else f" The other {total - tried} were not tried."
    return f"{failed} of {total} failed.{rest}"
