"""The tools of a development server: its clock, its faults, and that production has neither."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from harness.databases import new_sqlite
from harness.flow_json import VALID
from harness.servers import Process, Tenant, client, dev_server, production_server

from waflows.api.waflows.development import ROUTES


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    """A development server whose clock and faults nobody else sees."""
    folder = tmp_path_factory.mktemp("development")
    url = new_sqlite(folder)
    with dev_server(folder, "--database-url", url) as (process, _):
        yield process, url


@pytest.fixture
def tenant(development: tuple[Process, str]) -> Iterator[Tenant]:
    """A tenant of it; its clock and faults are as they were afterwards."""
    made = Tenant(*development)
    yield made
    for tool in ("/dev/clock", "/dev/faults"):
        made.http.delete(tool)
    made.http.close()


def _add(tenant: Tenant, **fault: Any) -> httpx2.Response:
    return tenant.http.post("/dev/faults", json=fault)


def test_a_production_server_has_none_of_these_addresses(tmp_path: Path, database_url: str) -> None:
    with production_server(tmp_path, database_url, "--workers", "1") as process:
        tenant = Tenant(process, database_url)
        for route in ROUTES:
            path = route.path.format(faultId="1")
            answer = tenant.http.request(route.method, path, json={"advanceSeconds": 1})
            assert answer.status_code == 404
            assert "There is nothing at" in answer.json()["message"]
        tenant.http.close()


def test_the_tools_ask_for_a_key_so_that_no_web_page_can_use_them(tenant: Tenant) -> None:
    reader = tenant.new_key(read_only=True)
    with client(tenant.url) as nobody, client(tenant.url, reader) as limited:
        for route in ROUTES:
            path = route.path.format(faultId="1")
            assert nobody.request(route.method, path, json={}).status_code == 401
            if route.method != "GET":
                assert limited.request(route.method, path, json={}).status_code == 403


def test_they_stand_in_no_document_of_the_api(tenant: Tenant) -> None:
    assert "/dev/" not in tenant.http.get("/openapi.json").text


def test_a_moved_clock_ends_what_ends_with_time(tenant: Tenant) -> None:
    flow = tenant.create("Flow", flowJson=VALID)
    preview = tenant.http.get(f"{tenant.flows}/{flow}/preview").json()
    download = tenant.http.get(f"{tenant.flows}/{flow}").json()["flowJsonUrl"]
    assert tenant.http.get(download).status_code == 200

    moved = tenant.http.post("/dev/clock", json={"advanceSeconds": 49 * 3600}).json()
    assert moved["movedSeconds"] == pytest.approx(49 * 3600, abs=5)
    assert tenant.http.get(preview["preview_url"]).status_code == 404
    assert tenant.http.get(download).status_code == 404
    tenant.http.delete("/dev/clock")
    assert tenant.http.get(preview["preview_url"]).status_code == 200
    assert tenant.http.get(download).status_code == 200


def test_a_clock_set_back_lets_no_delivery_wait_for_the_time_it_had_been_set_to(
    tenant: Tenant,
) -> None:
    path = f"/api/v1/accounts/{tenant.account_id}"
    hook = {"subAccountId": "*", "type": "MSG", "url": "http://127.0.0.1:9/"}
    assert tenant.http.post(f"{path}/webhooks", json=[hook]).status_code == 200
    ahead = tenant.http.post("/dev/clock", json={"advanceSeconds": 90_000}).json()
    sent = tenant.http.post(f"{path}/webhooks/*/MSG/test").json()
    tenant.http.delete("/dev/clock")
    shown = tenant.http.get(f"{path}/deliveries/{sent['id']}").json()
    assert shown["nextAttemptAt"] < ahead["time"]


def test_a_clock_that_was_set_stamps_what_happens(tenant: Tenant) -> None:
    shown = tenant.http.post("/dev/clock", json={"time": "2031-05-04T10:30:00+01:00"}).json()
    flow = tenant.create("Flow", flowJson=VALID)

    assert shown["time"].startswith("2031-05-04T09:30:0")
    assert tenant.http.get("/dev/clock").json()["milliseconds"] >= shown["milliseconds"]
    details = tenant.http.get(f"{tenant.flows}/{flow}", params={"fields": "createdAt"}).json()
    assert details["createdAt"].startswith("2031-05-04T09:30:")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Send either time or advanceSeconds."),
        ({"time": "2026-03-01T09:30:00Z", "advanceSeconds": 1}, "Send either"),
        ({"time": "tomorrow"}, "time must be a moment such as"),
        ({"advanceSeconds": -1e11}, "between 1970"),
        ({"advanceSeconds": 1e300}, "a hundred years"),
        ({"advanceSeconds": 1e308}, "a hundred years"),
        ({"advanceSeconds": -1e308}, "between 1970"),
    ],
)
def test_a_time_that_is_none_is_refused(tenant: Tenant, body: dict[str, Any], words: str) -> None:
    refused = tenant.http.post("/dev/clock", json=body)

    assert refused.status_code == 400
    assert words in refused.json()["message"]
    assert abs(tenant.http.get("/dev/clock").json()["movedSeconds"]) < 1


def test_a_request_fails_with_the_status_a_rule_wants_as_often_as_it_says(tenant: Tenant) -> None:
    added = _add(tenant, call="incoming", route="getFlow", status=503, times=2)
    assert added.status_code == 201
    flow = tenant.create("Flow", flowJson=VALID)

    answers = [tenant.http.get(f"{tenant.flows}/{flow}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json()["message"].startswith("A fault rule of this development server")
    assert tenant.http.get("/dev/faults").json() == {"faults": []}


def test_a_kept_list_fails_too(tenant: Tenant) -> None:
    for _ in range(3):
        assert tenant.http.get(tenant.flows).status_code == 200
    _add(tenant, call="incoming", route="listFlows", status=500, times=1)

    assert [tenant.http.get(tenant.flows).status_code for _ in range(2)] == [500, 200]


def test_a_connection_is_cut_without_an_answer(tenant: Tenant) -> None:
    _add(tenant, call="incoming", cut=True, times=1)

    with pytest.raises(httpx2.TransportError):
        tenant.http.get(f"{tenant.flows}/1")
    assert tenant.http.get(tenant.flows).status_code == 200
    assert "Traceback" not in tenant.process.log.read_text("utf-8")


def test_a_request_is_delayed_and_then_answered(tenant: Tenant) -> None:
    _add(tenant, call="incoming", route="listFlows", delayMs=300)

    started = time.monotonic()
    assert tenant.http.get(tenant.flows).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_rule_is_removed_by_its_id(tenant: Tenant) -> None:
    rule = _add(tenant, call="incoming", status=500).json()["id"]

    assert tenant.http.get(tenant.flows).status_code == 500
    assert tenant.http.delete(f"/dev/faults/{rule}").status_code == 200
    assert tenant.http.get(tenant.flows).status_code == 200
    assert tenant.http.delete(f"/dev/faults/{rule}").status_code == 404


def test_a_call_to_an_endpoint_fails_as_a_rule_wants_it(tenant: Tenant) -> None:
    key = tenant.flows.removesuffix("flows") + "endpointKey"
    assert tenant.http.post(key, json={}).status_code == 200
    document = json.loads(VALID) | {"data_api_version": "3.0", "routing_model": {"ONLY": []}}
    flow = tenant.create("Flow", flowJson=json.dumps(document), endPointUri="http://127.0.0.1:9/")
    _add(tenant, call="endpoint", host="127.0.0.1", status=503, times=1)
    _add(tenant, call="endpoint", cut=True, times=1)

    refused = tenant.http.post(f"{tenant.flows}/{flow}/publish")
    assert "status 503" in refused.json()["message"]
    refused = tenant.http.post(f"{tenant.flows}/{flow}/publish")
    assert "a fault rule cut the connection" in refused.json()["message"]
    refused = tenant.http.post(f"{tenant.flows}/{flow}/publish")
    assert "No connection to" in refused.json()["message"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"call": "incoming"}, "at least one of status, delayMs and cut"),
        ({"call": "somewhere", "cut": True}, "call"),
        ({"call": "incoming", "status": 500, "cut": True}, "has no status"),
        ({"call": "incoming", "status": 200}, "status must be from 400 to 599"),
        ({"call": "webhook", "status": 99}, "status must be from 100 to 599"),
        ({"call": "webhook", "delayMs": -1}, "delayMs must be an integer from 0"),
        ({"call": "webhook", "cut": True, "times": 0}, "times must be from 1"),
        ({"call": "webhook", "cut": True, "probability": 1.5}, "probability must be between"),
        ({"call": "incoming", "route": "getFlows", "cut": True}, "Did you mean 'getFlow'?"),
        ({"call": "webhook", "route": "getFlow", "cut": True}, "has a host"),
        ({"call": "incoming", "host": "127.0.0.1", "cut": True}, "has a route"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    tenant: Tenant, fault: dict[str, Any], words: str
) -> None:
    refused = _add(tenant, **fault)

    assert refused.status_code == 400
    assert words in refused.json()["message"]
    assert tenant.http.get("/dev/faults").json() == {"faults": []}
