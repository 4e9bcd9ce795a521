"""Power cuts while clients write: nothing that was acknowledged is lost, nothing is half there.

Each client writes flows of its own and notes in a ledger what the server has acknowledged. When
a server is killed, a request that was on its way may have been done or not, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psycopg
import pytest
from harness.contents import faults
from harness.databases import Postgres, running_postgres
from harness.fleet import Fleet, client, fleet, kill
from harness.flow_json import valid_flow
from harness.servers import Process, Tenant, dev_server, opened, production_server

from waflows.storage.database import Transaction
from waflows.storage.packing import unpack

_CLIENTS = 6
_FILLER = " " * 2000


class Flow(NamedTuple):
    """What there is to know of a flow."""

    status: str
    flow_json: str
    revision: int


class Entry(NamedTuple):
    """What the server has acknowledged of a flow, and what may have been done besides.

    None means that there is no such flow.
    """

    sure: Flow | None
    maybe: Flow | None


class Ledger:
    """What clients know of their flows, by name."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.counts: Counter[str] = Counter()

    def begin(self, name: str, after: Flow | None) -> None:
        """A request that would have this effect is on its way."""
        sure = self.entries[name].sure if name in self.entries else None
        self.entries[name] = Entry(sure, after)

    def acknowledge(self, name: str, what: str) -> None:
        """The server said that it was done."""
        maybe = self.entries[name].maybe
        self.entries[name] = Entry(maybe, maybe)
        self.counts[what] += 1

    def settle(self, tenant: Tenant) -> None:
        """Checks every flow against the database, where the last word stands."""
        with opened(tenant.database_url) as db:
            assert faults(db) == {}
            found = db.read_now(_flows_of, tenant)
        assert set(found) <= set(self.entries), "nothing is there that nobody asked for"
        for name, entry in self.entries.items():
            there = found.get(name)
            assert there in entry, f"{name}: {there} is neither of {entry}"
            if entry.sure != entry.maybe:
                self.counts["unknown, done" if there == entry.maybe else "unknown, not done"] += 1
            self.entries[name] = Entry(there, there)


def _flows_of(tx: Transaction, tenant: Tenant) -> dict[str, Flow]:
    rows = tx.all(
        "SELECT f.name, f.status, r.flow_json, r.packed, r.bytes, f.revision FROM flows f"
        " LEFT JOIN flow_revisions r ON r.account_id = f.account_id AND r.flow_id = f.id"
        " AND r.revision = f.revision WHERE f.account_id = ?",
        tenant.account_id,
    )
    return {
        name: Flow(status, text if packed is None else unpack(packed, length), revision)
        for name, status, text, packed, length, revision in rows
    }


class Client:
    """Makes, changes, publishes and deletes flows, one request after the other."""

    def __init__(self, ledger: Ledger, tenant: Tenant, label: str) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._label = label

    async def write_until_lost(self, url: str, stop: asyncio.Event) -> None:
        """Writes until the server does not answer any more, or until there was enough."""
        async with client(url, self._tenant.api_key) as http:
            for number in range(1_000_000):
                if stop.is_set():
                    return
                try:
                    await self._write_one(http, f"{self._label}-{number}")
                except httpx2.TransportError:
                    return

    async def _write_one(self, http: httpx2.AsyncClient, name: str) -> None:
        flows = self._tenant.flows
        flow = Flow("DRAFT", _text(name, 1), 1)
        body: dict[str, Any] = {"name": name, "categories": ["OTHER"], "flowJson": flow.flow_json}
        made = await self._ask(http, name, flow, "POST", flows, body)
        if made is None:
            return
        path = f"{flows}/{made.json()['id']}"
        for revision in range(2, random.randint(2, 4)):
            flow = Flow("DRAFT", _text(name, revision), revision)
            if not await self._ask(http, name, flow, "PUT", path, {"flowJson": flow.flow_json}):
                return
        choice = random.random()
        if choice < 0.3:
            published = flow._replace(status="PUBLISHED")
            await self._ask(http, name, published, "POST", f"{path}/publish")
        elif choice < 0.6:
            await self._ask(http, name, None, "DELETE", path)

    async def _ask(
        self,
        http: httpx2.AsyncClient,
        name: str,
        after: Flow | None,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
    ) -> httpx2.Response | None:
        """A write; None when what became of it cannot be known."""
        self._ledger.begin(name, after)
        response = await http.request(method, path, json=body)
        if response.status_code == 503:
            self._ledger.counts["503"] += 1
            return None
        assert response.status_code == 200, f"{method} {name}: {response.text}"
        self._ledger.acknowledge(name, method)
        return response


def _text(name: str, revision: int) -> str:
    return valid_flow(f"{name}, revision {revision}") + _FILLER * revision


async def _write_while(
    ledger: Ledger, tenant: Tenant, urls: list[str], label: str, disturb: Callable[[], None]
) -> None:
    """Clients write, spread over servers, while something bad happens on a thread."""
    stop = asyncio.Event()
    writers = [
        asyncio.create_task(
            Client(ledger, tenant, f"{label}-{number}").write_until_lost(
                urls[number % len(urls)], stop
            )
        )
        for number in range(_CLIENTS)
    ]
    await asyncio.to_thread(disturb)
    stop.set()
    await asyncio.gather(*writers)


def _check_over_http(ledger: Ledger, tenant: Tenant, process: Process) -> None:
    """What a client sees once a server is there again: each flow, byte for byte."""
    expected = {name: entry.sure for name, entry in ledger.entries.items() if entry.sure}
    with httpx2.Client(
        base_url=process.url,
        headers={"Authorization": f"Bearer {tenant.api_key}"},
        trust_env=False,
        verify=False,
    ) as http:
        listed = http.get(tenant.flows, params={"limit": "1000"})
        assert listed.status_code == 200
        assert listed.headers["x-total-count"] == str(len(expected))
        for flow in listed.json()["flows"][:20]:
            details = http.get(f"{tenant.flows}/{flow['id']}").json()
            kept = expected[flow["name"]]
            assert (flow["status"], details["status"]) == (kept.status, kept.status)
            text = http.get(f"{tenant.flows}/{flow['id']}/revisions/{kept.revision}").text
            assert text == kept.flow_json


def test_no_acknowledged_write_is_lost_when_the_server_is_killed(
    database_url: str, folder: Path
) -> None:
    ledger = Ledger()
    _kill_the_only_process(ledger, database_url, folder, times=2)
    assert ledger.counts["POST"] > 0
    assert ledger.counts["503"] == 0


def _kill_the_only_process(ledger: Ledger, url: str, folder: Path, times: int) -> Tenant:
    tenant: Tenant | None = None
    for kills in range(times + 1):
        # The server that starts finds what the killed one left, and has to make sense of it.
        with dev_server(folder, "--database-url", url) as (process, _):
            tenant = tenant or Tenant(process, url)
            ledger.settle(tenant)
            _check_over_http(ledger, tenant, process)
            if kills < times:
                _write_and_kill(ledger, tenant, process, f"only {kills}", Process.kill)
    assert tenant is not None
    return tenant


def _write_and_kill(
    ledger: Ledger,
    tenant: Tenant,
    process: Process,
    label: str,
    how: Callable[[Process], None],
) -> None:
    def pull_the_plug() -> None:
        time.sleep(random.uniform(0.1, 0.5))
        how(process)

    asyncio.run(_write_while(ledger, tenant, [process.url], label, pull_the_plug))


def test_no_acknowledged_write_is_lost_when_postgres_ends_connections(
    postgres: Postgres, folder: Path
) -> None:
    url = postgres.new_database()
    ledger = Ledger()
    with dev_server(folder, "--database-url", url) as (process, _):
        tenant = Tenant(process, url)

        def end_connections() -> None:
            for _ in range(25):
                time.sleep(random.uniform(0, 0.1))
                with _admin(url) as admin:
                    for pid in _backends(admin, url):
                        if random.random() < 0.5:
                            admin.execute("SELECT pg_terminate_backend(%s)", (pid,))

        asyncio.run(_write_while(ledger, tenant, [process.url], "cut", end_connections))
        ledger.settle(tenant)
        _check_over_http(ledger, tenant, process)
        assert ledger.counts["POST"] > 0
        statuses = Counter(line["status"] for line in process.log_lines() if "status" in line)
    assert set(statuses) <= {200, 503}, statuses


@contextmanager
def _admin(url: str) -> Iterator[psycopg.Connection[tuple[int]]]:
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        yield connection


def _backends(admin: psycopg.Connection[tuple[int]], url: str) -> list[int]:
    """The backends that serve waflows, the listener's among them."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    rows = admin.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'waflows'",
        (name,),
    )
    return [pid for (pid,) in rows.fetchall()]


@pytest.mark.soak
def test_nothing_is_lost_in_fifty_power_cuts(database_url: str, engine: str, folder: Path) -> None:
    ledger = Ledger()
    tenant = _kill_the_only_process(ledger, database_url, folder, times=30)
    _kill_both_workers(ledger, tenant, folder, times=10)
    _kill_one_of_two_servers(ledger, tenant, folder, times=10)
    print(f"{engine}: 50 kills, {len(ledger.entries)} flows: {dict(ledger.counts)}")


def _kill_both_workers(ledger: Ledger, tenant: Tenant, folder: Path, times: int) -> None:
    """A server of two workers is killed with both, and started again."""
    for kills in range(times + 1):
        with fleet(folder, tenant.database_url, "workers") as servers:
            [process] = servers.servers
            ledger.settle(tenant)
            _check_over_http(ledger, tenant, process)
            if kills < times:
                _write_and_kill(ledger, tenant, process, f"both {kills}", kill)


def _kill_one_of_two_servers(ledger: Ledger, tenant: Tenant, folder: Path, times: int) -> None:
    """One of two servers is killed while the other goes on; then it is started again."""
    with contextlib.ExitStack() as stack:
        running = [_start(stack, tenant, folder) for _ in range(2)]
        for kills in range(times):

            def pull_one_plug(victim: Process = running[0]) -> None:
                time.sleep(random.uniform(0.1, 0.4))
                kill(victim)
                # The clients of the other go on.
                time.sleep(random.uniform(0.1, 0.3))

            urls = [process.url for process in running]
            asyncio.run(_write_while(ledger, tenant, urls, f"one {kills}", pull_one_plug))
            running = [running[1], _start(stack, tenant, folder)]
            ledger.settle(tenant)
            for process in running:
                _check_over_http(ledger, tenant, process)


def _start(stack: contextlib.ExitStack, tenant: Tenant, folder: Path) -> Process:
    own = folder / f"one-{time.monotonic_ns()}"
    own.mkdir()
    arguments = ("--workers", "1", "--rate-limit", "0")
    return stack.enter_context(production_server(own, tenant.database_url, *arguments))


@pytest.mark.soak
def test_nothing_is_lost_when_postgres_itself_is_killed(folder: Path) -> None:
    ledger = Ledger()
    with running_postgres() as own:
        url = own.new_database()
        with fleet(folder, url, "workers") as servers:
            tenant = Tenant(servers.servers[0], url)
            for round_ in range(10):
                _kill_a_backend_while_writing(ledger, tenant, servers, f"backend {round_}")
                ledger.settle(tenant)
                _check_over_http(ledger, tenant, servers.servers[0])
            errors = Counter(
                line["status"] for line in servers.servers[0].log_lines() if "status" in line
            )
    assert set(errors) <= {200, 503}, errors
    print(f"postgres: 10 backends killed, {len(ledger.entries)} flows: {dict(ledger.counts)}")


def _kill_a_backend_while_writing(
    ledger: Ledger, tenant: Tenant, servers: Fleet, label: str
) -> None:
    """PostgreSQL ends every connection and recovers when one of its processes is killed."""

    def kill_one() -> None:
        time.sleep(random.uniform(0.1, 0.5))
        with _admin(tenant.database_url) as admin:
            victim = random.choice(_backends(admin, tenant.database_url))
            os.kill(victim, signal.SIGKILL)
        time.sleep(1.0)
        _wait_until_it_answers(tenant)
        time.sleep(0.3)

    urls = [server.url for server in servers.servers]
    asyncio.run(_write_while(ledger, tenant, urls, label, kill_one))


def _wait_until_it_answers(tenant: Tenant) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if tenant.http.get("/readyz").status_code == 200:
            return
        time.sleep(0.1)
    pytest.fail("the server did not find its database again")
