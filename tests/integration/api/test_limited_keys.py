"""What keys that are masked, or limited to a sub-account, are told and may do: on every route.

The tables below say for each kind of key which routes refuse it and how. Every other route must
work for it; and no route, whether it works or not, may tell it what it is not to know.
"""

from __future__ import annotations

import json
import secrets
from typing import NamedTuple

import httpx2
import pytest
from harness.console import signed_in
from harness.phones import ONE_SCREEN, SOMEBODY, done, flow_message, phone_path
from harness.servers import Tenant, client, opened
from integration.api.test_tenants import TABLE, Aim, Case, OfConsole, ask, ids_of
from integration.console.test_tenants import call, new_flow

from waflows.app import ALL_ROUTES
from waflows.http.route import Scope
from waflows.services.accounts import sub_accounts

# The same code answers on both engines; what a key may do is read from the routes.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

NEIGHBOUR = "+12025550177"
"""Whom only the neighbouring sub-account speaks with."""

_PHONES = {
    *(route.name for route in ALL_ROUTES if "/phones/" in route.path),
    *(route.name for route in ALL_ROUTES if route.path.startswith("/console/phone")),
}
_ENDPOINT_KEYS = {"installEndpointKey", "removeEndpointKey", "setAppSecret"}
_WEBHOOK_CHANGES = {
    "configureWebhooks",
    "deleteWebhooks",
    "rotateWebhookSecret",
    "dropWebhookSecrets",
    "testWebhook",
    "replayDelivery",
    "replayDeadDeliveries",
}
_FLOW_CHANGES = {
    "createFlow",
    "updateFlow",
    "deleteFlow",
    "publishFlow",
    "deprecateFlow",
    "guideCreateFlow",
    "guideUpdateFlow",
    "guideDeleteFlow",
    "guidePublishFlow",
    "guideDeprecateFlow",
    "consoleNewFlow",
    "consoleCreateFlow",
    "consoleSaveText",
    "consoleChangeSettings",
    "consoleRestore",
    "consolePublishPage",
    "consolePublish",
    "consoleDeprecatePage",
    "consoleDeprecate",
    "consoleDeletePage",
    "consoleDelete",
}
# A number may be neither shown nor asked for.
_BY_NUMBER = {"deletePersonsSubmissions"}

MASKED: dict[str, int] = dict.fromkeys(
    _PHONES | _ENDPOINT_KEYS | _WEBHOOK_CHANGES | _BY_NUMBER, 403
) | {"getError": 404}
"""What a masked key that may write is refused. Errors of other keys are not found."""

LIMITED: dict[str, int] = (
    dict.fromkeys(_PHONES | _ENDPOINT_KEYS | _FLOW_CHANGES, 403)
    | dict.fromkeys(["createTemplate", "deleteTemplate"], 403)
    # The table asks about the webhook of all sub-accounts, `*`.
    | dict.fromkeys(_WEBHOOK_CHANGES | {"listWebhookSecrets"}, 403)
    | dict.fromkeys(["getDelivery", "replayDelivery", "getError"], 404)
    | {"getUsage": 403}
)
"""What a key limited to one sub-account is refused."""

_ROUTES = {route.name: route for route in ALL_ROUTES}
_OF_THE_API = [name for name, row in TABLE.items() if isinstance(row, Case)]
_OF_THE_CONSOLE = [name for name, row in TABLE.items() if isinstance(row, OfConsole)]


class Told(NamedTuple):
    """What somebody told a business: from which number, in which field, and what."""

    number: str
    field: str
    answer: str

    def is_in(self, response: httpx2.Response, *more: str) -> bool:
        """Whether any of it stands in a response, its headers too."""
        text = response.text + repr(response.headers)
        return any(each in text for each in (self.number.strip("+"), self.answer, *more))


def _told(tenant: Tenant, sub_account: str, number: str) -> Told:
    """Somebody who wrote to the channel, and answered a flow of the sub-account on their phone."""
    told = Told(number, f"field_{secrets.token_hex(6)}", f"answer {secrets.token_hex(6)}")
    phone = phone_path(tenant, number)
    text = ONE_SCREEN.replace('"payload": {"name"', f'"payload": {{"{told.field}"')
    assert told.field in text
    flow = tenant.create(secrets.token_hex(8), flowJson=text, publish=True)
    done(tenant.http.post(f"{phone}/say", json={"text": told.answer, "name": told.answer}))
    message = flow_message(tenant, flow, number)
    done(
        tenant.http.post(tenant.messages.replace(tenant.sub_account_id, sub_account), json=message)
    )
    done(tenant.http.post(f"{phone}/open", json={}))
    done(tenant.http.post(f"{phone}/fill", json={"label": "Name", "value": told.answer}))
    assert told.answer in json.dumps(done(tenant.http.post(f"{phone}/submit")))
    return told


def _neighbour(tenant: Tenant) -> Told:
    """What was told another sub-account of the same channel."""
    name = f"next-{secrets.token_hex(4)}"
    with opened(tenant.database_url) as db:
        db.run_now(sub_accounts.create_sub_account, tenant.account_id, name, tenant.channel_id)
    return _told(tenant, name, NEIGHBOUR)


def _success(name: str) -> set[int]:
    row = TABLE[name]
    return {row.success} if isinstance(row, Case) else {200, 303}


def _expected(name: str, refusals: dict[str, int], *, read_only: bool = False) -> set[int]:
    if read_only and _ROUTES[name].scope is Scope.WRITE:
        return {403}
    return {refusals[name]} if name in refusals else _success(name)


def _asked(http: httpx2.Client, tenant: Tenant, name: str) -> httpx2.Response:
    """A route of the API asked with ids that exist and are within the account."""
    case = TABLE[name]
    assert isinstance(case, Case)
    aim: Aim = ids_of(tenant, case.state)
    return ask(http, _ROUTES[name], aim, case)


def _paged(http: httpx2.Client, tenant: Tenant, name: str) -> httpx2.Response:
    """A page of the console asked for, or its form sent."""
    return call(http, tenant, name, new_flow(tenant, name))


@pytest.mark.usefixtures("engine")
def test_the_tables_name_routes_that_there_are() -> None:
    assert set(MASKED) | set(LIMITED) <= set(_ROUTES)


@pytest.mark.parametrize("read_only", [False, True], ids=["writing", "read-only"])
def test_no_route_tells_a_masked_key_a_number_or_an_answer(server: Tenant, read_only: bool) -> None:
    told = _told(server, server.sub_account_id, SOMEBODY)
    key = server.new_key(masked=True, read_only=read_only)
    with client(server.url, key) as http:
        for name in _OF_THE_API:
            response = _asked(http, server, name)
            wanted = _expected(name, MASKED, read_only=read_only)
            assert response.status_code in wanted, (name, response.text)
            # The last is whom the table sends its message to.
            assert not told.is_in(response, "6581234567"), (name, response.text)


@pytest.mark.parametrize("read_only", [False, True], ids=["writing", "read-only"])
def test_no_page_tells_a_masked_key_a_number_or_an_answer(server: Tenant, read_only: bool) -> None:
    told = _told(server, server.sub_account_id, SOMEBODY)
    key = server.new_key(masked=True, read_only=read_only)
    with signed_in(server.url, key) as http:
        for name in _OF_THE_CONSOLE:
            response = _paged(http, server, name)
            wanted = _expected(name, MASKED, read_only=read_only)
            assert response.status_code in wanted, (name, response.text)
            assert not told.is_in(response), (name, response.text)


def test_no_route_lets_a_key_of_a_sub_account_rule_or_hear_its_neighbours(server: Tenant) -> None:
    told = _neighbour(server)
    key = server.new_key(sub_account_ids=[server.sub_account_id])
    with client(server.url, key) as http:
        for name in _OF_THE_API:
            response = _asked(http, server, name)
            assert response.status_code in _expected(name, LIMITED), (name, response.text)
            assert not told.is_in(response, told.field), (name, response.text)


def test_no_page_lets_a_key_of_a_sub_account_rule_or_hear_its_neighbours(server: Tenant) -> None:
    told = _neighbour(server)
    key = server.new_key(sub_account_ids=[server.sub_account_id])
    with signed_in(server.url, key) as http:
        for name in _OF_THE_CONSOLE:
            response = _paged(http, server, name)
            assert response.status_code in _expected(name, LIMITED), (name, response.text)
            assert not told.is_in(response, told.field), (name, response.text)
        assert http.get(f"/console/phone?msisdn=%2B{NEIGHBOUR[1:]}").status_code == 403
