"""Rounds: everything that is compared is measured in turn, again and again.

A machine is now slower, now faster. What is measured one after the other in the same round has
met about the same machine, so a ratio is taken within each round; what is shown is the median of
the rounds with the least and the most.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Spread(msgspec.Struct, frozen=True):
    """What the rounds gave: median, least and most."""

    median: float
    least: float
    most: float


def spread(values: list[float]) -> Spread:
    """The median of some values, with the least and the most."""
    return Spread(statistics.median(values), min(values), max(values))


def ratio(values: list[float], references: list[float]) -> Spread:
    """How values relate to the references of the same rounds."""
    return spread([value / other for value, other in zip(values, references, strict=True)])


def in_turn(rounds: int, measures: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Measures each in turn, once a round; every round begins with another."""
    results: dict[str, list[T]] = {name: [] for name in measures}
    names = list(measures)
    for number in range(rounds):
        start = number % len(names)
        for name in [*names[start:], *names[:start]]:
            _say(f"  round {number + 1} of {rounds}: {name}")
            results[name].append(measures[name]())
    _say("")
    return results


def _say(text: str) -> None:
    """Shows on a terminal how far things are."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
