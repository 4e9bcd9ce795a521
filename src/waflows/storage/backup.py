"""Consistent copies of a database while it is in use, and back again.

A backup is always one SQLite file, whichever engine it came from, so it can be looked into,
served from, and restored into either engine. That makes backup and restore the way from SQLite to
PostgreSQL too.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from waflows.errors import OperatorError
from waflows.storage import migrate
from waflows.storage.database import Database, Transaction
from waflows.storage.sqlite import SqliteDatabase, copy_file

# In the order in which rows can be inserted: what is referred to comes first.
_TABLES = (
    "instance",
    "accounts",
    "channels",
    "api_keys",
    "flows",
    "flow_revisions",
    "endpoint_keys",
    "app_secrets",
    "endpoint_checks",
    "errors",
    "rate_limits",
    "sub_accounts",
    "conversations",
    "messages",
    "templates",
    "phone_sessions",
    "submissions",
    "submission_flows",
    "submission_counts",
    "webhooks",
    "webhook_lanes",
    "webhook_deliveries",
)


class Copied(msgspec.Struct, frozen=True):
    """How much was copied."""

    tables: int
    rows: int
    bytes: int


def back_up(database: Database, target: Path) -> Copied:
    """Writes a copy of one moment of the database, whatever is written meanwhile.

    The file appears under its name only when it is whole. Raises OperatorError when there is a
    file already.
    """
    for path in _with_logs(target):
        if path.exists():
            raise OperatorError(f"{path} exists already; a backup never overwrites a file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    for path in _with_logs(part):
        path.unlink(missing_ok=True)
    part.touch(mode=0o600)
    if isinstance(database, SqliteDatabase):
        database.copy_to(part)
    else:
        _copy_all(database, part)
    counted = _count(part)
    part.replace(target)
    return counted


def restore(source: Path, database: Database) -> Copied:
    """Fills an empty database from a backup, which may be from an older version.

    Raises OperatorError when the file is no backup or the database has accounts in it.
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
    """A database file and what SQLite would take for the latest changes to it."""
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
            table: [row[1] for row in tx.all(f"PRAGMA table_info({table})")] for table in _TABLES
        }
    )


def _copy_tables(target: Transaction, source: Transaction, columns: dict[str, list[str]]) -> None:
    for table, names in columns.items():
        listed = ", ".join(names)
        marks = ", ".join("?" for _ in names)
        for row in source.each(f"SELECT {listed} FROM {table}"):
            target.execute(f"INSERT INTO {table} ({listed}) VALUES ({marks})", *row)


def _count(path: Path) -> Copied:
    database = SqliteDatabase(str(path))
    try:
        rows = database.read_now(
            lambda tx: sum(tx.all(f"SELECT COUNT(*) FROM {table}")[0][0] for table in _TABLES)
        )
        # Opening the file turned its WAL on again; a backup must be one file without company.
        database.make_single_file()
    finally:
        database.close()
    return Copied(len(_TABLES), rows, path.stat().st_size)
