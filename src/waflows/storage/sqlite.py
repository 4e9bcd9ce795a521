"""SQLite: units of work run inline on the event loop.

A thread hop costs more than a short query here, so only slow reads leave the loop. WAL lets
readers and the one writer work side by side; several processes may share the file. SQLite's own
busy timeout can starve one of two writers for seconds, so a busy database is asked again after a
short random wait instead. `synchronous=FULL` makes every acknowledged write survive a power cut;
side records go over a connection that does not wait for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from waflows.errors import OperatorError, Unavailable
from waflows.storage.database import Deafness, RecentFailure, Row, Unit

P = ParamSpec("P")
T = TypeVar("T")

_OLDEST_VERSION = (3, 35, 0)
"""The first SQLite with RETURNING, which the queries use."""
_PATIENCE_SECONDS = 15.0
_SLOW_READERS = 2
_ROOM_BYTES = 1024 * 1024
# Another connection is in the way; SQLITE_PROTOCOL is how WAL says so when many begin at once.
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
# The disk is full or failing, or the file cannot be opened: a temporary fault of the environment.
_FAILING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


class SqliteTransaction:
    """A transaction on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, sql: str, *parameters: object) -> Row | None:
        """The first row of the answer, or None."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, *parameters: object) -> list[Row]:
        """Every row of the answer."""
        return self._connection.execute(sql, parameters).fetchall()

    def each(self, sql: str, *parameters: object) -> Iterator[Row]:
        """The rows of the answer one by one."""
        return self._connection.execute(sql, parameters)

    def execute(self, sql: str, *parameters: object) -> int:
        """Runs a statement; the number of rows it touched."""
        return self._connection.execute(sql, parameters).rowcount

    def execute_each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Runs a statement once for each row of parameters."""
        self._connection.executemany(sql, rows)

    def locking(self, alias: str, *, skip: bool = False) -> str:
        """Nothing: SQLite has a single writer."""
        return ""


class SqliteDatabase:
    """One SQLite file. Not to be shared between threads, except for `read_slow`."""

    engine = "sqlite"
    upgrade_lock = ""

    def __init__(self, path: str) -> None:
        _check_version(sqlite3.sqlite_version_info)
        self._path = Path(path).expanduser()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._local = threading.local()
        self._threads: ThreadPoolExecutor | None = None
        self._writer: sqlite3.Connection | None = None
        self._soft_writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._on_change: list[Callable[[], None]] = []
        self._no_room = RecentFailure()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def start(self) -> None:
        """Opens the file."""
        self._reading()

    async def stop(self) -> None:
        """Closes every connection."""
        self.close()

    def close(self) -> None:
        """Closes every connection."""
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._writer = self._soft_writer = self._reader = None

    async def run(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes."""
        result = await self._write(self._writing(), unit, *args, **kwargs)
        for call in self._on_change:
            call()
        return result

    async def run_soft(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit of work that writes side records."""
        return await self._write(self._soft_writing(), unit, *args, **kwargs)

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a short unit of work that only reads, on one snapshot."""
        connection = self._reading()
        deadline = 0.0
        while True:
            try:
                connection.execute("BEGIN")
                return _finish(connection, unit, *args, **kwargs)
            except sqlite3.OperationalError as error:
                _only_if_busy(error)
            deadline = _check_patience(deadline)
            await asyncio.sleep(_pause())

    async def read_slow(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, on a thread."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_SLOW_READERS, "waflows-slow-read")
        call = self._slow_read
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: call(unit, *args, **kwargs)
        )

    def run_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` for callers without an event loop."""
        connection = self._writing()
        _insist(lambda: _begin_writing(connection))
        return _finish(connection, unit, *args, **kwargs)

    def read_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for callers without an event loop."""
        return _read_now(self._reading(), unit, *args, **kwargs)

    def on_change(self, call: Callable[[], None]) -> None:
        """Registers a callback for after each `run` of this process."""
        self._on_change.append(call)

    def stamp(self) -> int | None:
        """SQLite's own count of changes to the file by any connection.

        Asked of the reading connection, which never writes, it sees this process's writes too.
        """
        try:
            row = self._reading().execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        return int(row[0])

    def deafness(self) -> Deafness | None:
        """None: SQLite always knows of a change."""
        return None

    def on_hearing(self, call: Callable[[Deafness | None], None]) -> None:
        """Calls it at once, as nothing will change."""
        call(None)

    def check_failures(self) -> None:
        """Raises Unavailable when a recent write failed for lack of disk space."""
        self._no_room.check()

    def check_room(self) -> None:
        """Raises Unavailable when no file can grow beside the database, or could not lately.

        A small write says little: the log has room of its own, left over from earlier ones.
        """
        self._no_room.check()
        try:
            with tempfile.TemporaryFile(dir=self._path.parent) as file:
                _allocate(file.fileno())
        except OSError as error:
            raise Unavailable(f"There is no room to write: {error.strerror}.") from error

    def copy_to(self, target: Path) -> None:
        """Writes a consistent copy while others read and write."""
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            self._reading().backup(copy)
        finally:
            copy.close()

    def shrink(self) -> None:
        """Returns free space within the file to the disk; writers wait until it is done."""
        _insist(lambda: _try(self._writing(), "VACUUM"))

    def make_single_file(self) -> None:
        """Leaves the database in a single file; no other process may have it open."""
        self.close()
        _fold_log(self._path, timeout=5.0)

    def _slow_read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect("FULL")
        return _read_now(connection, unit, *args, **kwargs)

    async def _write(
        self, connection: sqlite3.Connection, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        deadline = 0.0
        try:
            while not _begin_writing(connection):
                deadline = _check_patience(deadline)
                await asyncio.sleep(_pause())
            return _finish(connection, unit, *args, **kwargs)
        except Unavailable as error:
            if isinstance(error.__cause__, sqlite3.OperationalError):
                self._no_room.note(str(error.__cause__))
            raise

    def _writing(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._connect("FULL")
        return self._writer

    def _soft_writing(self) -> sqlite3.Connection:
        if self._soft_writer is None:
            self._soft_writer = self._connect("NORMAL")
        return self._soft_writer

    def _reading(self) -> sqlite3.Connection:
        if self._reader is None:
            self._reader = self._connect("FULL")
        return self._reader

    def _connect(self, synchronous: str) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                # It will hold a secret: for its owner only, and so is the log beside it.
                self._path.touch(mode=0o600)
            connection = sqlite3.connect(
                self._path,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            _insist(lambda: _try(connection, "PRAGMA journal_mode=WAL"))
        except (OSError, sqlite3.OperationalError) as error:
            raise OperatorError(f"Cannot open the database {self._path}: {error}.") from None
        except sqlite3.DatabaseError as error:
            raise OperatorError(f"{self._path} is not a SQLite database: {error}.") from None
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        with self._lock:
            self._open.append(connection)
        return connection


def copy_file(source: Path, target: Path) -> None:
    """Copies a database file as of one moment, in use or not, and leaves it as it is.

    Raises OperatorError when it is not a SQLite database.
    """
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
            ) as original,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
    except sqlite3.DatabaseError as error:
        raise OperatorError(f"{source} is not a SQLite database: {error}.") from None


def _fold_log(path: Path, timeout: float) -> None:
    """Takes the log that WAL keeps beside the file into it, which SQLite refuses while shared."""
    connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()


def remove_database(path: Path) -> None:
    """Removes a database file with its companions; raises OperatorError while it is in use."""
    if path.exists():
        try:
            _fold_log(path, timeout=0)
        except sqlite3.OperationalError as error:
            raise OperatorError(
                f"{path} is in use ({error}); stop the server that runs on it first."
            ) from None
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _finish(
    connection: sqlite3.Connection, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    try:
        result = unit(SqliteTransaction(connection), *args, **kwargs)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError):
            _raise_if_failing(error)
        raise
    return result


def _read_now(
    connection: sqlite3.Connection, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    deadline = 0.0
    while True:
        try:
            connection.execute("BEGIN")
            return _finish(connection, unit, *args, **kwargs)
        except sqlite3.OperationalError as error:
            _only_if_busy(error)
        deadline = _check_patience(deadline)
        time.sleep(_pause())


def _allocate(file: int) -> None:
    """Takes room on the disk for a file; raises OSError when there is none.

    Where the system can, nothing is written: probes come for as long as the server runs.
    """
    if sys.platform == "linux":
        os.posix_fallocate(file, 0, _ROOM_BYTES)
    else:
        os.write(file, bytes(_ROOM_BYTES))
        os.fsync(file)


def _insist(attempt: Callable[[], bool]) -> None:
    """Tries something again and again while another connection is in its way."""
    deadline = 0.0
    while not attempt():
        deadline = _check_patience(deadline)
        time.sleep(_pause())


def _begin_writing(connection: sqlite3.Connection) -> bool:
    try:
        return _try(connection, "BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        _raise_if_failing(error)
        raise


def _try(connection: sqlite3.Connection, sql: str) -> bool:
    try:
        connection.execute(sql)
    except sqlite3.OperationalError as error:
        _only_if_busy(error)
        return False
    return True


def _only_if_busy(error: sqlite3.OperationalError) -> None:
    """Raises the error again unless it says that another connection is in the way."""
    if error.sqlite_errorcode & 0xFF not in _BUSY:
        raise error


def _raise_if_failing(error: sqlite3.OperationalError) -> None:
    """Raises Unavailable when the error says that the disk or the file is at fault."""
    if error.sqlite_errorcode & 0xFF in _FAILING:
        raise Unavailable(f"The database cannot be used at the moment: {error}.") from error


def _pause() -> float:
    """Seconds before the next try: random, so that two rivals do not meet again and again."""
    return random.uniform(0.0005, 0.004)


def _check_patience(deadline: float) -> float:
    now = time.monotonic()
    if deadline and now > deadline:
        raise Unavailable
    return deadline or now + _PATIENCE_SECONDS


def _check_version(version: tuple[int, int, int]) -> None:
    """Refuses a SQLite library that is too old, before its first query fails."""
    if version < _OLDEST_VERSION:
        found, needed = (".".join(map(str, each)) for each in (version, _OLDEST_VERSION))
        raise OperatorError(
            f"waflows needs SQLite {needed} or later, and this Python has {found}. Use a Python"
            " with a newer SQLite, or PostgreSQL with `--database-url`."
        )
