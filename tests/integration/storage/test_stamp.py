"""The change stamp: what is kept in memory is never older than it may be."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from harness.databases import Postgres
from harness.servers import Tenant, client, dev_server, opened

from waflows.errors import NotAuthenticated, NotFound
from waflows.http.authentication import KeyMemory
from waflows.services.accounts import accounts
from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.storage import migrate
from waflows.storage.database import Database, Transaction
from waflows.storage.hearing import BOUND_SECONDS

_PATIENCE = 20.0


def _eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


@contextmanager
def _watching(db: Database) -> Iterator[None]:
    """The database as a server has it: told of other processes' changes."""
    asyncio.run(db.start())
    assert _eventually(lambda: db.stamp() is not None)
    yield


def test_the_stamp_stands_still_while_nothing_is_written(db: Database) -> None:
    with _watching(db):
        before = db.stamp()
        db.read_now(accounts.list_accounts)
        assert db.stamp() == before


def test_a_write_of_this_process_changes_the_stamp_at_once(db: Database) -> None:
    with _watching(db):
        before = db.stamp()
        db.run_now(accounts.create_account, "Tests")
        assert db.stamp() not in {before, None}


def test_a_write_of_another_process_changes_the_stamp(db: Database, database_url: str) -> None:
    with _watching(db), opened(database_url) as other:
        for _ in range(20):
            before = db.stamp()
            other.run_now(accounts.create_account, "Tests")
            if db.engine == "sqlite":
                assert db.stamp() != before
            else:
                assert _eventually(lambda before=before: db.stamp() != before)  # type: ignore[misc]


def test_a_write_that_was_undone_does_not_matter_to_others(db: Database, database_url: str) -> None:
    def fail(tx: Transaction) -> None:
        accounts.create_account(tx, "Half made")
        raise NotFound

    with _watching(db), opened(database_url) as other:
        before = db.stamp()
        assert before is not None
        with pytest.raises(NotFound):
            other.run_now(fail)
        if db.engine == "sqlite":
            assert db.stamp() == before
        else:
            # Notifications arrive in order, so only the one of the second write has counted.
            other.run_now(accounts.create_account, "Tests")
            assert _eventually(lambda: db.stamp() != before)
            assert db.stamp() == before + 1


def test_side_records_do_not_disturb_what_other_postgres_servers_remember(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()

    async def write_side_record(other: Database) -> None:
        await other.run_soft(lambda tx: tx.one("SELECT 1"))

    with opened(url) as db, opened(url) as other, _watching(db):
        before = db.stamp()
        asyncio.run(write_side_record(other))
        other.run_now(lambda tx: tx.one("SELECT 1"))
        # Notifications arrive in order, so only the last of both can have counted.
        assert _eventually(lambda: db.stamp() != before)
        assert before is not None
        assert db.stamp() == before + 1


def test_a_process_that_hears_nothing_has_no_stamp(postgres: Postgres) -> None:
    url = postgres.new_database()
    with opened(url) as db:
        assert db.stamp() is None, "nobody listens yet"
        with _watching(db):
            before = db.stamp()
            with _closed_to_new_connections(url) as admin:
                _end(admin, _listeners(admin, url))
                assert _eventually(lambda: db.stamp() is None)
            assert _eventually(lambda: db.stamp() is not None)
            assert db.stamp() != before, "what happened meanwhile is not known"


def test_a_key_is_looked_up_each_time_while_changes_cannot_be_heard(postgres: Postgres) -> None:
    url = postgres.new_database()
    with opened(url) as db, opened(url) as other:
        migrate.upgrade(db)
        account = db.run_now(accounts.create_account, "Tests").id
        made = db.run_now(accounts.create_key, account, "key")
        memory = KeyMemory(db, db.run_now(accounts.instance_secret))
        header = f"Bearer {made.text}".encode()
        for _ in range(2):
            assert asyncio.run(memory.principal(header)).key_id == made.key.id
        other.run_now(accounts.revoke_key, account, made.key.id)
        with pytest.raises(NotAuthenticated):
            asyncio.run(memory.principal(header))


def test_a_connection_that_falls_silent_counts_as_lost(postgres: Postgres) -> None:
    url = postgres.new_database()
    with opened(url) as db, _watching(db), _admin(url) as admin:
        [pid] = _listeners(admin, url)
        os.kill(pid, signal.SIGSTOP)
        try:
            assert _eventually(lambda: db.stamp() is None)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert _eventually(lambda: db.stamp() is not None)


def test_a_write_of_another_process_ends_the_life_of_a_kept_list(server: Tenant) -> None:
    for number in range(10):
        for _ in range(2):
            server.http.get(server.flows)
        with opened(server.database_url) as elsewhere:
            made = elsewhere.run_now(
                lifecycle.create,
                server.account_id,
                server.channel_id,
                Content(name=f"Flow {number}", categories=["OTHER"]),
            )
        if server.database_url.startswith("sqlite"):
            assert _newest(server) == made.id
        else:
            assert _eventually(lambda made=made: _newest(server) == made.id)  # type: ignore[misc]


def test_a_client_never_gets_a_list_from_before_its_own_write(server: Tenant) -> None:
    for number in range(20):
        server.http.get(server.flows)
        made = server.create(f"Flow {number}")
        assert _newest(server) == made


@contextmanager
def _dev_tenant(postgres: Postgres, folder: Path) -> Iterator[tuple[Tenant, str]]:
    """A tenant of a server of one process, and the database's address."""
    url = postgres.new_database()
    with dev_server(folder, "--database-url", url) as (process, _):
        tenant = Tenant(process, url)
        assert _eventually(lambda: not _deafness(tenant))
        try:
            yield tenant, url
        finally:
            tenant.http.close()


def _create_elsewhere(elsewhere: Database, tenant: Tenant, name: str) -> str:
    content = Content(name=name, categories=["OTHER"])
    return elsewhere.run_now(lifecycle.create, tenant.account_id, tenant.channel_id, content).id


def _deafness(tenant: Tenant) -> str:
    """What a server says about not hearing; empty while it hears."""
    answer = tenant.http.get("/readyz")
    assert answer.status_code == 200
    return str(answer.json().get("detail", ""))


def test_nothing_is_answered_from_memory_while_the_listener_is_down(
    postgres: Postgres, folder: Path
) -> None:
    with _dev_tenant(postgres, folder) as (tenant, url), opened(url) as elsewhere:
        for _ in range(5):
            tenant.http.get(tenant.flows)
        elsewhere.read_now(accounts.ping)
        with _closed_to_new_connections(url) as admin:
            _end(admin, _listeners(admin, url))
            # Between the end of the connection and its notice the bound holds, as below.
            assert _eventually(lambda: "lost" in _deafness(tenant))
            kept = _lists_from_memory(tenant.url)
            for number in range(10):
                made = _create_elsewhere(elsewhere, tenant, f"Flow {number}")
                assert _newest(tenant) == made
            assert _lists_from_memory(tenant.url) == kept

        def from_memory_again() -> bool:
            tenant.http.get(tenant.flows)
            return _lists_from_memory(tenant.url) > kept

        assert _eventually(from_memory_again)
        tenant.process.log_line(event="changes are heard again")


@pytest.mark.parametrize("loss", ["ended", "silent"])
def test_a_request_sent_later_than_the_bound_after_a_change_sees_it_however_the_listener_is_lost(
    postgres: Postgres, folder: Path, loss: str
) -> None:
    with (
        _dev_tenant(postgres, folder) as (tenant, url),
        opened(url) as elsewhere,
        _admin(url) as admin,
    ):
        for number in range(4):
            assert _eventually(lambda: not _deafness(tenant))
            for _ in range(3):
                tenant.http.get(tenant.flows)
            [pid] = _listeners(admin, url)
            if loss == "ended":
                _end(admin, [pid])
            else:
                os.kill(pid, signal.SIGSTOP)
            try:
                made = _create_elsewhere(elsewhere, tenant, f"Flow {number}")
                committed = time.monotonic()
                while True:
                    sent = time.monotonic()
                    if _newest(tenant) == made:
                        break
                    assert sent - committed <= BOUND_SECONDS
            finally:
                if loss == "silent":
                    os.kill(pid, signal.SIGCONT)


def _newest(tenant: Tenant) -> str:
    response = tenant.http.get(tenant.flows)
    assert response.status_code == 200, response.text
    listed = response.json()["flows"]
    return str(listed[0]["id"]) if listed else ""


def _lists_from_memory(url: str) -> float:
    with client(url) as http:
        lines = http.get("/metrics").text.splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("waflows_lists_from_memory_total")
    )


@contextmanager
def _admin(url: str) -> Iterator[psycopg.Connection[tuple[int]]]:
    """A connection to the same server that lies outside the database in question."""
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        yield connection


@contextmanager
def _closed_to_new_connections(url: str) -> Iterator[psycopg.Connection[tuple[int]]]:
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with _admin(url) as admin:
        admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        try:
            yield admin
        finally:
            admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


def _listeners(admin: psycopg.Connection[tuple[int]], url: str) -> list[int]:
    """The backends that only wait for notifications."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    rows = admin.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE 'LISTEN%%'",
        (name,),
    )
    return [pid for (pid,) in rows.fetchall()]


def _end(admin: psycopg.Connection[tuple[int]], pids: list[int]) -> None:
    assert pids
    for pid in pids:
        admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
