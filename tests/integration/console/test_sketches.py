"""A text that is still being written, played beside the editor."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from harness.console import signed_in
from harness.flow_json import VALID
from harness.servers import Tenant

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
OPEN = {"event": "open"}


def ask(http: httpx2.Client, path: str, **body: Any) -> httpx2.Response:
    """Asks as the console's own script does."""
    headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    return http.post(path, json=body, headers=headers)


def test_a_text_is_played_without_being_saved(server: Tenant) -> None:
    flow = server.create("Flow")
    path = f"/console/flows/{flow}"
    with signed_in(server.url, server.new_key(read_only=True)) as http:
        made = ask(http, f"{path}/sketch", flowJson=VALID).json()
        assert made["about"]["problem"] == ""
        assert [screen["id"] for screen in made["about"]["screens"]] == ["ONLY"]
        step = ask(http, f"{path}/play", sketch=made["sketch"], event=OPEN).json()
    assert step["screen"]["title"] == "Only"
    assert server.http.get(f"{server.flows}/{flow}/revisions").json() == {"revisions": []}


def test_a_text_that_is_not_remembered_is_asked_for_and_then_played(server: Tenant) -> None:
    path = f"/console/flows/{server.create('Flow')}/play"
    with signed_in(server.url, server.api_key) as http:
        forgotten = ask(http, path, sketch="0" * 64, event=OPEN)
        assert forgotten.status_code == 404
        assert "send it again" in forgotten.json()["message"]
        step = ask(http, path, sketch="0" * 64, flowJson=VALID, event=OPEN)
        assert step.json()["screen"]["title"] == "Only"
        # What it was called does not make it known under that name.
        assert ask(http, path, sketch="0" * 64, event=OPEN).status_code == 404


def test_a_text_of_one_account_is_not_known_to_another(server: Tenant, other: Tenant) -> None:
    own, foreign = (f"/console/flows/{tenant.create('Flow')}" for tenant in (server, other))
    text = VALID.replace("Hello", "Nobody else's business")
    with signed_in(other.url, other.api_key) as http:
        name = ask(http, f"{foreign}/sketch", flowJson=text).json()["sketch"]
    with signed_in(server.url, server.api_key) as http:
        assert ask(http, f"{own}/play", sketch=name, event=OPEN).status_code == 404


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": "7.3", "screens": [1]}'])
def test_what_cannot_be_played_says_why(server: Tenant, text: str) -> None:
    path = f"/console/flows/{server.create('Flow')}/sketch"
    with signed_in(server.url, server.api_key) as http:
        answer = ask(http, path, flowJson=text)
    assert answer.status_code == 200
    assert answer.json()["about"]["problem"].startswith("The flow cannot be played.")


@pytest.mark.parametrize(
    "message",
    [{"state": {"stack": 7}}, {"event": {"event": "nonsense"}}, {"state": {}, "event": []}],
    ids=["state", "event", "no object"],
)
def test_a_state_or_an_event_that_is_none_is_refused(
    server: Tenant, message: dict[str, Any]
) -> None:
    path = f"/console/flows/{server.create('Flow')}/play"
    with signed_in(server.url, server.api_key) as http:
        answer = ask(http, path, sketch="", flowJson=VALID, **message)
    assert answer.status_code == 400
