"""PostgreSQL: units of work run on a few threads, each with its own connection.

Several processes and machines may share one database. Each write notifies every process within its
own transaction; how a process knows that it hears them stands in `hearing`. A unit whose
transaction the database itself undid (deadlock, lost connection before the commit) is run again,
which is safe because nothing of it remains. Nothing waits without end, neither for a thread, a
connection nor a lock: Unavailable is raised instead.

Reads and writes have threads of their own, since only writes wait for row locks. A write that waits
for a lock leaves its thread after a moment, is undone, and tries again on threads kept for such
writes: one locked row delays other writes by a fraction of a second, however many wait for it.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import ParamSpec, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.conninfo import conninfo_to_dict

from waflows.errors import OperatorError, Unavailable
from waflows.storage.database import Deafness, RecentFailure, Row, Unit
from waflows.storage.hearing import Hearing
from waflows.storage.listener import CHANNEL, Listener
from waflows.storage.postgres_connections import LOCK_SECONDS, connect_for_work, is_direct

P = ParamSpec("P")
T = TypeVar("T")

_TRIES = 5
_PATIENCE_SECONDS = 10.0
# So long a write waits for a lock on the thread where other writes want to go; much shorter while
# some are known to be stuck.
_FIRST_LOCK_SECONDS = 0.25
_LEAST_LOCK_SECONDS = 0.02

# What opens a transaction travels in one message; it leaves nothing behind in the session.
_READ_DIRECT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_READ = f"{_READ_DIRECT}; SET LOCAL lock_timeout = {{}}"
_WRITE = f"BEGIN; SET LOCAL lock_timeout = {{}}; SELECT pg_notify('{CHANNEL}', '')"
_WRITE_SOFT = "BEGIN; SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off"
_UNDONE = (pg.SerializationFailure, pg.DeadlockDetected)
# Besides those: the server went down, comes up, or is no longer the one that takes writes.
_LOST = (psycopg.OperationalError, pg.ReadOnlySqlTransaction)


class _Room(Enum):
    """Where units run; each has so many threads."""

    READ = "read", 4
    WRITE = "write", 4
    # For writes that wait for a lock.
    WAIT = "wait", 2


class _Locked(Unavailable):
    """A lock could not be had in the time given; nothing remains of the unit."""


class PostgresTransaction:
    """A transaction on one connection."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def one(self, sql: str, *parameters: object) -> Row | None:
        """The first row of the answer, or None."""
        return self._connection.execute(_translate(sql), parameters).fetchone()

    def all(self, sql: str, *parameters: object) -> list[Row]:
        """Every row of the answer."""
        return self._connection.execute(_translate(sql), parameters).fetchall()

    def each(self, sql: str, *parameters: object) -> Iterator[Row]:
        """The rows of the answer one by one, through a cursor on the server."""
        with self._connection.cursor("waflows_each") as cursor:
            cursor.execute(_translate(sql), parameters or None)
            yield from cursor

    def execute(self, sql: str, *parameters: object) -> int:
        """Runs a statement; the number of rows it touched."""
        return self._connection.execute(_translate(sql), parameters or None).rowcount

    def execute_each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Runs a statement once for each row of parameters, without waiting in between."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_translate(sql), rows)

    def locking(self, alias: str, *, skip: bool = False) -> str:
        """Locks the rows of one table."""
        return f" FOR UPDATE OF {alias}{' SKIP LOCKED' if skip else ''}"


class PostgresDatabase:
    """One PostgreSQL database, and where to listen for its changes."""

    engine = "postgres"
    # Other processes' migrations may take longer than anything else is waited for.
    upgrade_lock = "SELECT set_config('lock_timeout', '0', true), pg_advisory_xact_lock(7201995)"

    def __init__(self, url: str, listen_url: str) -> None:
        check_parameters(url)
        check_parameters(listen_url)
        self._url = url
        self._listen_url = listen_url
        self._threads: dict[_Room, ThreadPoolExecutor] = {}
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[psycopg.Connection[Row]] = []
        self._hearing = Hearing()
        self._listener: Listener | None = None
        self._on_change: list[Callable[[], None]] = []
        self._on_hearing: list[Callable[[Deafness | None], None]] = []
        self._no_room = RecentFailure()
        # Writes that have waited for a lock twice and wait again.
        self._stuck = 0

    async def start(self) -> None:
        """Begins to listen for the changes of other processes."""
        self._listener = Listener(self._url, self._listen_url, self._hearing, self._heard)
        self._listener.start()

    async def stop(self) -> None:
        """Closes every connection."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Closes every connection."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        for threads in self._threads.values():
            threads.shutdown()
        self._threads.clear()
        for connection in self._open:
            connection.close()
        self._open.clear()

    async def run(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes."""
        result = await self._write(_WRITE, unit, *args, **kwargs)
        self._tell_of_change()
        return result

    async def run_soft(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes side records."""
        return await self._write(_WRITE_SOFT, unit, *args, **kwargs)

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a short unit of work that only reads, on one snapshot."""
        return await self._on_thread(_Room.READ, lambda: self.read_now(unit, *args, **kwargs))

    read_slow = read

    def run_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` for callers without an event loop."""
        result = self._attempt(_WRITE, LOCK_SECONDS, unit, *args, **kwargs)
        self._tell_of_change()
        return result

    def read_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for callers without an event loop."""
        return self._attempt(_READ, LOCK_SECONDS, unit, *args, **kwargs)

    def on_change(self, call: Callable[[], None]) -> None:
        """Registers a callback for after each `run` of this process, called from any thread."""
        self._on_change.append(call)

    def stamp(self) -> int | None:
        """A count of the changes this process has made or heard of; None while it hears none."""
        return self._hearing.stamp(time.monotonic())

    def deafness(self) -> Deafness | None:
        """Why there is no stamp; None while there is one."""
        if self._listener is None:
            return Deafness("Nothing listens for changes.")
        return self._listener.deafness()

    def on_hearing(self, call: Callable[[Deafness | None], None]) -> None:
        """Registers a callback for when the process goes deaf and when it hears again."""
        self._on_hearing.append(call)

    def check_failures(self) -> None:
        """Raises Unavailable when the server said lately that its disk is full."""
        self._no_room.check()

    def check_room(self) -> None:
        """Does what `check_failures` does: the disk is the server's."""
        self._no_room.check()

    def _heard(self, deafness: Deafness | None) -> None:
        for call in self._on_hearing:
            call(deafness)

    def _tell_of_change(self) -> None:
        for call in self._on_change:
            call()

    async def _write(self, opening: str, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def attempt() -> T:
            seconds = max(_FIRST_LOCK_SECONDS / (1 + self._stuck), _LEAST_LOCK_SECONDS)
            return self._attempt(opening, seconds, unit, *args, **kwargs)

        deadline = time.monotonic() + LOCK_SECONDS
        try:
            return await self._on_thread(_Room.WRITE, attempt)
        except _Locked:
            pass
        stuck = False
        try:
            while True:
                try:
                    return await self._on_thread(_Room.WAIT, attempt)
                except _Locked:
                    if time.monotonic() > deadline:
                        raise
                if not stuck:
                    stuck = True
                    self._stuck += 1
        finally:
            self._stuck -= stuck

    async def _on_thread(self, room: _Room, work: Callable[[], T]) -> T:
        if room not in self._threads:
            name, threads = room.value
            self._threads[room] = ThreadPoolExecutor(threads, f"waflows-database-{name}")
        latest = time.monotonic() + _PATIENCE_SECONDS
        return await asyncio.get_running_loop().run_in_executor(
            self._threads[room], _unless_late, latest, work
        )

    def _attempt(
        self,
        opening: str,
        lock_seconds: float,
        unit: Unit[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Runs a unit in a transaction; raises _Locked when a lock is not had in time."""
        begin = opening.format(round(lock_seconds * 1000))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for attempt in range(1, _TRIES + 1):
            committing = False
            try:
                connection = self._connection()
                if opening is _READ and is_direct(connection):
                    connection.execute(_READ_DIRECT)
                else:
                    connection.execute(begin, prepare=False)
                result = unit(PostgresTransaction(connection), *args, **kwargs)
                committing = True
                connection.execute("COMMIT")
            except pg.LockNotAvailable as error:
                self._roll_back()
                raise _Locked from error
            except _LOST as error:
                self._recover(error)
                # After COMMIT was sent its fate is unknown: running it again could do it twice.
                unknown = committing and not isinstance(error, _UNDONE)
                if unknown:
                    self._hearing.change()
                if unknown or attempt == _TRIES or time.monotonic() > deadline:
                    raise Unavailable from error
            except BaseException:
                self._roll_back()
                raise
            else:
                # This process need not wait for its own notification to know of its own change.
                if opening is _WRITE:
                    self._hearing.change()
                return result
            time.sleep(0.02 * attempt)
        raise Unavailable

    def _recover(self, error: psycopg.Error) -> None:
        """Makes ready for another try."""
        if isinstance(error, _UNDONE):
            self._roll_back()
            return
        self._forget_connection()
        if isinstance(error, pg.DiskFull):
            self._no_room.note("the database server's disk is full")

    def _connection(self) -> psycopg.Connection[Row]:
        connection: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect_for_work(self._url)
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    def _roll_back(self) -> None:
        connection: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        try:
            if connection is not None:
                connection.execute("ROLLBACK")
        except psycopg.Error:
            self._forget_connection()

    def _forget_connection(self) -> None:
        connection: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None
            with self._lock:
                self._open.remove(connection)


def check_parameters(url: str) -> None:
    """Raises OperatorError for an address that libpq cannot read.

    libpq's own sentence is left out: it repeats the part it does not understand.
    """
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise OperatorError(
            "The database address cannot be used: PostgreSQL does not know a parameter after the"
            " question mark, or it is written without =."
        ) from None


def _unless_late(latest: float, work: Callable[[], T]) -> T:
    """Does some work unless its turn came so late that whoever asked has given up."""
    if time.monotonic() > latest:
        raise Unavailable
    return work()


@functools.lru_cache(maxsize=512)
def _translate(sql: str) -> str:
    return sql.replace("?", "%s")
