"""Two tenants in the console: neither sees, changes or learns anything of the other."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

import httpx2
import pytest
from harness.answers import submission
from harness.console import post, signed_in
from harness.contents import rows_of
from harness.flow_json import VALID
from harness.phones import ONE_SCREEN, SOMEBODY, done, phone_path, sent
from harness.servers import Tenant, client, opened
from integration.api.test_tenants import ON_PHONE, TABLE, OfConsole

from waflows.app import CONSOLE_ROUTES
from waflows.http.route import Route, Scope
from waflows.services.submissions import submissions
from waflows.storage import flows as store

# What keeps tenants apart is proved on both engines through the API; here it is the pages.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_ROUTES = {route.name: route for route in CONSOLE_ROUTES}
_SIGNED_IN = [name for name, row in TABLE.items() if isinstance(row, OfConsole)]
_OF_A_PHONE = [name for name in _SIGNED_IN if "{msisdn}" in _ROUTES[name].path]
_OF_A_FLOW = [
    name
    for name in _SIGNED_IN
    if "{flowId}" in _ROUTES[name].path or "{submissionId}" in _ROUTES[name].path
]
_WRITING = [name for name in _SIGNED_IN if _ROUTES[name].scope is Scope.WRITE]
_ERROR_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def call(http: httpx2.Client, tenant: Tenant, name: str, flow: str) -> httpx2.Response:
    """Asks for a page, or submits its form about a tenant's channel and flow as they are."""
    route = _ROUTES[name]
    path = path_of(route, tenant, flow)
    if route.method == "GET":
        return http.get(path)
    row = TABLE[name]
    assert isinstance(row, OfConsole)
    form = dict(row.form or {})
    if "name" in form:
        form["name"] = secrets.token_hex(8)
    about = {"channel": tenant.channel_id, "flow": flow}
    return post(http, path, form | about | _stamp(tenant, flow))


def path_of(route: Route, tenant: Tenant, flow: str) -> str:
    """The address of a page about a flow, its answer, or a phone of the tenant's channel."""
    return route.path.format(
        flowId=flow,
        channelId=tenant.channel_id,
        msisdn=SOMEBODY,
        submissionId=answer_to(flow),
    )


def answer_to(flow: str) -> str:
    """The id of the answer that a flow has, if it is there at all."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, flow))


def _stamp(tenant: Tenant, flow: str) -> dict[str, str]:
    """When the flow was last changed, as its page would say."""
    with opened(tenant.database_url) as db:
        found = db.read_now(store.find_by_id, flow)
    return {"updatedAt": str(found.updated_at if found else 0)}


def everything(tenant: Tenant) -> dict[str, Any]:
    """Every row of a tenant but for its errors and its sessions, which are meant to be kept."""
    with opened(tenant.database_url) as db:
        rows = rows_of(db, tenant.account_id)
    del rows["errors"], rows["console_sessions"]
    return rows


def new_flow(tenant: Tenant, name: str) -> str:
    row = TABLE[name]
    assert isinstance(row, OfConsole)
    publish = {"publish": True} if row.state == "PUBLISHED" else {}
    if row.state == ON_PHONE:
        sent(tenant, ONE_SCREEN)
        done(tenant.http.post(f"{phone_path(tenant)}/open", json={}))
    flow = tenant.create(secrets.token_hex(8), flowJson=VALID, **publish)
    own = {"flow_id": flow, "sub_account_id": tenant.sub_account_id}
    answer = submission(tenant.account_id, tenant.channel_id, **own, id=answer_to(flow))
    with opened(tenant.database_url) as db:
        db.run_now(submissions.record, answer)
    return flow


def body_of(response: httpx2.Response, flow: str) -> str:
    return _ERROR_ID.sub("<id>", response.text).replace(flow, "<flow>")


@pytest.mark.usefixtures("engine")
def test_each_route_of_the_console_but_the_sign_in_asks_who_is_there() -> None:
    public = {name for name, route in _ROUTES.items() if route.scope is Scope.PUBLIC}
    assert public == {
        "console",
        "consoleSignInPage",
        "consoleSignIn",
        "consoleSignOut",
        "consoleSignOutEverywhere",
    }
    assert set(_SIGNED_IN) == set(_ROUTES) - public


@pytest.mark.parametrize("name", _SIGNED_IN)
def test_a_page_works_for_whoever_is_signed_in_and_for_nobody_else(
    server: Tenant, name: str
) -> None:
    flow = new_flow(server, name)
    before = everything(server)
    with client(server.url) as nobody:
        refused = call(nobody, server, name, flow)
        assert refused.status_code in {303, 401}
        if refused.status_code == 303:
            assert refused.headers["location"].startswith("/console/sign-in")
        bearer = {"Authorization": f"Bearer {server.api_key}"}
        nobody.headers.update(bearer)
        assert call(nobody, server, name, flow).status_code == refused.status_code
    assert everything(server) == before
    with signed_in(server.url, server.api_key) as http:
        response = call(http, server, name, flow)
        assert response.status_code in {200, 303}, response.text
        assert "sign-in" not in response.headers.get("location", "")


@pytest.mark.parametrize("name", _OF_A_FLOW)
def test_a_flow_of_another_tenant_is_not_found_like_one_of_nobody(
    server: Tenant, other: Tenant, name: str
) -> None:
    foreign = new_flow(other, name)
    nobodys = str(10**15 + secrets.randbelow(8 * 10**15))
    before = everything(server), everything(other)
    with signed_in(server.url, server.api_key) as http:
        refused, unknown = (call(http, server, name, flow) for flow in (foreign, nobodys))
    assert (refused.status_code, unknown.status_code) == (404, 404)
    assert body_of(refused, foreign) == body_of(unknown, nobodys)
    assert (everything(server), everything(other)) == before


@pytest.mark.parametrize("name", _OF_A_FLOW)
def test_a_key_limited_to_a_channel_finds_no_flow_of_another(server: Tenant, name: str) -> None:
    key = server.new_key(channel_ids=[server.new_channel()])
    flow = new_flow(server, name)
    before = everything(server)
    with signed_in(server.url, key) as http:
        assert call(http, server, name, flow).status_code == 404
    assert everything(server) == before


def test_a_key_limited_to_a_channel_sees_and_fills_no_other(server: Tenant) -> None:
    hidden = server.create("Hidden away")
    elsewhere = server.new_channel()
    with signed_in(server.url, server.new_key(channel_ids=[elsewhere])) as http:
        assert "Hidden away" not in http.get("/console/flows").text
        assert http.get(f"/console/flows?channel={server.channel_id}").status_code == 404
        assert http.get(f"/console/flows/new?clone={hidden}").status_code == 404
        form = {"name": "New", "categories": "OTHER", "channel": server.channel_id}
        assert post(http, "/console/flows", form).status_code == 403
        clone = form | {"channel": elsewhere, "start": f"clone:{hidden}"}
        assert post(http, "/console/flows", clone).status_code == 404


def test_a_flow_is_made_in_no_channel_of_another_tenant(server: Tenant, other: Tenant) -> None:
    with signed_in(server.url, server.api_key) as http:
        form = {"name": "New", "categories": "OTHER", "channel": other.channel_id}
        assert post(http, "/console/flows", form).status_code == 404
    assert everything(other)["flows"] == []


@pytest.mark.parametrize("name", _OF_A_PHONE)
def test_a_phone_of_a_channel_out_of_reach_is_not_found(
    server: Tenant, other: Tenant, name: str
) -> None:
    foreign = new_flow(other, name)
    own = new_flow(server, name)
    before = everything(server), everything(other)
    with signed_in(server.url, server.api_key) as http:
        assert call(http, other, name, foreign).status_code == 404
    with signed_in(server.url, server.new_key(channel_ids=[server.new_channel()])) as http:
        assert call(http, server, name, own).status_code == 404
    after = everything(server), everything(other)
    for rows in (*before, *after):
        for table in ("api_keys", "channels"):
            del rows[table]
    assert after == before


@pytest.mark.parametrize("name", _WRITING)
def test_a_key_that_may_only_read_writes_nothing(server: Tenant, name: str) -> None:
    flow = new_flow(server, name)
    key = server.new_key(read_only=True)
    before = everything(server)
    with signed_in(server.url, key) as http:
        assert call(http, server, name, flow).status_code == 403
    assert everything(server) == before


@pytest.mark.parametrize("name", [name for name in _SIGNED_IN if name not in _WRITING])
def test_a_key_that_may_only_read_is_shown_no_way_to_write(server: Tenant, name: str) -> None:
    flow = new_flow(server, name)
    with signed_in(server.url, server.new_key(read_only=True)) as http:
        response = call(http, server, name, flow)
    assert response.status_code in {200, 303}
    forms = re.findall(r'<form method="post" action="([^"]*)"', response.text)
    assert set(forms) <= {"/console/sign-out", f"/console/flows/{flow}"}
    for word in ("Save draft", "Publish…", "Delete…", "New flow", "Clone", "Restore"):
        assert word not in response.text


@pytest.mark.parametrize("name", [n for n in _SIGNED_IN if _ROUTES[n].method == "POST"])
def test_a_form_sent_from_elsewhere_changes_nothing(server: Tenant, name: str) -> None:
    flow = new_flow(server, name)
    before = everything(server)
    route: Route = _ROUTES[name]
    with signed_in(server.url, server.api_key) as http:
        for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            path = path_of(route, server, flow)
            assert http.post(path, data={"revision": "1"}, headers=headers).status_code == 403
    assert everything(server) == before


@pytest.mark.parametrize("limit", ["masked", "of a sub-account"])
def test_a_key_that_sees_no_phone_is_led_to_none(server: Tenant, limit: str) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "masked": {"masked": True},
        "of a sub-account": {"sub_account_ids": [server.sub_account_id]},
    }
    with signed_in(server.url, server.api_key) as http:
        assert "/console/phone" in http.get("/console/flows").text
    with signed_in(server.url, server.new_key(**kinds[limit])) as http:
        assert "/console/phone" not in http.get("/console/flows").text


@pytest.mark.parametrize("name", [name for name in _SIGNED_IN if name not in _WRITING])
def test_a_key_of_a_sub_account_is_shown_no_way_to_change_a_flow(server: Tenant, name: str) -> None:
    flow = new_flow(server, name)
    with signed_in(server.url, server.new_key(sub_account_ids=[server.sub_account_id])) as http:
        response = call(http, server, name, flow)
    assert response.status_code in {200, 303} | ({403} if "phone" in _ROUTES[name].path else set())
    for word in ("Save draft", "Publish…", "New flow", "Clone", "Restore", "Deprecate…"):
        assert word not in response.text
