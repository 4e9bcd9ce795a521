"""Receivers that are slow, large or somewhere they should not be."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from harness.receivers import Received, Receiver
from harness.webhooks import (
    announce,
    configure,
    deliveries,
    delivering,
    event,
    lanes,
    run,
    states,
    until,
)

from waflows.services.webhooks.subscriptions import Wanted, WantedOAuth
from waflows.storage.database import Database


@pytest.fixture
def engine() -> str:
    """What is sent is the same on both engines."""
    return "sqlite"


class Names(AbstractResolver):
    """Resolves every name to the next of some addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._addresses[min(self.asked, len(self._addresses) - 1)]
        self.asked += 1
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass


def _first_error(
    db: Database, *, development: bool = True, resolver: AbstractResolver | None = None
) -> str:
    async def scenario() -> None:
        async with delivering(db, development=development, resolver=resolver):
            await until(lambda: deliveries(db)[0][1] > 0)

    run(scenario)
    error: str = json.loads(deliveries(db)[0][4])[0]["error"]
    return error


def test_a_production_server_calls_no_address_near_itself_however_it_is_written(
    db: Database, account: str, target: Receiver
) -> None:
    hosts = [
        "127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]",
        "[fd00::1]", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "100.64.0.1", "0.0.0.0",
        "[64:ff9b::7f00:1]", "[::]", "192.168.1.1", "[fe80::1]", "168.63.129.16",
    ]  # fmt: skip
    port = target.url.rpartition(":")[2]
    for number, host in enumerate(hosts):
        name = f"sub-{number:02}"
        configure(
            db, account, Wanted(sub_account_id=name, url=f"http://{host}:{port}/in", type="MSG")
        )
        db.run_now(announce, [event(account, host, 1, sub_account_id=name)])

    async def scenario() -> None:
        async with delivering(db, development=False):
            await until(lambda: all(row[1] for row in deliveries(db)))

    run(scenario)
    for _, _, host, _, attempts in deliveries(db):
        error = json.loads(attempts)[0]["error"]
        assert "must not be called" in error or "is not written as an address" in error, host
    assert target.requests == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_near_the_server_is_not_called(
    db: Database, account: str, target: Receiver, address: str
) -> None:
    port = target.url.rpartition(":")[2]
    configure(
        db, account, Wanted(sub_account_id="*", url=f"http://hooks.example.org:{port}/", type="MSG")
    )
    db.run_now(announce, [event(account, "ana", 1)])
    error = _first_error(db, development=False, resolver=Names(address))
    assert "must not be called" in error
    assert target.requests == []


def test_a_name_that_changes_its_address_between_tries_gains_nothing(
    db: Database, account: str, target: Receiver
) -> None:
    port = target.url.rpartition(":")[2]
    configure(
        db, account, Wanted(sub_account_id="*", url=f"http://hooks.example.org:{port}/", type="MSG")
    )
    db.run_now(announce, [event(account, "ana", 1)])
    # What was public when it was saved is private from the first call on.
    names = Names("127.0.0.1", "127.0.0.1", "10.0.0.1")

    async def scenario() -> None:
        async with delivering(db, development=False, resolver=names):
            await until(lambda: deliveries(db)[0][1] >= 3)

    run(scenario)
    assert names.asked >= 3, "each try resolves the name anew"
    assert target.requests == []


def test_a_token_endpoint_near_the_server_is_not_called(
    db: Database, account: str, target: Receiver
) -> None:
    oauth = WantedOAuth(f"{target.url}/token", "me", "s3cret", "body")
    configure(
        db,
        account,
        Wanted(sub_account_id="*", url="https://hooks.example.org/", type="MSG", oauth=oauth),
    )
    db.run_now(announce, [event(account, "ana", 1)])
    assert "must not be called" in _first_error(db, development=False)
    assert target.requests == []


def test_a_redirect_is_a_failure_and_is_not_followed(
    db: Database, account: str, target: Receiver
) -> None:
    configure(
        db,
        account,
        Wanted(
            sub_account_id="*", url=f"{target.url}/old", type="MSG", http_authorization="Bearer t"
        ),
    )
    db.run_now(announce, [event(account, "ana", 1)])
    target.answer = lambda _: web.Response(status=307, headers={"Location": f"{target.url}/new"})
    assert "a redirect, which is not followed" in _first_error(db)
    assert {one.path for one in target.requests} == {"/old"}


def test_a_success_counts_however_long_its_answer_is(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", 1)])
    target.answer = lambda _: web.Response(body=b"x" * 50_000_000)

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: states(db) == ["delivered"])

    run(scenario)
    assert "answer" not in deliveries(db)[0][4]


def test_of_a_long_refusal_only_the_beginning_is_kept(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", 1)])
    target.answer = lambda _: web.Response(status=500, body=b"\xff\x00no" + b"x" * 1_000_000)
    _first_error(db)
    kept = json.loads(deliveries(db)[0][4])[0]["answer"]
    assert len(kept) == 200
    assert kept.startswith("\ufffd no")


def test_an_answer_that_takes_more_than_five_seconds_is_a_failure(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=f"{target.url}/secret", type="MSG"))
    db.run_now(announce, [event(account, "ana", 1)])

    async def dribble(received: Received) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(received.request)
        for _ in range(60):
            await response.write(b".")
            await asyncio.sleep(0.2)
        return response

    target.answer = dribble
    error = _first_error(db)
    assert "did not answer in full within 5 s" in error
    assert "secret" not in error
    assert lanes(db) == 1
