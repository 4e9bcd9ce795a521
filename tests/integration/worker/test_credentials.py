"""What deliveries carry: tokens by client credentials, and signatures that others verify."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote_plus

import pytest
from aiohttp import web
from harness.receivers import Received, Receiver, receiver
from harness.webhooks import (
    VAULT,
    announce,
    configure,
    deliveries,
    delivering,
    event,
    run,
    states,
    until,
)
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Wanted, WantedOAuth
from waflows.storage.database import Database


@pytest.fixture
def engine() -> str:
    """What is sent is the same on both engines."""
    return "sqlite"


class TokenServer:
    """Answers token requests on a receiver of its own, with a new token each time."""

    def __init__(self, asked: Receiver) -> None:
        self.asked = asked
        self.answer: dict[str, object] = {"token_type": "Bearer", "expires_in": 3600}
        self.status = 200
        self.issued = 0
        asked.answer = self._issue

    async def _issue(self, _: Received) -> web.Response:
        # Long enough for others to ask meanwhile.
        await asyncio.sleep(0.05)
        self.issued += 1
        token = {"access_token": f"token-{self.issued}"}
        return web.json_response({**token, **self.answer}, status=self.status)


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with receiver() as one:
        yield TokenServer(one)


def _with_oauth(target: Receiver, tokens: TokenServer, **more: str) -> Wanted:
    fields = {"url": f"{tokens.asked.url}/token", "client_id": "me:and you", "scope": "a b"}
    oauth = WantedOAuth(
        **{**fields, "client_secret": "s3cret+/%", "credentials_location": "header", **more}  # type: ignore[arg-type]
    )
    return Wanted(sub_account_id="*", url=target.url, type="MSG", oauth=oauth)


def _deliver_all(db: Database, account: str, count: int) -> None:
    db.run_now(announce, [event(account, f"user {n}", n) for n in range(count)])

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: set(states(db)) == {"delivered"})

    run(scenario)


def _authorizations(target: Receiver) -> set[str]:
    return {one.headers.get("authorization", "") for one in target.requests}


def test_one_token_is_fetched_for_many_deliveries(
    db: Database, account: str, target: Receiver, tokens: TokenServer
) -> None:
    configure(db, account, _with_oauth(target, tokens))
    _deliver_all(db, account, 30)
    assert _authorizations(target) == {"Bearer token-1"}
    [asked] = tokens.asked.requests
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
    }
    scheme, _, encoded = asked.headers["authorization"].partition(" ")
    pair = base64.b64decode(encoded).decode().split(":")
    assert (scheme, [unquote_plus(part) for part in pair]) == ("Basic", ["me:and you", "s3cret+/%"])


def test_credentials_can_be_sent_in_the_body(
    db: Database, account: str, target: Receiver, tokens: TokenServer
) -> None:
    configure(db, account, _with_oauth(target, tokens, credentials_location="body", scope=""))
    _deliver_all(db, account, 1)
    [asked] = tokens.asked.requests
    assert "authorization" not in asked.headers
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["me:and you"],
        "client_secret": ["s3cret+/%"],
    }


@pytest.mark.parametrize(
    "authorization", ["Bearer TOPSECRET", "Basic dXNlcjpUT1BTRUNSRVQ=", 'Key "TOPSECRET"']
)
def test_a_receiver_that_repeats_its_request_brings_no_credential_into_the_log(
    db: Database, account: str, target: Receiver, authorization: str
) -> None:
    def repeat(received: Received) -> web.Response:
        given = received.headers["authorization"]
        password = base64.b64decode(given.split()[1] if given.startswith("Basic") else "")
        said = {"headers": {"Authorization": given}, "password": password.decode()}
        return web.json_response({"padding": "x" * 130, **said}, status=400)

    target.answer = repeat
    configure(
        db,
        account,
        Wanted(sub_account_id="*", url=target.url, type="MSG", http_authorization=authorization),
    )
    _try_once(db, account)
    attempts = deliveries(db)[0][4]
    assert "***" in attempts
    assert not any(part in attempts for part in ("TOPS", "dXNl"))


def test_a_receiver_that_repeats_its_request_brings_no_token_into_the_log(
    db: Database, account: str, target: Receiver, tokens: TokenServer
) -> None:
    target.answer = lambda received: web.Response(
        status=400, text=f"{received.headers['authorization']} s3cret+/% {received.headers}"
    )
    configure(db, account, _with_oauth(target, tokens))
    _try_once(db, account)
    attempts = deliveries(db)[0][4]
    assert "***" in attempts
    assert not any(part in attempts for part in ("token-1", "s3cret"))


def _try_once(db: Database, account: str) -> None:
    async def scenario() -> None:
        async with delivering(db):
            await db.run(announce, [event(account, "ana", 1)])
            await until(lambda: deliveries(db)[0][1] > 0)

    run(scenario)


def test_a_token_that_has_ended_is_replaced_before_it_is_used(
    db: Database, account: str, target: Receiver, tokens: TokenServer
) -> None:
    tokens.answer["expires_in"] = "0.2"
    configure(db, account, _with_oauth(target, tokens))

    async def scenario() -> None:
        async with delivering(db):
            for number in range(2):
                await db.run(announce, [event(account, "ana", number)])
                await until(lambda n=number: states(db) == ["delivered"] * (n + 1))  # type: ignore[misc]
                await asyncio.sleep(0.2)

    run(scenario)
    assert [one.headers["authorization"] for one in target.requests] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_a_refused_token_is_replaced_once_and_the_event_sent_again(
    db: Database, account: str, target: Receiver, tokens: TokenServer
) -> None:
    def answer(received: Received) -> web.Response:
        fresh = received.headers["authorization"] == "Bearer token-2"
        return web.Response(status=200 if fresh else 401)

    target.answer = answer
    configure(db, account, _with_oauth(target, tokens))
    _deliver_all(db, account, 4)
    assert tokens.issued == 2
    assert {row[1] for row in deliveries(db)} == {1}, "both requests are one try"


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, {"error": "invalid_client"}, "The token endpoint answered 401, not 200."),
        (302, {}, "The token endpoint answered 302, not 200."),
        (200, {"access_token": "two words"}, "no usable access_token"),
        (200, {"access_token": None}, "no usable access_token"),
        (200, {"token_type": "mac"}, "not a bearer token"),
    ],
)
def test_without_a_token_nothing_is_sent_and_the_reason_is_kept(
    db: Database,
    account: str,
    target: Receiver,
    tokens: TokenServer,
    status: int,
    answer: dict[str, object],
    said: str,
) -> None:
    tokens.status, tokens.answer = status, {**tokens.answer, **answer}
    configure(db, account, _with_oauth(target, tokens))
    db.run_now(announce, [event(account, "ana", 1)])

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: deliveries(db)[0][1] > 0)

    run(scenario)
    assert target.requests == []
    assert said in json.loads(deliveries(db)[0][4])[0]["error"]
    assert "s3cret" not in repr(deliveries(db))


def test_deliveries_are_signed_so_that_standard_webhooks_verifies_them(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    made = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    _deliver_all(db, account, 2)
    for request in target.requests:
        assert Verifier(made.text).verify(request.body, request.headers) == request.json
        with pytest.raises(WebhookVerificationError):
            Verifier(made.text).verify(request.body + b" ", request.headers)
        forged = {**request.headers, "webhook-id": "another"}
        with pytest.raises(WebhookVerificationError):
            Verifier(made.text).verify(request.body, forged)


def test_while_a_secret_is_replaced_both_verify_and_afterwards_the_new_one_alone(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    old = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    new = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    _deliver_all(db, account, 1)
    [request] = target.requests
    for made in (old, new):
        assert Verifier(made.text).verify(request.body, request.headers)

    newest = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 0)
    _deliver_all(db, account, 1)
    request = target.requests[-1]
    assert Verifier(newest.text).verify(request.body, request.headers)
    for made in (old, new):
        with pytest.raises(WebhookVerificationError):
            Verifier(made.text).verify(request.body, request.headers)


def test_a_rotation_repeated_because_its_answer_was_lost_leaves_the_receiver_its_secret(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    known = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    for _ in range(3):
        # The answers are lost, so the receiver never learns of these.
        db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    newest = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)

    _deliver_all(db, account, 1)

    [request] = target.requests
    for made in (known, newest):
        assert Verifier(made.text).verify(request.body, request.headers) == request.json


def test_without_a_secret_there_is_an_id_and_no_signature(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    _deliver_all(db, account, 1)
    [request] = target.requests
    assert request.headers["webhook-timestamp"].isdecimal()
    assert "webhook-signature" not in request.headers
