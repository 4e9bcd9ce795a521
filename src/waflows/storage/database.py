"""What the rest of the product sees of a database: units of work and a change stamp.

A unit of work is a plain synchronous function whose first argument is a transaction. It cannot
await, so no transaction spans a network call, and the command line and tests run the very same
functions without an event loop. Which engine is underneath is decided by `open_database`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from waflows.errors import OperatorError

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

        None while that cannot be known; then nothing may be answered from memory.
        """

    def close(self) -> None:
        """`stop` for callers without an event loop."""


def open_database(url: str) -> Database:
    """The database at an address: postgresql://… or sqlite:///path. Nothing is connected yet.

    Raises OperatorError when the address is of no known kind or its driver is not installed.
    """
    if url.startswith("sqlite:///"):
        from waflows.storage.sqlite import SqliteDatabase

        return SqliteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        try:
            from waflows.storage.postgres import PostgresDatabase
        except ImportError:
            raise OperatorError(
                "PostgreSQL needs its driver: install waflows with the extra [postgres]."
            ) from None
        return PostgresDatabase(url)
    raise OperatorError(
        "The database address must begin with postgresql:// or be sqlite:///path/to/file."
    )
