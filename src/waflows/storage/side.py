"""Side records: what a server stores besides the data of its tenants, such as error responses.

They are written far more often than facts may be, so they must neither move the change stamp, which
would empty every memory, nor hold the lock that writers of facts wait for. In SQLite both belong to
the file, so side records have a file of their own beside it; in PostgreSQL `run_soft` sends no
notice and rows are locked one by one, so they stay in the same database. A table that moves here
later needs a migration in `side_migrations` and nothing else.

A copy of the database does not contain the side file, and losing that file loses no fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from waflows.storage import error_records, migrate
from waflows.storage.database import Database
from waflows.storage.migrate import Migration
from waflows.storage.sqlite import SqliteDatabase, remove_database

_BATCH = 1000


def open_side(database: Database) -> Database:
    """Opens the side records of a database and upgrades their schema; the database's may be older.

    What an earlier version kept in the file of the facts is moved first. Close it like any other
    database, before the one it belongs to.
    """
    if not isinstance(database, SqliteDatabase):
        return database
    side = SqliteDatabase(str(side_file(database.path)))
    migrate.upgrade(side, side_migrations())
    _move_errors(database, side)
    return side


@contextmanager
def opened_side(database: Database) -> Iterator[Database]:
    """`open_side`, closed at the end."""
    side = open_side(database)
    try:
        yield side
    finally:
        if side is not database:
            side.close()


def side_file(database_file: Path) -> Path:
    """The file of the side records of a SQLite database."""
    return database_file.with_name(f"{database_file.stem}-side{database_file.suffix}")


def remove_with_side(database_file: Path) -> None:
    """Removes a SQLite database and its side records; raises OperatorError while in use."""
    for path in (database_file, side_file(database_file)):
        remove_database(path)


def side_migrations() -> list[Migration]:
    """The migrations of the side records that came with this version, in order."""
    folder = resources.files("waflows.storage") / "side_migrations"
    return migrate.from_folder(Path(str(folder)))


def _move_errors(database: SqliteDatabase, side: SqliteDatabase) -> None:
    """Moves errors in batches; after an interruption the rest is moved the next time."""
    while rows := database.read_now(error_records.some_rows, _BATCH):
        side.run_now(error_records.insert_rows, rows)
        database.run_now(error_records.delete_rows, rows)
