"""A number that no database holds is refused as any other wrong one, wherever it is given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from harness.console import post, signed_in
from harness.flow_json import VALID
from harness.servers import Tenant
from integration.api.test_tenants import TABLE, Case, OfConsole, ids_of
from integration.console.test_tenants import path_of
from msgspec import inspect, structs

from waflows.api.waflows import development
from waflows.app import ALL_ROUTES

BIG = [2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, 10**400, -(2**31) - 1, -(2**63) - 1]
_HELD = range(-(2**63), 2**63)
_ROUTES = {route.name: route for route in ALL_ROUTES}


def integers(info: inspect.Type, path: str = "") -> Iterator[tuple[str, inspect.IntType]]:
    """Every integer that a type holds, and where; dictionaries of anything are not stored apart."""
    match info:
        case inspect.Metadata(type=inner):
            yield from integers(inner, path)
        case inspect.UnionType(types=types):
            for each in types:
                yield from integers(each, path)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from integers(field.type, f"{path}.{field.encode_name}")
        case inspect.ListType(item_type=item):
            yield from integers(item, f"{path}[]")
        case inspect.IntType():
            yield path, info


@pytest.mark.parametrize("route", [*ALL_ROUTES, *development.ROUTES], ids=lambda route: route.name)
def test_every_integer_of_a_query_form_or_body_has_bounds_that_a_database_holds(
    route: Any,
) -> None:
    for type_ in filter(None, (route.query, route.body)):
        for path, found in integers(inspect.type_info(type_)):
            assert found.ge is not None, path
            assert found.ge in _HELD, path
            assert found.le is not None, path
            assert found.le in _HELD, path


def _not_broken(response: httpx2.Response, *what: object) -> None:
    assert response.status_code < 500, (*what, response.text)
    assert len(response.content) < 200_000


def test_no_number_in_an_address_or_a_query_of_the_api_breaks_it(server: Tenant) -> None:
    rows = {name: row for name, row in TABLE.items() if isinstance(row, Case)}
    # Made before anything is refused: of very many errors not every one is kept to be looked up.
    aims = {state: ids_of(server, state) for state in sorted({row.state for row in rows.values()})}
    for name, row in rows.items():
        route = _ROUTES[name]
        aim = aims[row.state]
        parameters = set(re.findall(r"{(\w+)}", route.path)) - {"accountId"}
        body = row.body() if row.body else None
        for parameter in sorted(parameters):
            named = route.path.replace(f"{{{parameter}}}", "NUMBER")
            path = aim.path(structs.replace(route, path=named))
            for number in BIG:
                response = server.http.request(
                    route.method, path.replace("NUMBER", str(number)[:1000]), json=body
                )
                _not_broken(response, name, parameter, number)
        for where, _ in integers(inspect.type_info(route.query)):
            for number in BIG:
                response = server.http.request(
                    route.method, aim.path(route), params={where.strip("."): str(number)}, json=body
                )
                _not_broken(response, name, where, number)
                assert response.status_code == 400, (name, where, number)


def test_no_number_in_a_form_or_a_query_of_the_console_breaks_it(server: Tenant) -> None:
    flow = server.create("Numbers", flowJson=VALID)
    with signed_in(server.url, server.api_key) as http:
        for name, row in TABLE.items():
            if not isinstance(row, OfConsole):
                continue
            route = _ROUTES[name]
            path = path_of(route, server, flow)
            for where, _ in integers(inspect.type_info(route.query)):
                for number in BIG:
                    query = {where.strip("."): str(number), "channel": server.channel_id}
                    response = http.request(route.method, path, params=query)
                    _not_broken(response, name, where, number)
            if route.body is None:
                continue
            for where, _ in integers(inspect.type_info(route.body)):
                for number in BIG:
                    form = dict(row.form or {}) | {where.strip("."): str(number)}
                    response = post(http, path, form)
                    _not_broken(response, name, where, number)
                    # A deletion takes a revision like its neighbours do and does not look at it.
                    within = 0 <= number < 2**53 and name == "consoleDelete"
                    assert within or response.status_code >= 400, (name, where, number)


def test_a_restore_of_a_number_beyond_any_is_refused_and_changes_nothing(server: Tenant) -> None:
    flow = server.create("Restored", flowJson=VALID)
    with signed_in(server.url, server.api_key) as http:
        for wanted in (2**53 - 1, 2**63, 10**400):
            response = post(
                http,
                f"/console/flows/{flow}/restore",
                {"wanted": str(wanted), "revision": "1"},
            )
            assert response.status_code in {400, 404}, response.text
    revisions = server.http.get(f"{server.flows}/{flow}/revisions").json()
    assert len(revisions["revisions"]) == 1


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, 10**400, -1, 1.5])
def test_a_number_in_a_json_body_is_refused_with_the_limits(server: Tenant, number: float) -> None:
    body = {
        "name": "ttl",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello"}],
        "message_send_ttl_seconds": number,
    }
    response = server.http.post(
        server.templates,
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 400
    assert response.json()["code"] in {1000, 1010}
