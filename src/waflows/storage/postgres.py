"""PostgreSQL: units of work run on a few threads, each with its own connection.

Several processes and machines may share one database. A committed change is told to every
process by a notification sent inside the same transaction; while a process cannot hear them its
stamp is None. A unit whose transaction the database itself undid (deadlock, lost connection
before the commit) is run again, which is safe because nothing of it remains. Nothing waits
without end, neither for a thread, a connection nor a lock: Unavailable is raised instead.
"""

from __future__ import annotations

import asyncio
import functools
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import psycopg
from psycopg import errors as pg

from waflows.errors import Unavailable
from waflows.storage.database import Row, Unit

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4
_TRIES = 5
_PATIENCE_SECONDS = 10.0
_LOCK_SECONDS = 5
_CHANNEL = "waflows_changes"
_NOTIFY = f"SELECT pg_notify('{_CHANNEL}', '')"
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LISTENER_BEAT_SECONDS = 1.0
_DEAF_AFTER_SECONDS = 3.0
_CONNECT = {
    "autocommit": True,
    "connect_timeout": 5,
    "application_name": "waflows",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}


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
    """One PostgreSQL database."""

    engine = "postgres"
    # Other processes' migrations may take longer than anything else is waited for.
    upgrade_lock = "SELECT set_config('lock_timeout', '0', true), pg_advisory_xact_lock(7201995)"

    def __init__(self, url: str) -> None:
        self._url = url
        self._threads: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[psycopg.Connection[Row]] = []
        self._stopping = threading.Event()
        self._listener: threading.Thread | None = None
        self._heard_at = -math.inf
        self._on_change: list[Callable[[], None]] = []
        self._changes = 0

    async def start(self) -> None:
        """Begins to listen for the changes of other processes."""
        self._listener = threading.Thread(target=self._listen, name="waflows-listen", daemon=True)
        self._listener.start()

    async def stop(self) -> None:
        """Closes every connection."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Closes every connection."""
        self._stopping.set()
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None
        if self._listener is not None:
            self._listener.join()
            self._listener = None
        for connection in self._open:
            connection.close()
        self._open.clear()

    async def run(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes."""
        return await self._on_thread(self.run_now, unit, *args, **kwargs)

    async def run_soft(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes side records."""
        return await self._on_thread(self._run_soft_now, unit, *args, **kwargs)

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a short unit of work that only reads, on one snapshot."""
        return await self._on_thread(self.read_now, unit, *args, **kwargs)

    read_slow = read

    def run_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` for callers without an event loop."""
        result = self._attempt(("BEGIN", _NOTIFY), unit, *args, **kwargs)
        # This process need not wait for its own notification to know of its own change.
        self._changed()
        for call in self._on_change:
            call()
        return result

    def read_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for callers without an event loop."""
        return self._attempt((_BEGIN_READ,), unit, *args, **kwargs)

    def on_change(self, call: Callable[[], None]) -> None:
        """Has something called after each `run` of this process, from whichever thread."""
        self._on_change.append(call)

    def stamp(self) -> int | None:
        """A count of the changes this process has made or heard of; None while it hears none.

        A connection that is cut off makes no noise, so its silence counts as deafness.
        """
        deaf = time.monotonic() - self._heard_at > _DEAF_AFTER_SECONDS
        return None if deaf else self._changes

    def _run_soft_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._attempt(("BEGIN", "SET LOCAL synchronous_commit = off"), unit, *args, **kwargs)

    async def _on_thread(self, call: Any, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, "waflows-database")
        work = functools.partial(call, unit, *args, **kwargs)
        latest = time.monotonic() + _PATIENCE_SECONDS
        result: T = await asyncio.get_running_loop().run_in_executor(
            self._threads, _unless_late, latest, work
        )
        return result

    def _attempt(
        self, opening: tuple[str, ...], unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for attempt in range(1, _TRIES + 1):
            committing = False
            last = attempt == _TRIES
            try:
                connection = self._connection()
                for statement in opening:
                    connection.execute(statement)
                result = unit(PostgresTransaction(connection), *args, **kwargs)
                committing = True
                connection.execute("COMMIT")
            except (pg.SerializationFailure, pg.DeadlockDetected) as error:
                self._roll_back()
                if last or time.monotonic() > deadline:
                    raise Unavailable from error
            except psycopg.OperationalError as error:
                self._forget_connection()
                # After COMMIT was sent its fate is unknown: running it again could do it twice.
                if committing or last or time.monotonic() > deadline:
                    raise Unavailable from error
            except BaseException:
                self._roll_back()
                raise
            else:
                return result
            time.sleep(0.02 * attempt)
        raise Unavailable

    def _connection(self) -> psycopg.Connection[Row]:
        connection: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = psycopg.connect(self._url, **_CONNECT)  # type: ignore[arg-type]  # a mapping of options
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
            connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
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

    def _changed(self) -> None:
        with self._lock:
            self._changes += 1

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen_until_lost()
            except psycopg.Error:
                self._stopping.wait(0.5)

    def _listen_until_lost(self) -> None:
        try:
            with psycopg.connect(self._url, **_CONNECT) as connection:  # type: ignore[arg-type]  # a mapping of options
                connection.execute(f"LISTEN {_CHANNEL}")
                # Whatever changed while nothing was heard counts as one change.
                self._changed()
                self._heard_at = time.monotonic()
                while not self._stopping.is_set():
                    self._hear(connection, _LISTENER_BEAT_SECONDS)
                    # An answer proves that whatever was committed before it has arrived.
                    connection.execute("SELECT 1")
                    self._hear(connection, 0)
                    self._heard_at = time.monotonic()
        finally:
            self._heard_at = -math.inf

    def _hear(self, connection: psycopg.Connection[Row], seconds: float) -> None:
        for _ in connection.notifies(timeout=seconds):
            self._changed()


def _unless_late(latest: float, work: Callable[[], T]) -> T:
    """Does some work unless its turn came so late that whoever asked has given up."""
    if time.monotonic() > latest:
        raise Unavailable
    return work()


@functools.lru_cache(maxsize=512)
def _translate(sql: str) -> str:
    return sql.replace("?", "%s")
