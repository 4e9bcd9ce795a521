"""Events, webhooks and couriers at work, for tests of delivering."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.abc import AbstractResolver

from waflows.security.vault import Vault, make_key
from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Event, Wanted
from waflows.storage.database import Database, Row, Transaction
from waflows.storage.opening import open_database
from waflows.telemetry.logs import Logs
from waflows.upstream.egress import Egress
from waflows.worker.delivery import Courier
from waflows.worker.retries import Retries

VAULT = Vault(make_key())
QUICK = Retries(first=(0.05, 0.1, 0.2), then=0.3, most=0.5)
"""Retries that a test can wait for."""


@asynccontextmanager
async def delivering(
    db: Database,
    *,
    days: float = 3,
    retries: Retries = QUICK,
    others: tuple[str, ...] = (),
    development: bool = True,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Courier]:
    """A courier at work on a database; for each address of `others` one more with its own access
    to it, as another server would have.
    """
    async with contextlib.AsyncExitStack() as stack:
        couriers = []
        for number, one in enumerate([db, *map(open_database, others)]):
            if number:
                stack.callback(one.close)
            egress = Egress(allow_loopback=development, resolver=resolver)
            await stack.enter_async_context(egress)
            logs = Logs("json", "error")
            courier = Courier(one, VAULT, egress, logs, retry_days=days, retries=retries)
            courier.start()
            couriers.append(courier)
        try:
            yield couriers[0]
        finally:
            for courier in couriers:
                await courier.stop()


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for something to become true."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a scenario to its end."""
    asyncio.run(scenario())


def configure(db: Database, account: str, *wanted: Wanted) -> None:
    """Saves webhooks."""
    db.run_now(subscriptions.configure, VAULT, account, list(wanted))


def event(account: str, user: str, number: int, **more: Any) -> Event:
    """An inbound message of a user."""
    body = {"user": user, "number": number}
    fields = {"sub_account_id": "sales", "kind": "MSG", "order_key": user, "body": body}
    return Event(account, **{**fields, **more})


def announce(tx: Transaction, events: list[Event]) -> None:
    """Announces events in one transaction."""
    for one in events:
        subscriptions.announce(tx, one)


def deliveries(db: Database) -> list[Row]:
    """State, count of tries, user, time of the next try, and tries of each delivery, in order."""
    return db.read_now(
        lambda tx: tx.all(
            "SELECT state, attempt_count, order_key, due_at, attempts FROM webhook_deliveries"
            " ORDER BY position, order_key"
        )
    )


def states(db: Database) -> list[str]:
    """The state of each delivery, in order."""
    return [row[0] for row in deliveries(db)]


def lanes(db: Database) -> int:
    """How many lanes there are."""
    return len(db.read_now(lambda tx: tx.all("SELECT 1 FROM webhook_lanes")))
