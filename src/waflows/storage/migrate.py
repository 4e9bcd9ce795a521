"""Numbered migrations: files of plain SQL that both engines accept, applied once, in order.

A migration runs in one transaction with the row that records it, so it happened or it did not.
A migration that has been released is never edited.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import msgspec

from waflows.errors import OperatorError
from waflows.storage.database import Database, Transaction

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_COMMENT = re.compile(r"--[^\n]*")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL
)
"""


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema."""

    number: int
    name: str
    sql: str


def bundled() -> list[Migration]:
    """The migrations that came with this version, in order."""
    return from_folder(Path(str(resources.files("waflows.storage") / "migrations")))


def from_folder(folder: Path) -> list[Migration]:
    """The migrations in a folder, in order; raises OperatorError when a number is missing."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise OperatorError(f"{path.name} is not named like 0001_what_it_does.sql.")
        found.append(Migration(int(match[1]), match[2], path.read_text("utf-8")))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise OperatorError(f"The migrations in {folder} are not numbered 1, 2, 3, ….")
    return found


def upgrade(database: Database, migrations: list[Migration] | None = None) -> list[Migration]:
    """Applies the missing migrations and returns them.

    Safe to run from several processes at once. Raises OperatorError when the database was
    written by a newer version.
    """
    wanted = bundled() if migrations is None else migrations
    return [
        migration
        for migration in pending(database, wanted)
        if database.run_now(_apply, database.upgrade_lock, migration)
    ]


def pending(database: Database, migrations: list[Migration] | None = None) -> list[Migration]:
    """The migrations a database still lacks; raises OperatorError when it is too new."""
    wanted = bundled() if migrations is None else migrations
    done = database.run_now(_done, database.upgrade_lock)
    known = {migration.number for migration in wanted}
    if unknown := sorted(done - known):
        raise OperatorError(
            f"The database was upgraded by a newer waflows (migration {unknown[-1]:04});"
            " run that version, or restore a backup."
        )
    return [migration for migration in wanted if migration.number not in done]


def require_current(database: Database) -> None:
    """Raises OperatorError, naming the command to run, when the schema is not this version's."""
    if missing := pending(database):
        raise OperatorError(
            f"The database lacks {len(missing)} migration{'s' if len(missing) > 1 else ''};"
            " run `waflows db upgrade` first."
        )


def _done(tx: Transaction, lock: str) -> set[int]:
    _prepare(tx, lock)
    return {row[0] for row in tx.all("SELECT number FROM schema_migrations")}


def _apply(tx: Transaction, lock: str, migration: Migration) -> bool:
    _prepare(tx, lock)
    recorded = tx.execute(
        "INSERT INTO schema_migrations (number, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
        migration.number,
        migration.name,
    )
    if not recorded:
        return False
    for statement in _COMMENT.sub("", migration.sql).split(";"):
        if statement.strip():
            tx.execute(statement)
    return True


def _prepare(tx: Transaction, lock: str) -> None:
    if lock:
        tx.all(lock)
    tx.execute(_TABLE)
