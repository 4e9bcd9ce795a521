"""Behind PgBouncer: revocation holds everywhere, and no list is stale beyond the bound."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from harness.databases import Postgres
from harness.freshness import Observer, Seen, observing
from harness.pooler import Pooler, end_listeners, running_pooler
from harness.servers import Process, Tenant, client, opened, production_server

from waflows.services.accounts import accounts
from waflows.storage import migrate
from waflows.storage.database import Deafness
from waflows.storage.hearing import BOUND_SECONDS
from waflows.storage.opening import open_database

_SOAK_SECONDS = float(os.environ.get("WAFLOWS_SOAK_SECONDS", "180"))
LISTENING = ("listen_url", "pooler only")


class _Pooled(NamedTuple):
    """Two servers of two workers behind one pooler, and an observer of all four."""

    servers: list[Process]
    pooler: Pooler
    direct: str
    tenant: Tenant
    observer: Observer


@contextmanager
def _two_servers(folder: Path, postgres: Postgres, listening: str) -> Iterator[_Pooled]:
    direct = postgres.new_database()
    with contextlib.ExitStack() as stack:
        pooler = stack.enter_context(running_pooler(folder, direct))
        variables = {"WAFLOWS_LISTEN_URL": direct} if listening == "listen_url" else {}
        servers = []
        for number in range(2):
            own = folder / str(number)
            own.mkdir()
            arguments = ("--workers", "2", "--rate-limit", "0")
            servers.append(
                stack.enter_context(
                    production_server(own, pooler.url(direct), *arguments, **variables)
                )
            )
        tenant = Tenant(servers[0], direct)
        stack.callback(tenant.http.close)
        observer = stack.enter_context(observing(tenant, direct, servers, 2))
        yield _Pooled(servers, pooler, direct, tenant, observer)


@pytest.fixture(params=LISTENING)
def listening(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _check(seen: list[Seen], listening: str) -> None:
    """No request sent later than the bound is answered as before; on a deaf server none is."""
    bound = BOUND_SECONDS if listening == "listen_url" else 0.0
    assert [one for one in seen if one.late > bound] == []


def _metric(url: str, name: str) -> list[float]:
    with client(url) as http:
        lines = http.get("/metrics").text.splitlines()
    return [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name)]


def _until_ready(url: str, detail: bool) -> dict[str, str]:
    deadline = time.monotonic() + 20
    with client(url) as http:
        while True:
            answer = http.get("/readyz")
            if answer.status_code == 200 and ("detail" in answer.json()) is detail:
                return dict(answer.json())
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.05)


def test_behind_a_pooler_no_worker_answers_with_what_was_before_beyond_the_bound(
    folder: Path, postgres: Postgres, listening: str
) -> None:
    with _two_servers(folder, postgres, listening) as pooled:
        observer = pooled.observer
        assert observer.workers == 4
        seen = []
        for disturb, times in (
            (lambda: None, 2),
            (lambda: end_listeners(pooled.direct), 1),
            (pooled.pooler.kill, 1),
            (pooled.pooler.start, 2),
        ):
            disturb()
            for _ in range(times):
                seen += [observer.revoke_a_key(), observer.create_a_flow()]
        _check(seen, listening)
        assert sum(one.asked for one in seen) > 100


def test_with_a_url_to_listen_at_a_server_behind_a_pooler_answers_from_memory(
    folder: Path, postgres: Postgres
) -> None:
    with _two_servers(folder, postgres, "listen_url") as pooled:
        url = pooled.tenant.url
        assert _until_ready(url, detail=False) == {"status": "ok"}
        # Each worker begins to hear in its own time, and counts what it answered now and then.
        deadline = time.monotonic() + 20
        while sum(_metric(url, "waflows_lists_from_memory_total")) == 0:
            assert time.monotonic() < deadline, "no list was answered from memory"
            for _ in range(20):
                assert pooled.tenant.http.get(pooled.tenant.flows).status_code == 200
        assert _metric(url, "waflows_listener_hearing{") == [1.0]


def test_a_server_that_cannot_hear_behind_its_pooler_says_so_once_and_keeps_nothing(
    folder: Path, postgres: Postgres
) -> None:
    with _two_servers(folder, postgres, "pooler only") as pooled:
        url = pooled.tenant.url
        line = pooled.servers[0].log_line(
            wait=20.0, event="changes are not heard, so nothing is answered from memory"
        )
        assert line["level"] == "warning"
        assert "listen_url" in line["reason"]
        deadline = time.monotonic() + 20
        # A worker that has only just started says that it has not begun to hear.
        while "listen_url" not in _until_ready(url, detail=True)["detail"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for number in range(20):
            assert pooled.tenant.http.get(pooled.tenant.flows).status_code == 200
            pooled.tenant.create(f"Flow {number}")
        time.sleep(2 * BOUND_SECONDS)
        assert sum(_metric(url, "waflows_lists_from_memory_total")) == 0
        assert _metric(url, "waflows_listener_hearing{") == [0.0]
        lines = [
            one
            for one in pooled.servers[0].log_lines()
            if one["event"] == "changes are not heard, so nothing is answered from memory"
        ]
        assert len(lines) == 2, "one for each worker"


def test_a_pooler_in_session_mode_lets_changes_be_heard(folder: Path, postgres: Postgres) -> None:
    direct = postgres.new_database()
    with running_pooler(folder, direct, "session") as pooler, opened(pooler.url(direct)) as db:
        migrate.upgrade(db)
        asyncio.run(db.start())
        _until(lambda: db.stamp() is not None)


def test_a_url_to_listen_at_that_leads_to_another_database_is_noticed(postgres: Postgres) -> None:
    heard: list[Deafness | None] = []
    db = open_database(postgres.new_database(), postgres.new_database())
    try:
        db.on_hearing(heard.append)
        asyncio.run(db.start())
        _until(lambda: bool(heard))
        assert heard[0] is not None
        assert "same database" in heard[0].reason
        assert db.stamp() is None
    finally:
        db.close()


def test_statements_are_prepared_only_where_no_pooler_is_in_between(
    folder: Path, postgres: Postgres
) -> None:
    direct = postgres.new_database()

    def prepared(url: str) -> int:
        with opened(url) as db:
            migrate.upgrade(db)
            for _ in range(20):
                db.read_now(accounts.list_accounts)
            found = db.read_now(lambda tx: tx.one("SELECT COUNT(*) FROM pg_prepared_statements"))
            assert found is not None
            return int(found[0])

    with running_pooler(folder, direct) as pooler:
        assert prepared(pooler.url(direct)) == 0
    assert prepared(direct) > 0


@pytest.mark.soak
def test_soak_no_worker_answers_with_what_was_before_whatever_is_killed(
    folder: Path, postgres: Postgres, listening: str
) -> None:
    chance = random.Random(4)
    seen: list[Seen] = []
    kills = {"listeners": 0, "pooler": 0}
    with _two_servers(folder, postgres, listening) as pooled:
        deadline = time.monotonic() + _SOAK_SECONDS
        while time.monotonic() < deadline:
            which = chance.random()
            if which < 0.3:
                kills["listeners"] += end_listeners(pooled.direct)
            elif which < 0.4:
                pooled.pooler.kill()
                kills["pooler"] += 1
                time.sleep(chance.uniform(0, 2.5))
                pooled.pooler.start()
            seen.append(
                pooled.observer.revoke_a_key()
                if chance.random() < 0.5
                else pooled.observer.create_a_flow()
            )
    for change in ("revoked key", "list"):
        late = sorted(one.late for one in seen if one.change == change)
        print(
            f"\n{listening}, {change}: {len(late)} changes, late in s:"
            f" median {late[len(late) // 2]:.3f}, highest {late[-1]:.3f}; killed {kills};"
            f" requests {sum(one.asked for one in seen)}"
        )
    _check(seen, listening)


def _until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
