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
        """The clause that ends a SELECT to lock the rows of one table until the transaction ends.

        With `skip` rows that another transaction holds are left out instead of waited for. Empty
        on an engine with a single writer.
        """


class Deafness(msgspec.Struct, frozen=True):
    """Why a process may miss the changes of others; `detail` is for the log only."""

    reason: str
    detail: str = ""


Unit = Callable[Concatenate[Transaction, P], T]


class Database(Protocol):
    """A database that runs units of work.

    `run` commits durably and notifies every other process; `run_soft` is for side records (limits,
    errors): atomic too, but a power cut may lose the last moments, and no process is notified.
    Each raises Unavailable when the database cannot be reached in good time.
    """

    engine: str
    upgrade_lock: str
    """SQL by which one process upgrades the schema while others wait; empty when a write
    transaction does so by itself."""

    async def start(self) -> None:
        """Starts watching for changes made by other processes."""

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
        """Registers a callback for after each `run` of this process, called from any thread."""

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
        """Registers a callback for when the process goes deaf and when it hears again.

        It is called from any thread, once for each change.
        """

    def check_failures(self) -> None:
        """Raises Unavailable when a recent write failed for lack of disk space."""

    def check_room(self) -> None:
        """Raises Unavailable when the disk is full, as far as that can be known.

        May wait for the disk, so it is for a thread.
        """

    def close(self) -> None:
        """`stop` for callers without an event loop."""


class RecentFailure:
    """Remembers for a while that a write failed for lack of disk space.

    A smaller write may succeed a moment later, although the disk is still nearly full.
    """

    SECONDS = 30.0

    def __init__(self) -> None:
        self._at = -math.inf
        self._text = ""

    def note(self, text: str) -> None:
        """Records that a write has just failed for lack of disk space."""
        self._at, self._text = time.monotonic(), text

    def check(self) -> None:
        """Raises Unavailable when a write failed recently."""
        if time.monotonic() - self._at < self.SECONDS:
            raise Unavailable(f"There was no room to write a moment ago: {self._text}.")
