"""What the rest of the product sees of a database: units of work and a change stamp.

A unit of work is a plain synchronous function whose first argument is a transaction. It cannot
await, so no transaction spans a network call, and the command line and tests run the very same
functions without an event loop. Which engine is underneath is decided by
`opening.open_database`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from waflows.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[Any, ...]


class Transaction(Protocol):
    """One transaction; SQL is written with `?` for parameters."""

    def one(self, sql: str, *parameters: object) -> Row | None:
        """The first row of the answer, or None."""

    def all(self, sql: str, *parameters: object) -> list[Row]:
        """Every row of the answer."""

    def each(self, sql: str, *parameters: object) -> Iterator[Row]:
        """The rows of the answer one by one, for answers that do not fit in memory."""

    def execute(self, sql: str, *parameters: object) -> int:
        """Runs a statement that answers no rows; the number of rows it touched."""

    def execute_each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Runs a statement once for each row of parameters; much quicker than one by one."""

    def locking(self, alias: str, *, skip: bool = False) -> str:
        """What ends a SELECT whose rows of one table must stay as they are until the end.

        With `skip` rows that another transaction holds are left out instead of waited for. Empty
        where a writer is alone.
        """


class Deafness(msgspec.Struct, frozen=True):
    """Why a process may miss the changes of others: for anybody to read, and more for the log."""

    reason: str
    detail: str = ""


Unit = Callable[Concatenate[Transaction, P], T]


class Database(Protocol):
    """A database that runs units of work.

    `run` commits durably and tells every other process; `run_soft` is for side records (limits,
    errors): atomic too, but the last moments may be lost with the power, and nobody is told.
    Each raises Unavailable when the database cannot be reached in good time.
    """

    engine: str
    upgrade_lock: str
    """SQL by which one process upgrades the schema while others wait; empty when a write
    transaction does so by itself."""

    async def start(self) -> None:
        """Begins to watch for changes of other processes."""

    async def stop(self) -> None:
        """Closes every connection."""

    async def run(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes."""

    async def run_soft(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes side records."""

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a short unit of work that only reads, on one snapshot."""

    async def read_slow(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, for what may take more than a few milliseconds: away from the loop."""

    def run_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` for callers without an event loop."""

    def read_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for callers without an event loop."""

    def on_change(self, call: Callable[[], None]) -> None:
        """Has something called after each `run` of this process, from whichever thread."""

    def stamp(self) -> int | None:
        """A number that changes with every committed change, by any process.

        What is read after it was taken may be answered from memory as long as it stays the same:
        with SQLite that is never stale; with PostgreSQL it lacks at most what other processes
        committed in the last two seconds (`hearing.BOUND_SECONDS`), and usually nothing. None
        while not even that is certain; then nothing may be answered from memory.
        """

    def deafness(self) -> Deafness | None:
        """Why there is no stamp; None while there is one."""

    def on_hearing(self, call: Callable[[Deafness | None], None]) -> None:
        """Has something called when the process goes deaf, and when it hears (again).

        From whichever thread, and once for each change.
        """

    def check_failures(self) -> None:
        """Raises Unavailable when a write found no room lately."""

    def check_room(self) -> None:
        """Raises Unavailable when there is no room to write, as far as that can be known.

        May wait for the disk, so it is for a thread.
        """

    def close(self) -> None:
        """`stop` for callers without an event loop."""


class RecentFailure:
    """Remembers for a while that a write found no room.

    Another that is smaller may succeed the next moment, which does not make the disk good.
    """

    SECONDS = 30.0

    def __init__(self) -> None:
        self._at = -math.inf
        self._text = ""

    def note(self, text: str) -> None:
        """A write has just failed for want of room."""
        self._at, self._text = time.monotonic(), text

    def check(self) -> None:
        """Raises Unavailable when one failed recently."""
        if time.monotonic() - self._at < self.SECONDS:
            raise Unavailable(f"There was no room to write a moment ago: {self._text}.")
