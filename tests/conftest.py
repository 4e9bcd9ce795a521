"""Fixtures: databases and servers on both engines, and a tenant for each test.

Servers are shared by a whole run; every test has an account of its own on them, so tests need no
order and see nothing of each other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.databases import ENGINES, Postgres, new_sqlite, running_postgres, upgrade
from harness.servers import Process, Tenant, dev_server
from hypothesis import settings

from waflows.storage.database import Database
from waflows.storage.opening import open_database

# A busy machine may stall any example; how quick something is, is measured in bench/.
settings.register_profile("waflows", deadline=None)
settings.load_profile("waflows")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for this run."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a database of the test's own, an empty one unless the test uses `db` too."""
    if engine == "sqlite":
        return new_sqlite(tmp_path)
    postgres: Postgres = request.getfixturevalue("postgres")
    if "db" in request.fixturenames:
        # A copy of an upgraded database takes half the time of an upgrade.
        return postgres.new_upgraded_database()
    return postgres.new_database()


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A database of the test's own with the current schema."""
    upgrade(database_url)
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def running(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Process, str]]:
    """A development server for the whole run, and its database."""
    folder = tmp_path_factory.mktemp(f"server-{engine}")
    url = new_sqlite(folder)
    if engine == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.new_database()
    with dev_server(folder, "--database-url", url) as (process, _):
        yield process, url


@pytest.fixture
def server(running: tuple[Process, str]) -> Iterator[Tenant]:
    """The running server as seen by a tenant of the test's own."""
    tenant = Tenant(*running)
    yield tenant
    tenant.http.close()


@pytest.fixture
def other(running: tuple[Process, str]) -> Iterator[Tenant]:
    """Another tenant of the same server."""
    tenant = Tenant(*running, name="Others")
    yield tenant
    tenant.http.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="wf", ignore_cleanup_errors=True) as name:
        yield Path(name)
