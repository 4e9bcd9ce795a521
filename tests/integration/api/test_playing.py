"""A flow played over HTTP through its preview link: the page posts events and gets screens."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.endpoints import serving
from harness.flow_json import VALID, valid_flow
from harness.servers import Tenant, client

from waflows import runtime, samples
from waflows.endpoint import Completion, Endpoint, NextScreen, Request
from waflows.security import key_pairs

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Played:
    """A preview link's page without a browser."""

    def __init__(self, server: Tenant, flow_json: str, **more: Any) -> None:
        self.flow = server.create("Played", flowJson=flow_json, **more)
        link = server.http.get(f"{server.flows}/{self.flow}/preview").json()["preview_url"]
        parts = urlsplit(link)
        self.events = f"{parts.path}/events?{parts.query}"
        self.about = f"{parts.path}/about?{parts.query}"
        self.http = client(server.url)

    def post(self, **body: Any) -> httpx2.Response:
        return self.http.post(self.events, json=body)

    def send(self, state: Any, **event: Any) -> Any:
        response = self.post(state=state, event=event)
        assert response.status_code == 200, response.text
        return response.json()

    def go_on(self, at: Any, **event: Any) -> Any:
        """An event after an answer, whose seal is sent along as the page does."""
        response = self.post(state=at["state"], seal=at["seal"], event=event)
        assert response.status_code == 200, response.text
        return response.json()

    def ask(self, at: Any) -> httpx2.Response:
        """Has the endpoint called."""
        return self.post(state=at["state"], seal=at.get("seal"), live=True)


def test_a_flow_is_played_from_the_first_screen_to_its_response(server: Tenant) -> None:
    played = Played(server, VALID)

    opened = played.send(None, event="open", flow_token="preview-1")
    assert opened["screen"]["screen"] == "ONLY"
    assert [line["action"] for line in opened["log"]] == ["open"]
    footer = next(w for w in opened["screen"]["widgets"] if w["widget"] == "footer")
    done = played.send(opened["state"], event="tap", key=footer["key"])

    assert done["state"]["phase"] == "completed"
    assert done["effects"] == [{"effect": "complete", "response": {"flow_token": "preview-1"}}]


def test_the_server_answers_what_the_machine_answers(server: Tenant) -> None:
    for each in samples.all_samples():
        played = Played(server, each.flow_json)
        answer = played.send(None, event="open")
        step = runtime.step(runtime.load(each.flow_json), runtime.State(), runtime.Open())
        assert answer["screen"] == json.loads(msgspec.json.encode(step.screen))
        assert answer["state"] == json.loads(msgspec.json.encode(step.state))
        server.http.delete(f"{server.flows}/{played.flow}")


def test_the_page_is_told_of_screens_and_faults_and_of_nothing_else(server: Tenant) -> None:
    played = Played(server, VALID.replace("TextBody", "TextBodi"))
    told = played.http.get(played.about).json()
    assert [screen["id"] for screen in told["screens"]] == ["ONLY"]
    assert told["faults"][0]["severity"] == "error"
    assert (told["faults"][0]["line"], told["faults"][0]["column"]) > (0, 0)
    assert server.account_id not in json.dumps(told)
    assert server.channel_id not in json.dumps(told)


def test_a_flow_without_json_and_one_without_screens_say_so(server: Tenant) -> None:
    played = Played(server, '{"version": "7.3"}')
    refused = played.post(event={"event": "open"})
    assert refused.status_code == 400
    assert "has no screen" in refused.json()["message"]
    assert "has no screen" in played.http.get(played.about).json()["problem"]


@pytest.mark.parametrize("place", ["about", "events"])
def test_a_wrong_token_opens_nothing(server: Tenant, place: str) -> None:
    played = Played(server, VALID)
    address = getattr(played, place).split("?")[0]
    for token in ("", "?token=", "?token=AAAA"):
        if place == "about":
            refused = played.http.get(address + token)
        else:
            refused = played.http.post(address + token, json={"event": {"event": "open"}})
        assert refused.status_code == 404


ODD_STATES: dict[str, Any] = {
    "a list": [],
    "a phase that is none": {"phase": "asleep"},
    "a stack of numbers": {"phase": "open", "stack": [1]},
    "a page that is a text": {"phase": "open", "stack": ["ONLY"], "pages": {"ONLY": "page"}},
    "a carousel at a text": {"pages": {"ONLY": {"shown": {"1": "first"}}}},
    "data that is a list": {"pages": {"ONLY": {"data": []}}},
    "a request without an action": {"phase": "waiting", "request": {}},
}


@pytest.mark.parametrize("name", ODD_STATES)
def test_a_state_that_is_none_gets_a_400_that_says_where(server: Tenant, name: str) -> None:
    played = Played(server, VALID)
    refused = played.post(state=ODD_STATES[name], event={"event": "back"})
    assert refused.status_code == 400
    assert "state" in refused.json()["message"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": "fly"},
        {"event": "type"},
        {"event": "tap", "key": 1},
        {"event": "open", "data": 1},
    ],
    ids=["empty", "unknown", "no text", "a number for a key", "data that is no object"],
)
def test_an_event_that_is_none_gets_a_400_that_says_so(server: Tenant, event: Any) -> None:
    refused = Played(server, VALID).post(event=event)
    assert refused.status_code == 400
    assert "event" in refused.json()["message"]


def test_a_state_nested_too_deeply_is_refused(server: Tenant) -> None:
    deep = "[" * 900 + "]" * 900
    body = f'{{"state": {{"pages": {{"ONLY": {{"data": {{"a": {deep}}}}}}}}}, "event": null}}'
    played = Played(server, VALID)
    headers = {"Content-Type": "application/json"}
    refused = played.http.post(played.events, content=body, headers=headers)
    assert refused.status_code == 400


def test_a_state_of_another_document_shows_what_both_have(server: Tenant) -> None:
    played = Played(server, VALID)
    opened = played.send({"phase": "open", "stack": ["GONE", "ONLY"]}, event="open")
    assert opened["screen"]["screen"] == "ONLY"


def test_a_flow_of_ten_megabytes_is_played_while_others_are_answered(server: Tenant) -> None:
    played = Played(server, valid_flow("x" * (10 * 1024 * 1024 - 1000)))

    def beat() -> float:
        worst = 0.0
        while not done:
            started = time.perf_counter()
            with client(server.url) as http:
                assert http.get("/healthz").status_code == 200
            worst = max(worst, time.perf_counter() - started)
        return worst

    done = False
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        beating = threads.submit(beat)
        opened = played.send(None, event="open")
        again = played.send(opened["state"], event="back")
        done = True
        print(f"slowest /healthz meanwhile: {beating.result():.3f} s")
    assert opened["screen"]["detail"] == "The screen is cut: it holds more than a phone could show."
    assert [line["action"] for line in opened["log"]] == ["open", "cut"]
    assert again["state"]["phase"] == "closed"


_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"
_ASKING = {
    "version": "7.3",
    "data_api_version": "4.0",
    "routing_model": {"FIRST": ["LAST"], "LAST": []},
    "screens": [
        {
            "id": name,
            "title": name,
            "terminal": name == "LAST",
            "data": {"word": {"type": "string", "__example__": "an example"}},
            "layout": {
                "type": "SingleColumnLayout",
                "children": [
                    {"type": "TextBody", "text": "${data.word}"},
                    {
                        "type": "Footer",
                        "label": "Go",
                        "on-click-action": {"name": "data_exchange", "payload": {"from": name}},
                    },
                ],
            },
        }
        for name in ("FIRST", "LAST")
    ],
}


@pytest.fixture
def asking(server: Tenant) -> Iterator[tuple[Played, list[Request]]]:
    """The preview of a flow with an endpoint, and what the endpoint was asked."""
    requests: list[Request] = []
    business = Endpoint(_KEY, app_secret=_SECRET)

    @business.data_exchange()
    def answer(request: Request) -> NextScreen | Completion:
        requests.append(request)
        if request.screen == "LAST":
            return Completion({"booking": 7})
        return NextScreen("LAST", {"word": "from the endpoint"})

    keys = f"/api/v1/accounts/{server.account_id}/channels/{server.channel_id}/endpointKey"
    body = {"publicKey": key_pairs.public_pem(_KEY.public_key()), "appSecret": _SECRET}
    installed = server.http.post(keys, json=body)
    assert installed.status_code == 200, installed.text
    with serving(business) as url:
        yield Played(server, json.dumps(_ASKING), endPointUri=url), requests


def test_an_endpoint_is_called_when_the_page_asks_for_it(
    asking: tuple[Played, list[Request]],
) -> None:
    played, requests = asking
    at = played.send(None, event="open", screen="FIRST", flow_token="preview-1")
    for _ in range(2):
        waiting = played.go_on(at, event="tap", key="1")
        assert waiting["state"]["phase"] == "waiting"
        at = played.ask(waiting).json()
        assert at["called"]["status"] == 200
        assert at["called"]["request"]["action"] == "data_exchange"
        assert at["called"]["response"]["screen"] in {"LAST", "SUCCESS"}
    assert [request.flow_token for request in requests] == ["preview-1", "preview-1"]
    assert at["screen"]["response"] == {"flow_token": "preview-1", "booking": 7}


def test_an_endpoint_is_not_called_otherwise_and_its_answer_can_be_made_up(
    asking: tuple[Played, list[Request]],
) -> None:
    played, requests = asking
    at = played.send(None, event="open", screen="FIRST", flow_token="preview-1")
    waiting = played.send(at["state"], event="tap", key="1")
    drawn = played.post(state=waiting["state"]).json()
    assert drawn["state"] == waiting["state"]
    at = played.post(state=waiting["state"], made_up="LAST").json()
    assert at["screen"]["widgets"][0]["text"] == ["an example"]
    waiting = played.send(at["state"], event="tap", key="1")
    at = played.post(state=waiting["state"], made_up="SUCCESS").json()
    assert at["screen"]["response"] == {"flow_token": "preview-1"}
    assert requests == []


def test_nothing_is_called_for_a_state_that_waits_for_nothing(
    asking: tuple[Played, list[Request]],
) -> None:
    played, requests = asking
    at = played.send(None, event="open", screen="FIRST")
    refused = played.post(state=at["state"], live=True)
    assert refused.status_code == 400
    assert "is not waiting for the endpoint" in refused.json()["message"]
    assert requests == []
