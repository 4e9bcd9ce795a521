"""Every route of the server is guarded before it reads: by its row of the table, from outside.

The first half looks at the rows; a planted row that lacks a guard is found. The second sends each
route the head of a request and nothing more: whoever is refused must hear of it by that alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from contract.raw_http import Answer, Connection, request
from harness.console import signed_in
from harness.databases import new_sqlite
from harness.servers import Tenant, dev_server
from integration.api.test_tenants import Aim

from waflows.api.waflows import development
from waflows.app import ALL_ROUTES
from waflows.http import limits
from waflows.http.route import Call, Reply, Route, Scope

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_ROUTES = {route.name: route for route in [*ALL_ROUTES, *development.ROUTES]}
_WITH_BODY = [name for name, route in _ROUTES.items() if route.body is not None]
_BEHIND_A_KEY = [name for name in _WITH_BODY if _ROUTES[name].scope is not Scope.PUBLIC]

TAKE_FLOW_JSON = {
    "createFlow",
    "updateFlow",
    "validateFlow",
    "guideCreateFlow",
    "guideUpdateFlow",
    "consoleSaveText",
    "consoleCheck",
    "consoleLayout",
    "consoleSketch",
    "consolePlay",
}
TAKE_A_STATE = {"previewEvents", "consolePhoneEvent"}
WITHOUT_RATE_LIMIT = {
    # 8x8 limits the API that manages flows, not the one that sends.
    "sendMessage": "each message is limited by its own size",
    "readFlowToken": "reads one token",
}


def faults_of(route: Route) -> list[str]:
    """What a row of the table lacks to be safe."""
    found = []
    most = limits.FORM.bytes
    if route.name in TAKE_FLOW_JSON:
        most = limits.FLOW_JSON.bytes
    elif route.name in TAKE_A_STATE:
        most = limits.PLAYED_STATE.bytes
    elif route.name == "sendMessage":
        most = limits.MESSAGE.bytes
    if route.body is not None and not 0 < route.max_body.bytes <= most:
        found.append("reads more than a route of its kind may")
    if route.body is not None and not 0 < route.max_body.values * 100 <= 10 * 1024 * 1024:
        found.append("may decode into more than ten megabytes of empty values")
    public = route.scope is Scope.PUBLIC
    open_to_all = public and route.body is not None and route.access is None
    if open_to_all and route.max_body.bytes > limits.SIGN_IN.bytes:
        found.append("reads a body from anybody")
    if not public and not route.limited and route.name not in WITHOUT_RATE_LIMIT:
        found.append("has no rate limit")
    return found


@pytest.mark.parametrize("name", _ROUTES)
def test_each_route_has_its_guards(engine: str, name: str) -> None:
    assert faults_of(_ROUTES[name]) == []


async def _planted(call: Call) -> Reply:  # type: ignore[type-arg]
    raise NotImplementedError


def _row(**more: object) -> Route:
    usual = {"method": "POST", "path": "/planted", "handler": _planted, "scope": Scope.WRITE}
    named = {"name": "planted", "tag": "Planted", "summary": "Planted", "body": dict}
    return Route(**(usual | named | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (_row(scope=Scope.PUBLIC), "reads a body from anybody"),
        (_row(max_body=limits.FLOW_JSON), "reads more than a route of its kind may"),
        (_row(max_body=limits.BodyLimit(1024, 10**6)), "may decode into more than"),
        (_row(limited=False), "has no rate limit"),
    ],
)
def test_a_planted_route_that_lacks_a_guard_is_found(engine: str, row: Route, fault: str) -> None:
    [found] = faults_of(row)
    assert fault in found


def test_a_planted_route_that_says_nothing_of_limits_has_small_ones(engine: str) -> None:
    row = _row()
    assert faults_of(row) == []
    assert row.max_body == limits.FORM


# From outside


def _aim(tenant: Tenant, flow: str) -> Aim:
    return Aim(
        tenant.account_id, tenant.channel_id, flow, "none", sub_account=tenant.sub_account_id
    )


def _path(route: Route, aim: Aim) -> str:
    if not route.path.startswith("/console/phone"):
        return aim.path(route)
    return route.path.format(channelId=aim.channel, msisdn=quote("+12025550178"))


def _head_only(url: str, route: Route, path: str, *headers: str, size: int = 0) -> Answer:
    """The answer to the head of a request whose body is announced and never sent."""
    announced = size or route.max_body.bytes
    with Connection(url) as connection:
        connection.send(
            request(route.method, path, *headers, "Content-Type: application/json",
                    "Accept: application/json", "Sec-Fetch-Site: same-origin",
                    f"Content-Length: {announced}")
        )  # fmt: skip
        return connection.answer()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, str]]:
    """A tenant of a server without limits of requests, and a flow of the tenant's."""
    folder = tmp_path_factory.mktemp("guarded")
    with _tenant(folder) as tenant:
        yield tenant, tenant.create("Guarded")


@contextlib.contextmanager
def _tenant(folder: Path, **variables: str) -> Iterator[Tenant]:
    url = new_sqlite(folder)
    with dev_server(folder, "--database-url", url, **variables) as (process, _):
        yield Tenant(process, url)


@pytest.mark.parametrize("name", _WITH_BODY)
def test_whoever_has_no_key_session_or_token_is_refused_by_the_head_alone(
    guarded: tuple[Tenant, str], engine: str, name: str
) -> None:
    tenant, flow = guarded
    route = _ROUTES[name]
    path = _path(route, _aim(tenant, flow))

    if name == "consoleSignIn":
        # It carries the key in its body, and reads no more than a key needs.
        assert _head_only(tenant.url, route, path, size=limits.SIGN_IN.bytes + 1).status == 413
        return
    wrong = ["Authorization: Bearer wrong", "Cookie: waflows_console=wrong"]
    refused = 404 if route.scope is Scope.PUBLIC else 401
    for query in ("", "?token=wrong"):
        assert _head_only(tenant.url, route, path + query, *wrong).status == refused


@pytest.mark.parametrize("name", _WITH_BODY)
def test_a_body_larger_than_its_route_takes_is_refused_by_the_head_alone(
    guarded: tuple[Tenant, str], engine: str, name: str
) -> None:
    tenant, flow = guarded
    route = _ROUTES[name]
    path = _path(route, _aim(tenant, flow))
    if name == "previewEvents":
        link = tenant.http.get(f"{tenant.flows}/{flow}/preview").json()["preview_url"]
        path += f"?{link.partition('?')[2]}"

    with signed_in(tenant.url, tenant.api_key) as browser:
        good = [
            f"Authorization: Bearer {tenant.api_key}",
            f"Cookie: waflows_console={browser.cookies['waflows_console']}",
        ]
        answer = _head_only(tenant.url, route, path, *good, size=route.max_body.bytes + 1)

    assert (answer.status, answer.json()["code"]) == (413, 413), answer.body
    assert f"at most {route.max_body.bytes} bytes" in answer.json()["message"]


@pytest.mark.parametrize("name", _BEHIND_A_KEY)
def test_a_key_out_of_reach_or_power_is_refused_by_the_head_alone(
    guarded: tuple[Tenant, str], engine: str, name: str
) -> None:
    tenant, flow = guarded
    route = _ROUTES[name]
    if route.path.startswith("/console"):
        return  # The same function checks the powers of a session.
    aim = _aim(tenant, flow)
    weak: list[tuple[Tenant | str, Aim, int]] = []
    if route.scope is Scope.WRITE:
        weak.append((tenant.new_key(read_only=True), aim, 403))
    if route.uncovered:
        weak.append((tenant.new_key(masked=True), aim, 403))
    if route.whole_channel:
        weak.append((tenant.new_key(sub_account_ids=[tenant.sub_account_id]), aim, 403))
    if "channelId" in route.path:
        weak.append((tenant.new_key(channel_ids=[tenant.new_channel()]), aim, 403))
    others = Tenant(tenant.process, tenant.database_url, "Others")
    if "accountId" in route.path or "/subaccounts/" in route.path:
        weak.append((others.api_key, aim, 401))
    others.http.close()

    for key, at, status in weak:
        answer = _head_only(tenant.url, route, at.path(route), f"Authorization: Bearer {key}")
        assert answer.status == status, answer.body


@pytest.fixture(scope="module")
def used_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, str, str]]:
    """A tenant that has made all the requests it may make, its flow and its cookie."""
    folder = tmp_path_factory.mktemp("used-up")
    limits_ = {"WAFLOWS_RATE_LIMIT": "2", "WAFLOWS_RATE_LIMIT_READS": "2"}
    with _tenant(folder, **limits_) as tenant:
        flow = tenant.create("Used up")
        with signed_in(tenant.url, tenant.api_key) as browser:
            cookie = browser.cookies["waflows_console"]
        for _ in range(3):
            tenant.http.get(f"{tenant.flows}/{flow}")
            tenant.http.delete(f"{tenant.flows}/1")
        yield tenant, flow, cookie


@pytest.mark.parametrize("name", [n for n in _BEHIND_A_KEY if n not in WITHOUT_RATE_LIMIT])
def test_a_key_that_made_all_its_requests_is_refused_by_the_head_alone(
    used_up: tuple[Tenant, str, str], engine: str, name: str
) -> None:
    tenant, flow, cookie = used_up
    route = _ROUTES[name]
    headers = [f"Authorization: Bearer {tenant.api_key}", f"Cookie: waflows_console={cookie}"]

    answer = _head_only(tenant.url, route, _path(route, _aim(tenant, flow)), *headers)

    assert answer.status == 429, answer.body
    assert int(answer.headers["retry-after"]) >= 1
