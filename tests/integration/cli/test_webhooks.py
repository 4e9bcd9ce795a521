"""`waflows webhooks` against a running server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from harness.receivers import Receiver, receiver
from harness.servers import Tenant, run


@pytest.fixture(scope="session")
def engine() -> str:
    """The commands know nothing of the database."""
    return "sqlite"


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


def _run(tenant: Tenant, *arguments: str, **more: Any) -> Any:
    env = {
        "WAFLOWS_URL": tenant.url,
        "WAFLOWS_ACCOUNT": tenant.account_id,
        "WAFLOWS_KEY": tenant.api_key,
    }
    return run("webhooks", *arguments, env=env, **more)


def test_a_webhook_is_set_tested_listed_and_removed(server: Tenant, target: Receiver) -> None:
    done = _run(
        server, "set", target.url, "--type", "MSG", "--authorization", "-", input="Bearer t0ken\n"
    )
    assert (done.returncode, done.stderr) == (0, "Saved.\n")
    [listed] = json.loads(_run(server, "list").stdout)
    assert (listed["url"], listed["httpAuthorization"]) == (target.url, "***")

    tested = _run(server, "test", "--type", "MSG")
    assert tested.returncode == 0, tested.stderr
    delivery = json.loads(tested.stdout)
    assert delivery["state"] == "delivered"
    [request] = target.requests
    assert request.headers["authorization"] == "Bearer t0ken"
    [only] = json.loads(_run(server, "deliveries", "--state", "delivered").stdout)
    assert only["id"] == delivery["id"]

    assert _run(server, "remove", "--type", "MSG").returncode == 2, "it asks first"
    assert _run(server, "remove", "--type", "MSG", "--yes").returncode == 0
    assert json.loads(_run(server, "list").stdout) == []


def test_a_test_that_does_not_arrive_says_why_and_fails(server: Tenant, target: Receiver) -> None:
    target.answer = lambda _: web.Response(status=403, text="who are you?")
    assert _run(server, "set", target.url, "--type", "MSG").returncode == 0
    tested = _run(server, "test", "--type", "MSG")
    assert tested.returncode == 1
    assert "was not delivered" in tested.stderr
    [tried] = json.loads(tested.stdout)["history"]
    assert (tried["status"], tried["answer"]) == (403, "who are you?")


def test_a_delivery_is_sent_again(server: Tenant, target: Receiver) -> None:
    _run(server, "set", target.url, "--type", "MSG")
    sent = json.loads(_run(server, "test", "--type", "MSG").stdout)
    assert _run(server, "replay", sent["id"]).stderr == "Queued to be sent again.\n"
    first, second = target.wait_for(2)
    assert first.event_id == second.event_id
    none = _run(server, "replay", "--all-dead", "--type", "MSG")
    assert none.stderr == "0 deliveries queued to be sent again.\n"
    assert _run(server, "replay").returncode == 2


def test_a_signing_secret_is_made_and_dropped(server: Tenant, target: Receiver) -> None:
    _run(server, "set", target.url, "--type", "MSG")
    made = json.loads(_run(server, "secret", "--type", "MSG").stdout)
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 32
    _run(server, "test", "--type", "MSG")
    assert target.wait_for(1)[0].headers["webhook-signature"].startswith("v1,")
    _run(server, "secret", "--type", "MSG", "--drop")
    _run(server, "test", "--type", "MSG")
    assert "webhook-signature" not in target.wait_for(2)[1].headers


def test_half_of_an_oauth_is_refused_before_anything_is_sent(server: Tenant) -> None:
    done = _run(server, "set", "https://example.org/", "--oauth-client-id", "me")
    assert done.returncode == 2
    assert "OAuth requires" in done.stderr
