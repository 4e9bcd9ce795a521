"""Power cuts while events are delivered: each arrives, under one id, in order for its user."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from aiohttp import web
from harness.contents import faults
from harness.fleet import kill
from harness.receivers import Received, Receiver, receiver
from harness.servers import Process, Tenant, dev_server, opened

from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Event
from waflows.storage.database import Transaction

_USERS = 80
_REFUSED = 0.01
_LEASE_SECONDS = 10


def _announce(tenant: Tenant, rounds: range) -> None:
    """An event of every user for each number of a range, in many transactions."""

    def one_round(tx: Transaction, number: int) -> None:
        for user in range(_USERS):
            body = {"user": user, "number": number}
            subscriptions.announce(tx, Event(tenant.account_id, "any", "MSG", f"user {user}", body))

    with opened(tenant.database_url) as db:
        for number in rounds:
            db.run_now(one_round, number)


def _configure(tenant: Tenant, target: Receiver) -> None:
    item = {"subAccountId": "*", "type": "MSG", "url": target.url}
    path = f"/api/v1/accounts/{tenant.account_id}/webhooks"
    assert tenant.http.post(path, json=[item]).status_code == 200


async def _answer(_: Received) -> web.Response:
    # As long as it takes to be killed in the middle of a call.
    await asyncio.sleep(random.uniform(0, 0.01))
    return web.Response(status=500 if random.random() < _REFUSED else 200)


def _kill_while_delivering(process: Process, target: Receiver) -> None:
    so_far = len(target.requests)
    wanted = so_far + random.randint(20, 150)
    # After a kill, only users whose lane was not in flight go on before the lease ends.
    target.wait_until(lambda: len(target.requests) >= wanted, _LEASE_SECONDS + 30)
    time.sleep(random.uniform(0, 0.02))
    kill(process)


def _settle(tenant: Tenant, target: Receiver, rounds: int) -> Counter[str]:
    """Waits until nothing waits any more, and compares what came with what was announced."""

    def states() -> Counter[str]:
        with opened(tenant.database_url) as db:
            rows = db.read_now(
                lambda tx: tx.all("SELECT state FROM webhook_deliveries WHERE type = 'MSG'")
            )
        return Counter(row[0] for row in rows)

    target.wait_until(lambda: states() == {"delivered": _USERS * rounds}, 120)
    with opened(tenant.database_url) as db:
        assert faults(db) == {}
        announced = "SELECT event_id, body FROM webhook_deliveries"
        ids = {(row[0], row[1]) for row in db.read_now(lambda tx: tx.all(announced))}
    assert {(one.event_id, one.body.decode()) for one in target.requests} == ids
    assert len({event_id for event_id, _ in ids}) == _USERS * rounds
    by_user: dict[int, list[int]] = defaultdict(list)
    for one in target.requests:
        by_user[one.json["user"]].append(one.json["number"])
    for user, numbers in by_user.items():
        assert numbers == sorted(numbers), f"user {user}: a later event came before an earlier one"
        assert set(numbers) == set(range(rounds))
    return Counter(events=_USERS * rounds, requests=len(target.requests))


def test_every_event_arrives_in_order_under_one_id_when_the_server_is_killed(
    database_url: str, folder: Path
) -> None:
    print(_kill_the_only_server(database_url, folder, times=3, rounds=7))


@pytest.mark.soak
def test_every_event_arrives_in_fifty_power_cuts(
    database_url: str, engine: str, folder: Path
) -> None:
    counts = _kill_the_only_server(database_url, folder, times=50, rounds=100)
    print(f"{engine}: 50 kills, {dict(counts)}")


def _kill_the_only_server(url: str, folder: Path, times: int, rounds: int) -> Counter[str]:
    tenant: Tenant | None = None
    with receiver() as target:
        target.answer = _answer
        for _ in range(times):
            with dev_server(folder, "--database-url", url) as (process, _):
                if tenant is None:
                    tenant = Tenant(process, url)
                    _configure(tenant, target)
                    _announce(tenant, range(rounds))
                _kill_while_delivering(process, target)
        assert tenant is not None
        with dev_server(folder, "--database-url", url):
            return _settle(tenant, target, rounds)


@pytest.mark.soak
def test_every_event_arrives_when_one_of_two_servers_is_killed_again_and_again(
    database_url: str, engine: str, folder: Path
) -> None:
    """What production servers deliver to must be public, so these two are for development."""
    with receiver() as target, contextlib.ExitStack() as stack:
        target.answer = _answer
        servers = [_start(stack, folder, database_url) for _ in range(2)]
        tenant = Tenant(servers[0], database_url)
        _configure(tenant, target)
        for number in range(10):
            _announce(tenant, range(number * 10, number * 10 + 10))
            _kill_while_delivering(servers[number % 2], target)
            servers[number % 2] = _start(stack, folder, database_url)
        counts = _settle(tenant, target, 100)
        print(f"{engine}: 10 kills of one of two, {dict(counts)}")


def _start(stack: contextlib.ExitStack, folder: Path, url: str) -> Process:
    process, _ = stack.enter_context(dev_server(folder, "--database-url", url))
    return process
