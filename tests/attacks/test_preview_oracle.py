"""A stranger with a preview link tries to have requests of their own making signed and sent.

What reaches the business's endpoint must be what somebody could send who plays the flow by that
link: their own input, made-up flow tokens, and nothing they invented in the page's state.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.endpoints import serving
from harness.servers import Tenant, client

from waflows.endpoint import Completion, Endpoint, NextScreen, Request
from waflows.security import key_pairs

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"
_LAST_DATA = {"customer": {"type": "string", "__example__": "an example"}}


def _screen(name: str, data: dict[str, Any], children: list[Any]) -> dict[str, Any]:
    asks = {"name": "data_exchange", "payload": {"customer": "${data.customer}"} if data else {}}
    footer = {"type": "Footer", "label": "Go", "on-click-action": asks}
    layout = {"type": "SingleColumnLayout", "children": [*children, footer]}
    last = name == "LAST"
    return {"id": name, "title": name, "data": data, "layout": layout, "terminal": last}


FLOW: dict[str, Any] = {
    "version": "7.3",
    "data_api_version": "4.0",
    "routing_model": {"FIRST": ["LAST"], "LAST": []},
    "screens": [
        _screen("FIRST", {}, [{"type": "TextInput", "name": "word", "label": "Word"}]),
        _screen("LAST", _LAST_DATA, [{"type": "TextBody", "text": "${data.customer}"}]),
    ],
}
FIRST_BUTTON, LAST_BUTTON = "1", "1"


class Link:
    """A preview link in the hands of somebody without a key."""

    def __init__(self, server: Tenant, flow: str, *, key: str = "", **asked: str) -> None:
        with client(server.url, key or server.api_key) as http:
            answer = http.get(f"{server.flows}/{flow}/preview", params=asked)
        assert answer.status_code == 200, answer.text
        self.url = str(answer.json()["preview_url"])
        self.parts = urlsplit(self.url)
        self.query = {name: values[0] for name, values in parse_qs(self.parts.query).items()}
        self.http = client(server.url)

    def post(self, **body: Any) -> httpx2.Response:
        return self.http.post(f"{self.parts.path}/events?{urlencode(self.query)}", json=body)

    def send(self, at: Any, **event: Any) -> Any:
        """An event after an answer, or the first one."""
        place = {} if at is None else {"state": at["state"], "seal": at.get("seal")}
        answer = self.post(**place, event=event)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, **opening: Any) -> Any:
        """Plays until the endpoint is to be asked."""
        at = self.send(None, event="open", **opening)
        return self.send(at, event="tap", key=FIRST_BUTTON)

    def ask(self, at: Any) -> httpx2.Response:
        """Has the endpoint called."""
        return self.post(state=at["state"], seal=at.get("seal"), live=True)


class Business:
    """A flow with an endpoint, and what the endpoint was asked."""

    def __init__(
        self, server: Tenant, url: str, heard: list[Request], opened: list[str | None]
    ) -> None:
        self.server = server
        self.url = url
        self.heard = heard
        self.opened = opened
        self.flow = self.another_flow()

    def another_flow(self) -> str:
        return self.server.create(
            secrets.token_hex(8), flowJson=json.dumps(FLOW), endPointUri=self.url
        )

    def link(self, **asked: str) -> Link:
        return Link(self.server, self.flow, **asked)


@pytest.fixture
def business(server: Tenant) -> Iterator[Business]:
    heard: list[Request] = []
    opened: list[str | None] = []
    endpoint = Endpoint(_KEY, app_secret=_SECRET)

    @endpoint.init
    def first(request: Request) -> NextScreen:
        opened.append(request.flow_token)
        return NextScreen("FIRST", {})

    @endpoint.data_exchange()
    def answer(request: Request) -> NextScreen | Completion:
        heard.append(request)
        if request.screen == "LAST":
            return Completion({"booking": 7})
        return NextScreen("LAST", {"customer": "found by the endpoint"})

    keys = f"/api/v1/accounts/{server.account_id}/channels/{server.channel_id}/endpointKey"
    body = {"publicKey": key_pairs.public_pem(_KEY.public_key()), "appSecret": _SECRET}
    assert server.http.post(keys, json=body).status_code == 200
    with serving(endpoint) as url:
        yield Business(server, url, heard, opened)


def _is_refused(answer: httpx2.Response, words: str) -> None:
    assert answer.status_code == 403, answer.text
    assert answer.json()["code"] == 1201
    assert words in answer.json()["message"]


FORGERIES: dict[str, dict[str, Any]] = {
    "another person's token": {"flow_token": "token-of-somebody"},
    "data of their own": {"data": {"customer": "somebody else"}},
    "another screen": {"screen": "LAST"},
    "another action": {"action": "BACK"},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_request_changed_in_the_page_is_not_sent(business: Business, name: str) -> None:
    link = business.link()
    at = link.wait()
    forged = copy.deepcopy(at)
    forged["state"]["request"] |= FORGERIES[name]

    _is_refused(link.ask(forged), "its seal is missing, or was made for another state")
    forged.pop("seal")
    _is_refused(link.ask(forged), "its seal is missing")
    assert business.heard == []
    assert link.ask(at).status_code == 200


STATES: dict[str, dict[str, Any]] = {
    "a page's data": {"pages": {"LAST": {"data": {"customer": "somebody else"}}}},
    "another screen shown": {"stack": ["LAST"]},
    "another token": {"flow_token": "token-of-somebody"},
    "what was typed": {"pages": {"FIRST": {"form": {"word": "typed by nobody"}}}},
}


@pytest.mark.parametrize("name", STATES)
def test_a_genuine_event_on_a_changed_state_leads_to_no_call(business: Business, name: str) -> None:
    link = business.link()
    opened = link.send(None, event="open")
    forged = {**opened, "state": opened["state"] | STATES[name]}
    at = link.send(forged, event="tap", key=FIRST_BUTTON)

    assert at["state"]["phase"] == "waiting"
    assert "seal" not in at
    _is_refused(link.ask(at), "its seal is missing")
    _is_refused(link.ask({**at, "seal": opened["seal"]}), "its seal is missing")
    assert business.heard == []


def test_an_answer_made_up_by_the_page_leads_to_no_call(business: Business) -> None:
    link = business.link()
    body = {"screen": "LAST", "data": {"customer": "somebody else"}}
    for made_up in (
        link.send(link.wait(), event="answered", body=body),
        link.send(link.wait(), event="failed", error="timeout_error"),
        link.post(**_place(link.wait()), made_up="LAST").json(),
    ):
        assert "seal" not in made_up
        at = link.send(made_up, event="tap", key=LAST_BUTTON)
        _is_refused(link.ask(at), "its seal is missing")
    assert business.heard == []


def test_an_answer_that_cannot_be_used_is_not_reported_for_a_page_that_made_it_up(
    business: Business,
) -> None:
    link = business.link()
    told = link.send(link.wait(), event="answered", body={"screen": "NOWHERE", "data": {}})
    assert [effect["effect"] for effect in told["effects"]] == ["notify_endpoint"]
    assert business.heard == []


def _place(at: Any) -> dict[str, Any]:
    return {"state": at["state"], "seal": at.get("seal")}


def test_a_state_of_another_flow_link_or_revision_is_not_taken_on(business: Business) -> None:
    here = business.link()
    at = here.wait()
    elsewhere = Link(business.server, business.another_flow())
    _is_refused(elsewhere.ask(at), "another state, link, flow or revision")

    flow = f"{business.server.flows}/{business.flow}"
    changed = json.dumps({**FLOW, "version": "7.2"})
    updated = business.server.http.put(flow, json={"flowJson": changed})
    assert updated.status_code == 200, updated.text
    _is_refused(here.ask(at), "another state, link, flow or revision")

    at = here.wait()
    renewed = business.link(refresh="true")
    assert here.ask(at).status_code == 404
    _is_refused(renewed.ask(at), "another state, link, flow or revision")
    assert business.heard == []
    assert renewed.ask(renewed.wait()).status_code == 200


def test_the_same_request_may_be_sent_again_by_the_same_link(business: Business) -> None:
    link = business.link()
    at = link.wait()
    assert [link.ask(at).status_code for _ in range(2)] == [200, 200]
    assert len(business.heard) == 2


def test_a_token_of_more_than_a_thousand_characters_is_refused(business: Business) -> None:
    taken = business.link().post(event={"event": "open", "flow_token": "preview-".ljust(1000, "x")})
    refused = business.link().post(
        event={"event": "open", "flow_token": "preview-".ljust(1001, "x")}
    )
    assert (taken.status_code, refused.status_code) == (200, 400)
    assert refused.json()["message"] == "flow_token must be at most 1000 characters long."


@pytest.mark.parametrize("token", ["token-of-somebody", "Preview-1", " preview-1", "UNUSED"])
def test_a_token_that_is_not_made_up_is_refused(business: Business, token: str) -> None:
    refused = business.link().post(event={"event": "open", "flow_token": token})
    assert refused.status_code == 400
    assert "flow_token must begin with 'preview-'" in refused.json()["message"]


def test_a_token_of_the_servers_own_making_is_used_where_none_is_given(business: Business) -> None:
    link = business.link()
    for opening in ({}, {"flow_token": "unused"}, {"flow_token": "preview-mine"}):
        assert link.ask(link.wait(**opening)).status_code == 200
    tokens = [request.flow_token or "" for request in business.heard]
    assert all(token.startswith("preview-") for token in tokens)
    assert len(set(tokens)) == 3
    assert tokens[2] == "preview-mine"


def test_a_token_the_server_put_into_the_link_is_used_and_no_other(business: Business) -> None:
    link = business.link(flow_token="token-of-a-test")
    assert link.query["flow_token"] == "token-of-a-test"
    assert link.ask(link.wait()).status_code == 200
    assert business.heard[0].flow_token == "token-of-a-test"

    link.query["flow_token"] = "token-of-somebody"
    assert link.post(event={"event": "open"}).status_code == 404


def test_an_opening_that_nobody_sent_leads_to_no_call(business: Business) -> None:
    link = business.link()
    for opening in ({"screen": "LAST"}, {"screen": "LAST", "data": {"customer": "somebody"}}):
        at = link.send(None, event="open", **opening)
        assert "seal" not in at
        waiting = link.send(at, event="tap", key=LAST_BUTTON)
        _is_refused(link.ask(waiting), "States after a jump to a screen")
    assert business.heard == []


def test_an_opening_the_server_put_into_the_link_may_call(business: Business) -> None:
    payload = {"screen": "LAST", "data": {"customer": "a test's"}}
    link = business.link(flow_action_payload=json.dumps(payload))
    at = link.send(None, event="open", **payload)
    assert link.ask(link.send(at, event="tap", key=LAST_BUTTON)).status_code == 200
    assert [request.data["customer"] for request in business.heard] == ["a test's"]
    other = link.send(None, event="open", screen="LAST", data={"customer": "somebody"})
    assert "seal" not in other


@pytest.mark.parametrize("limits", [{"read_only": True}, {"masked": True}], ids=["read", "masked"])
def test_the_link_of_a_key_that_may_only_look_calls_nothing(
    business: Business, limits: dict[str, bool]
) -> None:
    key = business.server.new_key(**limits)
    link = business.link(key=key)
    at = link.wait()
    assert "seal" not in at
    assert at["state"]["request"]["flow_token"] == "unused"
    _is_refused(link.ask(at), "This preview is not interactive")
    # Nor with what a better link was given for the same play.
    better = business.link()
    assert link.query["token"] != better.query["token"]
    _is_refused(link.ask(better.wait()), "This preview is not interactive")
    with client(business.server.url, key) as http:
        path = f"{business.server.flows}/{business.flow}/preview"
        assert http.get(path, params={"flow_token": "t"}).status_code == 403
    assert business.heard == []


def test_a_key_of_a_sub_account_puts_no_token_of_its_choice_into_a_link(
    business: Business,
) -> None:
    server = business.server
    key = server.new_key(sub_account_ids=[server.sub_account_id])
    assert business.link(key=key).ask(business.link(key=key).wait()).status_code == 200
    with client(server.url, key) as http:
        path = f"{server.flows}/{business.flow}/preview"
        assert http.get(path, params={"flow_token": "token-of-somebody"}).status_code == 403


@pytest.mark.parametrize("limits", ["masked", "of a sub-account"])
def test_an_examination_asks_nothing_that_a_limited_key_chose(
    business: Business, limits: str
) -> None:
    server = business.server
    key = (
        server.new_key(masked=True)
        if limits == "masked"
        else server.new_key(sub_account_ids=[server.sub_account_id])
    )
    path = f"{server.flows}/{business.flow}/examination"
    with client(server.url, key) as http:
        for asked in ({"flowToken": "token-of-somebody"}, {"screen": "LAST", "data": {"a": "b"}}):
            refused = http.post(path, json=asked)
            assert refused.status_code == 403, refused.text
            assert "need an API key that is not masked" in refused.json()["message"]
        assert (business.opened, business.heard) == ([], [])
        assert http.post(path, json={}).status_code == 200
    assert [(token or "").partition("-")[0] for token in business.opened] == ["doctor"]
    assert server.http.post(path, json={"flowToken": "token-of-mine"}).status_code == 200
    assert business.opened[1:] == ["token-of-mine"]


def test_a_picked_file_brings_no_address_of_its_own(server: Tenant, business: Business) -> None:
    picker = {"type": "DocumentPicker", "name": "docs", "label": "Docs"}
    first = _screen("FIRST", {}, [picker])
    first["layout"]["children"][-1]["on-click-action"]["payload"] = {"docs": "${form.docs}"}
    flow = json.dumps({**FLOW, "screens": [first, FLOW["screens"][1]]})
    link = Link(server, server.create("Files", flowJson=flow, endPointUri=business.url))
    file = {"id": "1", "file_name": "a.pdf", "mime_type": "application/pdf", "size_bytes": 10}
    evil = {"cdn_url": "http://10.0.0.1/", "encryption_metadata": {"hmac_key": "mine"}}
    at = link.send(link.send(None, event="open"), event="media", name="docs", files=[file | evil])
    called = link.ask(link.send(at, event="tap", key=FIRST_BUTTON)).json()["called"]
    [sent] = called["request"]["data"]["docs"]
    assert sent["cdn_url"].startswith(server.url)
    assert sent["encryption_metadata"]["hmac_key"] != "mine"


def test_calls_of_a_link_are_limited(business: Business) -> None:
    link = business.link()
    at = link.wait()
    answers = [link.ask(at) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 120
    assert "previews of this flow may make 60 endpoint requests a minute" in answers[-1].text
    assert len(business.heard) == 60
    # Another flow of the account is not held back, and neither is playing on.
    other = Link(business.server, business.another_flow())
    assert other.ask(other.wait()).status_code == 200
    assert link.wait()["state"]["phase"] == "waiting"
