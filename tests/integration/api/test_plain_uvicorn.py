"""The application answers the same under plain uvicorn, without waflows' own HTTP protocol.

The protocol depends on uvicorn's inside. Should a release of uvicorn not fit any more, this is how
the server goes on: slower, and with uvicorn's limits instead of waflows' own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import httpx2
import pytest
from harness.databases import new_sqlite
from harness.servers import Tenant, production_server

_COMMAND = [sys.executable, "-m", "bench.references.plain"]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    folder = tmp_path_factory.mktemp("plain")
    database_url = new_sqlite(folder)
    with production_server(
        folder, database_url, command=_COMMAND, WAFLOWS_RATE_LIMIT="0", WAFLOWS_WORKERS="1"
    ) as process:
        found = Tenant(process, database_url)
        yield found
        found.http.close()


def test_a_flow_is_created_listed_and_published(tenant: Tenant) -> None:
    flow_json = json.dumps(
        {
            "version": "7.0",
            "screens": [
                {
                    "id": "A",
                    "title": "A",
                    "terminal": True,
                    "layout": {
                        "type": "SingleColumnLayout",
                        "children": [
                            {
                                "type": "Footer",
                                "label": "Go",
                                "on-click-action": {"name": "complete", "payload": {}},
                            }
                        ],
                    },
                }
            ],
        }
    )
    flow_id = tenant.create("Made", flowJson=flow_json)
    listed = tenant.http.get(tenant.flows)
    assert flow_id in [flow["id"] for flow in listed.json()["flows"]]
    published = tenant.http.post(f"{tenant.flows}/{flow_id}/publish")
    assert published.status_code == 200, published.text
    assert tenant.status_of(flow_id) == "PUBLISHED"


def test_a_list_is_answered_from_memory_and_its_entity_tag_heeded(tenant: Tenant) -> None:
    tenant.create("Listed")
    first = tenant.http.get(tenant.flows)
    assert tenant.http.get(tenant.flows).content == first.content
    tenant.process.log_line(from_memory=True, status=200)
    unchanged = tenant.http.get(tenant.flows, headers={"If-None-Match": first.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_what_is_wrong_is_refused_in_the_envelope(tenant: Tenant) -> None:
    for answer, status, code in (
        (httpx2.get(tenant.url + tenant.flows), 401, 1200),
        (tenant.http.get("/no-such-page"), 404, 1300),
        (tenant.http.post(tenant.flows, json={"name": "x" * 2_000_000}), 400, None),
        (tenant.http.post(tenant.flows, content=b" " * 40_000_000), 413, 413),
    ):
        assert answer.status_code == status, answer.text
        assert code is None or answer.json()["code"] == code
