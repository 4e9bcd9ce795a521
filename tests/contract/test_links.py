"""Links name the server as the client that asked sees it."""

from __future__ import annotations

import pytest
from contract.raw_http import Answer, Connection, request
from contract.refusals import bearer
from harness.flow_json import VALID
from harness.servers import Tenant


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/preview"])
def test_links_begin_with_the_host_and_scheme_of_the_request(server: Tenant, path: str) -> None:
    server.create("First")
    flow_id = server.create("Second", flowJson=VALID)
    target = server.flows + path.format(id=flow_id) + "?limit=1"
    seen = [
        ("http://flows.localhost", "Host: flows.localhost"),
        ("http://127.0.0.1:9", "Host: 127.0.0.1:9"),
        ("https://flows.localhost", "Host: flows.localhost", "X-Forwarded-Proto: https"),
        ("http://[::1]:8088", "Host: [::1]:8088"),
    ]

    with Connection(server.url) as connection:
        for _ in range(3):  # A list that is kept in memory is kept for those who see it alike.
            for origin, *headers in seen:
                plain = request("GET", target, bearer(server), *headers)
                connection.send(plain.replace(b"Host: localhost\r\n", b"", 1))
                assert _link(connection.answer()).startswith(f"{origin}/"), headers


def _link(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    if "link" in answer.headers:
        return answer.headers["link"].strip("<")
    body = answer.json()
    return str(body.get("flowJsonUrl") or body["preview_url"])
