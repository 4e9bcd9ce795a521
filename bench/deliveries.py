"""Events delivered a second, beside a bare client that posts the same bodies to the same receiver.

The receiver is a process of its own that answers 200. What is measured runs in this
process, on the event loop that the server uses, so the two share one core's worth of work alike.
Events are in the outbox before the clock starts: it is delivering that is measured, with its
claims, its log of tries and its settling.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import uvloop

from bench.databases import ENGINES, Databases, databases
from bench.processes import free_port, running
from bench.references import bare
from bench.references.bare import Answer
from bench.rounds import in_turn, ratio, spread
from bench.tables import Table, number
from waflows.security.vault import Vault, make_key
from waflows.services.accounts import accounts
from waflows.services.webhooks import deliveries, subscriptions
from waflows.services.webhooks.subscriptions import Event, Wanted
from waflows.storage import migrate
from waflows.storage.database import Database, Transaction
from waflows.storage.opening import open_database
from waflows.telemetry.logs import Logs
from waflows.upstream.egress import Egress
from waflows.worker.delivery import Courier

_ROUNDS = 3
_EVENTS = 4000
_IN_FLIGHT = 32
_VAULT = Vault(make_key())
_KINDS = {"one webhook": 1, "100 webhooks": 100}


def measure() -> list[Table]:
    """One table, with the figures of both engines."""
    with databases() as available, _receiver(available.folder) as url:
        measures = {"bare aiohttp client": lambda: uvloop.run(_bare(url))}
        for engine, (kind, count) in itertools.product(ENGINES, _KINDS.items()):
            measures[f"{engine}, {kind}"] = partial(_delivered, available, engine, url, count)
        results = in_turn(_ROUNDS, measures)
    references = results["bare aiohttp client"]
    rows = [
        [name, number(spread(found)), number(ratio(found, references), 2)]
        for name, found in results.items()
    ]
    title = f"{_EVENTS:,} events to as many users, one process"
    return [Table(title, ["", "deliveries/s", "of the bare client"], rows)]


@contextlib.contextmanager
def _receiver(folder: Path) -> Iterator[str]:
    """The address of a server that answers 200 to whatever comes."""
    answer, port = folder / "receiver.answer", free_port()
    answer.write_bytes(msgspec.msgpack.encode(Answer([(b"content-length", b"0")], b"")))
    with running(bare.command(port, 1, answer), port) as server:
        yield f"{server.url}/events"


def _body(user: int) -> dict[str, Any]:
    return {
        "namespace": "ChatApps",
        "eventType": "inbound_message_received",
        "description": "A message was received",
        "payload": {
            "umid": f"00000000-0000-4000-8000-{user:012}",
            "subAccountId": "sub-00",
            "user": {"msisdn": f"+35191{user:07}"},
            "recipient": {"channel": "whatsapp", "channelId": "channel"},
            "type": "Interactive",
            "content": {"interactive": {"type": "nfmReply", "nfmReply": {"responseJson": "{}"}}},
            "padding": "x" * 200,
        },
    }


async def _bare(url: str) -> float:
    """Posts a second, by a client that does nothing else."""
    bodies: Iterator[bytes] = (msgspec.json.encode(_body(user)) for user in range(_EVENTS))
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:

        async def post_all() -> None:
            for body in bodies:
                async with session.post(url, data=body, headers=headers) as response:
                    await response.read()
                    assert response.status == 200

        began = time.perf_counter()
        await asyncio.gather(*(post_all() for _ in range(_IN_FLIGHT)))
        return _EVENTS / (time.perf_counter() - began)


def _delivered(available: Databases, engine: str, url: str, count: int) -> float:
    db = open_database(available.new(engine))
    try:
        migrate.upgrade(db)
        db.run_now(_fill, url, count)
        return uvloop.run(_deliver(db))
    finally:
        db.close()


def _fill(tx: Transaction, url: str, count: int) -> None:
    account = accounts.create_account(tx, "Bench").id
    names = [f"sub-{number:02}" for number in range(count)]
    subscriptions.configure(
        tx, _VAULT, account, [Wanted(sub_account_id=name, url=url, type="MSG") for name in names]
    )
    for user in range(_EVENTS):
        name = names[user % count]
        subscriptions.announce(tx, Event(account, name, "MSG", f"channel {user}", _body(user)))


async def _deliver(db: Database) -> float:
    """Deliveries a second until nothing waits."""
    async with Egress(allow_loopback=True) as egress:
        courier = Courier(db, _VAULT, egress, Logs("json", "error"), retry_days=3)
        began = time.perf_counter()
        courier.start()
        while await db.read(deliveries.next_due) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - began
        await courier.stop()
    return _EVENTS / seconds
