"""`waflows phone` as a user of the terminal sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from harness.phones import GESTURES, flow_message
from harness.servers import Tenant, run

_ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
Phone = Callable[..., Any]


@pytest.fixture
def phone(server: Tenant) -> Phone:
    """Runs `waflows phone`; what it printed."""

    def called(*arguments: str) -> Any:
        done = run("phone", *arguments, env=server.variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return called


@_ON_SQLITE
def test_a_flow_is_played_from_the_terminal_to_its_answer(server: Tenant, phone: Phone) -> None:
    phone("say", "Hello", "--name", "Ines")
    flow = server.create("Flow", flowJson=GESTURES, publish=True)
    umid = server.http.post(server.messages, json=flow_message(server, flow)).json()["umid"]
    assert phone("chat")[-1]["state"] == "read"

    assert phone("open", "--message", umid)["screen"] == "DETAILS"
    phone("fill", "Name", "Ines")
    phone("choose", "Extras", "Parking")
    phone("pick", "Arrival", "2030-05-04")
    assert "Name: [Ines]" in phone("screen")["text"]
    assert phone("tap", "Continue")["title"] == "Your papers"
    phone("upload", "Papers", "passport.pdf")
    finished = phone("submit")

    assert finished["response"]["extras"] == ["parking"]
    answer = phone("chat")[-1]
    assert (answer["umid"], answer["direction"]) == (finished["answerUmid"], "inbound")


@_ON_SQLITE
def test_what_is_not_on_the_phone_ends_the_command_with_a_sentence(server: Tenant) -> None:
    done = run("phone", "tap", "Send", env=server.variables)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: No flow is open on this phone: open one first. (code ")


def test_a_phone_without_a_server_says_what_to_set() -> None:
    done = run("phone", "chat")

    assert done.returncode == 2
    assert "WAFLOWS_URL" in done.stderr
