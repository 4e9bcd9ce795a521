"""What one step of the machine may use: work, time for patterns, and processor time as a backstop.

A flow of a few kilobytes can ask for any amount of work: the same five megabytes on two hundred
widgets, eight hundred patterns that never end, a list looked at again for each of its entries. So
whatever repeats is paid for as it is done, and the step ends where its budget does. Work is
counted, so the same step always ends at the same place. Two things are measured, since they cannot
be counted: patterns, and all that the count may have missed. The time is the thread's processor
time, which other load on the machine does not change; a test may give another clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from waflows.runtime import choices

Clock = Callable[[], float]
_UNITS_BETWEEN_LOOKS = 7
"""Units of work between two looks at the clock, which costs more than most units do."""


class OverBudget(Exception):
    """The step asks for more than a screen of a phone could need."""


class Budget:
    """What is left for a step and for the screen after it. `undecided` counts given up patterns."""

    def __init__(self, clock: Clock = time.thread_time) -> None:
        self._clock = clock
        self._pattern_seconds = choices.ALL_PATTERNS_SECONDS
        self.undecided = 0
        self.start()

    def start(self) -> None:
        """Begins a part of the step: making it, or drawing its result. Patterns share one."""
        self._work = choices.MOST_WORK
        self._looks_at = self._work
        self._ends = self._clock() + choices.PART_SECONDS

    def spend(self, units: int = 1) -> None:
        """Pays for work that is about to be done; raises OverBudget when it is too much."""
        self._work -= units
        if self._work < 0:
            raise OverBudget
        if self._work < self._looks_at:
            self._looks_at = self._work - _UNITS_BETWEEN_LOOKS
            if self._clock() > self._ends:
                raise OverBudget

    @contextmanager
    def pattern(self) -> Iterator[float]:
        """The seconds that a pattern may work; what it does within is taken off those left."""
        began = self._clock()
        try:
            yield min(choices.PATTERN_SECONDS, self._pattern_seconds)
        finally:
            self._pattern_seconds -= self._clock() - began
