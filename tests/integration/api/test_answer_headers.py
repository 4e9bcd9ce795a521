"""Which answers may be kept, and which names a development server answers to."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.raw_http import Connection
from contract.refusals import enveloped
from harness.databases import new_sqlite
from harness.servers import Tenant, client, dev_server

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_no_answer_of_the_api_is_kept_or_sniffed_but_lists_may_be_asked_about_again(
    server: Tenant,
) -> None:
    flow = server.create("Flow")
    details = server.http.get(f"{server.flows}/{flow}")
    missing = server.http.get(f"{server.flows}/1")
    nowhere = server.http.get("/nowhere")
    malformed = server.http.post(server.flows, content=b"{")
    messages = [details, missing, nowhere, malformed, server.http.get("/healthz")]
    for answer in messages:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers.get_list("cache-control") == ["no-store"], answer.url

    for _ in range(3):  # From memory too, once it is there.
        listed = server.http.get(server.flows)
        assert listed.headers["x-content-type-options"] == "nosniff"
        assert listed.headers.get_list("cache-control") == ["private, no-cache"]
        again = server.http.get(server.flows, headers={"If-None-Match": listed.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers.get_list("cache-control") == ["private, no-cache"]


def _asked(tenant: Tenant, host: str, path: str | None = None) -> int:
    lines = [
        f"GET {path or tenant.flows} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {tenant.api_key}",
    ]
    with Connection(tenant.url) as connection:
        connection.send("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        answer = connection.answer()
    if answer.status >= 400:
        assert "--public-url" in enveloped(answer, 403, 1201)["message"]
    return answer.status


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8088", "a.localhost", "127.0.0.1:1", "[::1]:80", "10.0.0.7"]
)
def test_a_development_server_answers_at_loopback_names_and_addresses(
    server: Tenant, host: str
) -> None:
    assert _asked(server, host) == 200


@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example", "2130706433"])
def test_a_name_that_was_made_to_lead_to_a_development_server_gets_nothing(
    server: Tenant, host: str
) -> None:
    with client(server.url, server.api_key) as http:
        for _ in range(3):  # Whatever is kept for others is not for it.
            http.get(server.flows)
    for path in (server.flows, "/console/sign-in", "/dev/clock", "/docs", "/nowhere"):
        assert _asked(server, host, path) == 403


def test_a_development_server_answers_at_its_public_url(folder: Path, engine: str) -> None:
    url = new_sqlite(folder)
    arguments = ("--database-url", url, "--public-url", "https://flows.example.org")
    with dev_server(folder, *arguments) as (process, _):
        process.url = "http://127.0.0.1:" + _port_of(process.popen.pid)
        tenant = Tenant(process, url)
        assert _asked(tenant, "flows.example.org") == 200
        assert _asked(tenant, "other.example.org") == 403
        tenant.http.close()


def _port_of(pid: int) -> str:
    import psutil

    (listening,) = [
        one for one in psutil.Process(pid).net_connections("tcp") if one.status == "LISTEN"
    ]
    return str(listening.laddr.port)
