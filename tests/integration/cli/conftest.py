"""Fixtures of the commands that speak HTTP: one server for a module, a tenant for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.databases import new_sqlite
from harness.servers import Process, Tenant, dev_server


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    folder = tmp_path_factory.mktemp("server")
    url = new_sqlite(folder)
    with dev_server(folder, "--database-url", url) as (running, _):
        yield running, url


@pytest.fixture
def tenant(process: tuple[Process, str]) -> Iterator[Tenant]:
    """A tenant of the test's own; the commands speak HTTP, so one engine is enough."""
    tenant = Tenant(*process)
    yield tenant
    tenant.http.close()
