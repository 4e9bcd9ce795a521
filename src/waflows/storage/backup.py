"""Consistent copies of a database while it is in use, and back again.

A backup is always one SQLite file, whichever engine it came from, so it can be looked into,
served from, and restored into either engine. That makes backup and restore the way from SQLite to
PostgreSQL too.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

import msgspec

from waflows.errors import OperatorError
from waflows.storage import migrate
from waflows.storage.checking import faults_of_references, faults_of_schema, faults_of_storage
from waflows.storage.database import Database, Transaction
from waflows.storage.sqlite import SqliteDatabase, copy_file
from waflows.storage.tables import TABLES


class DamagedCopy(Exception):
    """A copy differs from its source."""


class Copied(msgspec.Struct, frozen=True):
    """The size of a copy."""

    tables: int
    rows: int
    bytes: int


def back_up(database: Database, target: Path) -> Copied:
    """Writes a consistent copy of the database while others write to it.

    The copy is checked, and appears under its name only when it is whole and sound. Raises
    OperatorError when there is a file already or the copy is damaged; then nothing is left of it.
    """
    for path in _with_logs(target):
        if path.exists():
            raise OperatorError(f"{path} exists already; a backup never overwrites a file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    _remove(part)
    part.touch(mode=0o600)
    try:
        counted = _copy_and_check(database, part)
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except BaseException:
        _remove(part)
        raise
    return counted


def _copy_and_check(database: Database, part: Path) -> Copied:
    try:
        if isinstance(database, SqliteDatabase):
            database.copy_to(part)
        else:
            _copy_all(database, part)
        faults = _faults_of_copy(part)
        if not faults:
            return _count(part)
    except (sqlite3.DatabaseError, DamagedCopy) as error:
        faults = [str(error)]
    raise OperatorError(
        f"No backup was made: the copy is damaged ({faults[0]}). The database itself may be; see"
        " `waflows db check`, and keep the last good backup."
    )


def _faults_of_copy(part: Path) -> list[str]:
    """Returns what is wrong with a finished copy, checked as a separate file."""
    copy = SqliteDatabase(str(part))
    try:
        return [
            *faults_of_schema(copy),
            *faults_of_storage(copy),
            *faults_of_references(copy),
        ]
    finally:
        copy.close()


def _remove(path: Path) -> None:
    for each in _with_logs(path):
        each.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Flushes a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(source: Path, database: Database) -> Copied:
    """Fills an empty database from a backup, which may be from an older version.

    Raises OperatorError when the file is not a backup or the database has accounts in it.
    """
    if not source.is_file():
        raise OperatorError(f"There is no backup {source}.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "backup.db"
        copy_file(source, copy)
        backup = SqliteDatabase(str(copy))
        try:
            if not backup.read_now(_is_backup):
                raise OperatorError(f"{source} is not a backup of waflows.")
            migrate.upgrade(backup)
            migrate.upgrade(database)
            database.run_now(_fill, backup)
        finally:
            backup.close()
        return _count(copy)


def _with_logs(path: Path) -> list[Path]:
    """A database file and the files that SQLite keeps beside it."""
    return [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal")]


def _copy_all(database: Database, part: Path) -> None:
    copy = SqliteDatabase(str(part))
    try:
        migrate.upgrade(copy)
        database.read_now(lambda tx: copy.run_now(_copy_tables, tx, _columns(copy)))
        copy.make_single_file()
    finally:
        copy.close()


def _is_backup(tx: Transaction) -> bool:
    return tx.one("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'") is not None


def _fill(tx: Transaction, backup: SqliteDatabase) -> None:
    if tx.one("SELECT 1 FROM accounts") is not None:
        raise OperatorError("The database is not empty; restore into a new one.")
    tx.execute("DELETE FROM instance")
    columns = _columns(backup)
    backup.read_now(lambda source: _copy_tables(tx, source, columns))


def _columns(database: SqliteDatabase) -> dict[str, list[str]]:
    """The columns of every table, read from a SQLite file of the same schema."""
    return database.read_now(
        lambda tx: {
            table: [row[1] for row in tx.all(f"PRAGMA table_info({table})")] for table in TABLES
        }
    )


def _copy_tables(target: Transaction, source: Transaction, columns: dict[str, list[str]]) -> None:
    """Copies every row; raises DamagedCopy when a table has fewer or more rows than its source."""
    for table, names in columns.items():
        listed = ", ".join(names)
        marks = ", ".join("?" for _ in names)
        for row in source.each(f"SELECT {listed} FROM {table}"):
            target.execute(f"INSERT INTO {table} ({listed}) VALUES ({marks})", *row)
        copied, there = (_rows(tx, table) for tx in (target, source))
        if copied != there:
            raise DamagedCopy(f"{table} has {copied:,} rows of {there:,}")


def _rows(tx: Transaction, table: str) -> int:
    return int(tx.all(f"SELECT COUNT(*) FROM {table}")[0][0])


def _count(path: Path) -> Copied:
    database = SqliteDatabase(str(path))
    try:
        rows = database.read_now(lambda tx: sum(_rows(tx, table) for table in TABLES))
        # Opening the file turned its WAL on again; a backup must be one file without company.
        database.make_single_file()
    finally:
        database.close()
    return Copied(len(TABLES), rows, path.stat().st_size)
