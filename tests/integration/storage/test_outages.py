"""When the database fails: a clear 503, nothing lost, and all is well once it is back."""

from __future__ import annotations

import base64
import os
import resource
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest
from harness.contents import faults
from harness.databases import Postgres, new_sqlite
from harness.servers import Process, Tenant, opened, production_server


def _check_is_unavailable(response: httpx2.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["retry-after"].isdecimal()
    envelope = response.json()
    assert set(envelope) == {"code", "message", "errorId", "timestamp"}
    assert envelope["code"] == 2000
    assert "database" in envelope["message"]
    assert uuid.UUID(envelope["errorId"])


def _create(tenant: Tenant, name: str, flow_json: str = "{}") -> httpx2.Response:
    body = {"name": name, "categories": ["OTHER"], "flowJson": flow_json}
    return tenant.http.post(tenant.flows, json=body)


def _names(tenant: Tenant) -> list[str]:
    response = tenant.http.get(tenant.flows)
    assert response.status_code == 200, response.text
    return [flow["name"] for flow in response.json()["flows"]]


@pytest.fixture(scope="module")
def served(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Process, str]]:
    """A server over a PostgreSQL database that nobody else uses."""
    url = postgres.new_database()
    folder = tmp_path_factory.mktemp("served")
    with production_server(folder, url, "--workers", "1") as process:
        yield process, url


@pytest.fixture
def postgres_tenant(served: tuple[Process, str]) -> Iterator[Tenant]:
    """A tenant of that server."""
    tenant = Tenant(*served)
    yield tenant
    tenant.http.close()


@contextmanager
def _out_of_order(url: str) -> Iterator[None]:
    """Ends every connection to a database and lets no new one in."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, dbname="postgres", autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


def test_a_database_that_is_gone_is_a_503_until_it_is_back(postgres_tenant: Tenant) -> None:
    tenant = postgres_tenant
    http = tenant.http
    assert _create(tenant, "Before").status_code == 200
    assert _names(tenant) == ["Before"]
    flow = f"{tenant.flows}/1234567890123456"

    with _out_of_order(tenant.database_url):
        for response in (
            _create(tenant, "During"),
            http.get(tenant.flows),
            http.get(tenant.guide_flows),
            http.get(flow),
            http.put(flow, json={"name": "Other"}),
            http.delete(flow),
            http.post(f"{flow}/publish"),
            http.get("/flow-json/1234567890123456?token=9999999999.1." + "a" * 43),
            http.get("/readyz"),
        ):
            _check_is_unavailable(response)
        assert http.get("/healthz").status_code == 200

    # The very next request finds its way again.
    assert _create(tenant, "After").status_code == 200
    assert _names(tenant) == ["After", "Before"]
    assert http.get("/readyz").status_code == 200


def test_connections_that_broke_while_nobody_asked_are_replaced_unnoticed(
    postgres_tenant: Tenant,
) -> None:
    assert _create(postgres_tenant, "Before").status_code == 200
    with _out_of_order(postgres_tenant.database_url):
        pass
    for number in range(12):
        assert _create(postgres_tenant, f"After {number}").status_code == 200
    assert len(_names(postgres_tenant)) == 13


@contextmanager
def _full_disk(process: Process, most_bytes: int) -> Iterator[None]:
    """Lets no file of a server's only worker grow any further."""
    (worker,) = process.workers
    pid = worker.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def _long_text() -> str:
    """A JSON text of more than a megabyte, of which compressing saves little."""
    return f'"{base64.b64encode(os.urandom(1024 * 1024)).decode()}"'


def test_a_full_disk_is_a_503_until_there_is_room_again(folder: Path) -> None:
    url = new_sqlite(folder)
    with production_server(folder, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        assert _create(tenant, "Before").status_code == 200
        with _full_disk(process, 3 * 1024 * 1024):
            large = _long_text()
            answers = [_create(tenant, f"Large {number}", large) for number in range(6)]
            fitted = [answer for answer in answers if answer.status_code == 200]
            refused = [answer for answer in answers if answer.status_code != 200]
            assert refused
            for answer in refused:
                _check_is_unavailable(answer)
            assert len(_names(tenant)) == 1 + len(fitted), (
                "reading goes on, and nothing is half there"
            )
        assert _create(tenant, "After", large).status_code == 200
        assert len(_names(tenant)) == 2 + len(fitted)
        tenant.http.close()
        with opened(url) as db:
            assert faults(db) == {}


def test_an_error_is_kept_again_once_the_database_is_back(postgres_tenant: Tenant) -> None:
    tenant = postgres_tenant
    with _out_of_order(tenant.database_url):
        lost = tenant.http.get(tenant.flows).json()["errorId"]
    missing = tenant.http.get(f"{tenant.flows}/1234567890123456")
    assert missing.status_code == 404
    error_id = missing.json()["errorId"]
    found = tenant.http.get(f"/api/v1/accounts/{tenant.account_id}/errors/{error_id}")
    assert found.status_code == 200
    assert found.json()["status"] == 404

    # Whether or not the first could be kept, it stands in the log.
    assert tenant.process.log_line(error_id=lost, event="request")["status"] == 503


def test_a_server_whose_disk_is_full_is_not_ready_until_there_is_room(folder: Path) -> None:
    url = new_sqlite(folder)
    with production_server(folder, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        with _full_disk(process, 256 * 1024):
            deadline = time.monotonic() + 20
            while tenant.http.get("/readyz").status_code == 200:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            _check_is_unavailable(tenant.http.get("/readyz"))
            assert tenant.http.get("/healthz").status_code == 200
            assert tenant.http.get(tenant.flows).status_code == 200
        deadline = time.monotonic() + 20
        while tenant.http.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        tenant.http.close()


def test_a_server_that_just_failed_to_write_for_want_of_room_is_not_ready(folder: Path) -> None:
    url = new_sqlite(folder)
    with production_server(folder, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        assert tenant.http.get("/readyz").status_code == 200
        with _full_disk(process, 3 * 1024 * 1024):
            large = _long_text()
            answers = [_create(tenant, f"Large {number}", large) for number in range(6)]
            assert answers[-1].status_code == 503
            _check_is_unavailable(tenant.http.get("/readyz"))
        tenant.http.close()


def test_a_database_that_takes_no_writes_makes_a_server_unready(
    postgres: Postgres, folder: Path
) -> None:
    url = postgres.new_database()
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with production_server(folder, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        with psycopg.connect(url, dbname="postgres", autocommit=True) as admin:
            # As after a failover that left the server connected to what is a standby now.
            admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            deadline = time.monotonic() + 20
            while tenant.http.get("/readyz").status_code == 200:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert tenant.http.get(tenant.flows).status_code == 200
            _check_is_unavailable(_create(tenant, "Refused"))
            admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        deadline = time.monotonic() + 20
        while tenant.http.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        tenant.http.close()


def test_probes_write_once_in_some_seconds_however_many_there_are(
    postgres_tenant: Tenant,
) -> None:
    def probes_written() -> str:
        with opened(postgres_tenant.database_url) as db:
            row = db.read_now(lambda tx: tx.one("SELECT value FROM instance WHERE name = 'probe'"))
        assert row is not None
        return str(row[0])

    started = time.monotonic()
    seen = set()
    for _ in range(200):
        assert postgres_tenant.http.get("/readyz").status_code == 200
        seen.add(probes_written())
    assert len(seen) <= 2 + (time.monotonic() - started) / 5
