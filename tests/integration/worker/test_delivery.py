"""Events reach webhooks: at least once, in order for each user, no receiver delaying another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from harness.receivers import Received, Receiver, receiver

from waflows.security.vault import Vault, make_key
from waflows.services import accounts, webhooks
from waflows.services.webhooks import Event, Wanted
from waflows.storage.database import Database, Row
from waflows.telemetry.logs import Logs
from waflows.upstream.egress import Egress
from waflows.worker.delivery import Courier
from waflows.worker.retries import Retries

VAULT = Vault(make_key())
QUICK = Retries(first=(0.05, 0.1, 0.2), then=0.3, most=0.5)
DAYS_OF_SECONDS = 1 / 86_400


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
def account(db: Database) -> str:
    return db.run_now(accounts.create_account, "Tests").id


@asynccontextmanager
async def delivering(
    db: Database, *, days: float = 3, retries: Retries = QUICK, count: int = 1
) -> AsyncIterator[None]:
    """Couriers at work, as in as many processes."""
    async with Egress(allow_loopback=True) as egress:
        logs = Logs("json", "error")
        couriers = [
            Courier(db, VAULT, egress, logs, retry_days=days, retries=retries) for _ in range(count)
        ]
        for courier in couriers:
            courier.start()
        try:
            yield
        finally:
            for courier in couriers:
                await courier.stop()


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


def configure(db: Database, account: str, *wanted: Wanted) -> None:
    db.run_now(webhooks.configure, VAULT, account, list(wanted))


def event(account: str, user: str, number: int, **more: Any) -> Event:
    body = {"user": user, "number": number}
    fields = {"sub_account_id": "sales", "kind": "MSG", "order_key": user, "body": body}
    return Event(account, **{**fields, **more})


def announce(tx: Any, events: list[Event]) -> None:
    for one in events:
        webhooks.announce(tx, one)


def rows(db: Database) -> list[Row]:
    return db.read_now(
        lambda tx: tx.all(
            "SELECT state, attempt_count, order_key, id FROM webhook_deliveries ORDER BY id"
        )
    )


def states(db: Database) -> list[str]:
    return [row[0] for row in rows(db)]


def lanes(db: Database) -> int:
    return len(db.read_now(lambda tx: tx.all("SELECT 1 FROM webhook_lanes")))


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scenario())  # type: ignore[arg-type]


def test_an_event_is_delivered_as_it_was_announced_soon_after_its_commit(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted("*", f"{target.url}/in", "MSG", http_authorization="Bearer t"))

    async def scenario() -> None:
        async with delivering(db):
            await db.run(announce, [event(account, "ana", 1)])
            await until(lambda: states(db) == ["delivered"])

    run(scenario)
    [request] = target.requests
    assert request.path == "/in"
    assert request.json == {"user": "ana", "number": 1}
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["content-type"] == "application/json"
    assert lanes(db) == 0


def test_what_was_announced_while_nobody_delivered_is_delivered_after_the_start(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted("*", target.url, "MSG"))
    db.run_now(announce, [event(account, f"user {n}", n) for n in range(50)])

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: set(states(db)) == {"delivered"})

    run(scenario)
    assert sorted(one.json["number"] for one in target.requests) == list(range(50))


def test_events_of_a_user_arrive_in_order_whatever_fails_and_however_many_deliver(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted("*", target.url, "MSG"))
    failing = {(user, number) for user in ("ana", "rui") for number in (3, 4, 17)}

    def answer(received: Received) -> web.Response:
        seen = (received.json["user"], received.json["number"])
        if seen in failing:
            failing.discard(seen)
            return web.Response(status=503)
        return web.Response()

    target.answer = answer

    async def scenario() -> None:
        async with delivering(db, count=3):
            for start in range(0, 40, 10):
                events = [
                    event(account, user, number)
                    for number in range(start, start + 10)
                    for user in ("ana", "rui", "eva")
                ]
                await db.run(announce, events)
            await until(lambda: set(states(db)) == {"delivered"})

    run(scenario)
    assert not failing
    for user in ("ana", "rui", "eva"):
        numbers = [one.json["number"] for one in target.requests if one.json["user"] == user]
        assert list(dict.fromkeys(numbers)) == list(range(40))
        assert numbers == sorted(numbers), "a repeated one comes before the next"
    by_event: dict[str, set[bytes]] = {}
    for one in target.requests:
        by_event.setdefault(one.event_id, set()).add(one.body)
    assert len(by_event) == 120
    assert all(len(bodies) == 1 for bodies in by_event.values())
    assert lanes(db) == 0
