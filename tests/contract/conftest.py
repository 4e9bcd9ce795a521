"""Fixtures of the contract tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.servers import Tenant, dev_server


@pytest.fixture
def victim(database_url: str, folder: Path) -> Iterator[Tenant]:
    """A tenant on a server of the test's own, over which anything may be done."""
    with dev_server(folder, "--database-url", database_url) as (process, _):
        tenant = Tenant(process, database_url)
        yield tenant
        tenant.http.close()
