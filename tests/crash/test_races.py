"""Fifty clients want the same thing at once: one gets it, the rest are told so.

Each scenario runs on both engines, over one server with two workers and over two servers that
know nothing of each other. It checks its own outcome, and afterwards the database must not
contradict itself.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.contents import faults
from harness.databases import new_sqlite
from harness.fleet import KINDS, Answer, Asked, Fleet, at_once, client, fleet
from harness.flow_json import VALID, valid_flow
from harness.servers import Tenant, opened

from waflows.services.accounts import accounts

_CLIENTS = 50
_SOAK_ROUNDS = 10
_NUMBERS = itertools.count(1)

# Status and code of a refusal that the reference dialect documents for a state that has changed.
_CONFLICT, _GUIDE_CONFLICT, _GONE = (400, 1000), (409, 1000), (404, 1300)
_BAD_ID, _NO_KEY = (400, 1008), (401, 1200)


class Arena:
    """A tenant of its own on a fleet."""

    def __init__(self, servers: Fleet, engine: str) -> None:
        self.servers = servers
        self.engine = engine
        self.tenant = Tenant(servers.servers[0], servers.database_url)
        self.turned_away = 0

    def race(self, *asked: Asked) -> list[Answer]:
        """Fifty clients make these requests, each as often as another."""
        wanted = [asked[number % len(asked)] for number in range(_CLIENTS)]
        return at_once(self.servers, self.tenant.api_key, wanted)

    def draft(self) -> str:
        """A new draft that could be published."""
        return self.tenant.create(self.name(), flowJson=VALID)

    def name(self) -> str:
        """A name nobody has."""
        return f"Flow {next(_NUMBERS)}"

    def path(self, flow: str, action: str = "") -> str:
        """The address of a flow, or of something to do with it."""
        return f"{self.tenant.flows}/{flow}{action}"

    def listed(self) -> list[dict[str, str]]:
        """The flows of the channel, all of them."""
        found: list[dict[str, str]] = []
        url = f"{self.tenant.flows}?limit=1000"
        while url:
            response = self.tenant.http.get(url)
            assert response.status_code == 200
            found += response.json()["flows"]
            url = response.links["next"]["url"] if "next" in response.links else ""
        assert response.headers["x-total-count"] == str(len(found))
        return found


def _losers(answers: list[Answer]) -> set[tuple[int, int]]:
    return {(answer.status, answer.code) for answer in answers if not answer.good}


def _winners(answers: list[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.good]


def _create_the_same_name(arena: Arena) -> None:
    name = arena.name()
    body = {"name": name, "categories": ["OTHER"], "flowJson": VALID}
    answers = arena.race(
        Asked("POST", arena.tenant.flows, body), Asked("POST", arena.tenant.guide_flows, body)
    )
    [winner] = _winners(answers)
    assert _losers(answers) == {_CONFLICT, _GUIDE_CONFLICT}
    assert [f["id"] for f in arena.listed() if f["name"] == name] == [winner.body["id"]]


def _rename_to_the_same_name(arena: Arena) -> None:
    drafts = [arena.tenant.create(arena.name()) for _ in range(10)]
    name = arena.name()
    answers = arena.race(*(Asked("PUT", arena.path(draft), {"name": name}) for draft in drafts))
    # Each is asked for by five clients; one draft gets the name, and may be told so five times.
    named = {answer.body["id"] for answer in _winners(answers)}
    assert len(named) == 1
    assert _losers(answers) == {_CONFLICT}
    assert [f["id"] for f in arena.listed() if f["name"] == name] == list(named)


def _publish_and_delete(arena: Arena) -> None:
    flow = arena.draft()
    answers = arena.race(
        Asked("POST", arena.path(flow, "/publish")), Asked("DELETE", arena.path(flow))
    )
    [winner] = _winners(answers)
    if winner.asked.method == "DELETE":
        assert _losers(answers) == {_GONE}
        assert flow not in [f["id"] for f in arena.listed()]
    else:
        assert _losers(answers) == {_CONFLICT}
        assert arena.tenant.status_of(flow) == "PUBLISHED"


def _update_and_publish(arena: Arena) -> None:
    flow = arena.draft()
    texts = [valid_flow(f"Text {n}") for n in range(_CLIENTS // 2)]
    updates = [Asked("PUT", arena.path(flow), {"flowJson": text}) for text in texts]
    publish = Asked("POST", arena.path(flow, "/publish"))
    answers = arena.race(*(asked for update in updates for asked in (update, publish)))

    winners = _winners(answers)
    kept = {answer.asked.body["flowJson"] for answer in winners if answer.asked.body}
    assert len(winners) == len(kept) + 1, "one publishes"
    assert _losers(answers) == {_CONFLICT}
    assert arena.tenant.status_of(flow) == "PUBLISHED"
    revisions = arena.tenant.http.get(arena.path(flow, "/revisions")).json()["revisions"]
    assert [r["revision"] for r in revisions] == list(range(len(kept) + 1, 0, -1))
    stored = {
        arena.tenant.http.get(arena.path(flow, f"/revisions/{r['revision']}")).text
        for r in revisions
    }
    assert stored == {VALID, *kept}, "each that was accepted is kept, and no other"


def _publish_then_deprecate(arena: Arena) -> None:
    flow = arena.draft()
    for action, status in (("/publish", "PUBLISHED"), ("/deprecate", "DEPRECATED")):
        answers = arena.race(Asked("POST", arena.path(flow, action)))
        assert len(_winners(answers)) == 1
        assert _losers(answers) == {_CONFLICT}
        assert arena.tenant.status_of(flow) == status


def _delete(arena: Arena) -> None:
    flow = arena.draft()
    answers = arena.race(Asked("DELETE", arena.path(flow)))
    assert len(_winners(answers)) == 1
    assert _losers(answers) == {_GONE}


def _clone_and_delete(arena: Arena) -> None:
    flow = arena.draft()
    copies = [
        Asked(
            "POST",
            arena.tenant.flows,
            {"name": arena.name(), "categories": ["OTHER"], "cloneFlowId": flow},
        )
        for _ in range(_CLIENTS // 2)
    ]
    delete = Asked("DELETE", arena.path(flow))
    answers = arena.race(*(asked for copy in copies for asked in (copy, delete)))

    deleted = [a for a in answers if a.asked.method == "DELETE"]
    assert len(_winners(deleted)) == 1
    assert _losers(deleted) == {_GONE}
    copied = [a for a in answers if a.asked.method == "POST"]
    assert _losers(copied) <= {_BAD_ID}
    for copy in _winners(copied):
        text = arena.tenant.http.get(arena.path(copy.body["id"], "/revisions/1")).text
        assert text == VALID, "a copy is whole"


def _refresh_the_preview(arena: Arena) -> None:
    flow = arena.draft()
    answers = arena.race(Asked("GET", arena.path(flow, "/preview"), query={"refresh": "true"}))
    assert len(_winners(answers)) == _CLIENTS
    urls = {answer.body["preview_url"] for answer in answers}
    assert len(urls) == _CLIENTS
    alive = [url for url in urls if arena.tenant.http.get(url).status_code == 200]
    shown = arena.tenant.http.get(arena.path(flow, "/preview")).json()["preview_url"]
    assert [url.split("/preview/")[1] for url in alive] == [shown.split("/preview/")[1]]


def _create_many(arena: Arena) -> None:
    before = len(arena.listed())
    answers = arena.race(
        *(
            Asked("POST", arena.tenant.flows, {"name": arena.name(), "categories": ["OTHER"]})
            for _ in range(_CLIENTS)
        )
    )
    assert len({answer.body["id"] for answer in _winners(answers)}) == _CLIENTS
    assert len(arena.listed()) == before + _CLIENTS


def _revoke_a_key_in_use(arena: Arena) -> None:
    asyncio.run(_use_and_revoke(arena))


async def _use_and_revoke(arena: Arena) -> None:
    key = arena.tenant.new_key()
    before = len(arena.listed())
    revoked: list[float] = []
    done: list[tuple[float, int]] = []
    under_way = asyncio.Event()
    now = asyncio.get_running_loop().time

    async def use(number: int) -> None:
        async with client(arena.servers.url(number), key) as http:
            for _ in range(1000):
                begun = now()
                body = {"name": arena.name(), "categories": ["OTHER"]}
                response = await http.post(arena.tenant.flows, json=body)
                if response.status_code == 503:
                    # Fifty who write to one channel may be too many for a busy machine.
                    arena.turned_away += 1
                    continue
                done.append((begun, response.status_code))
                if len(done) >= _CLIENTS:
                    under_way.set()
                if response.status_code != 200:
                    assert (response.status_code, response.json()["code"]) == _NO_KEY
                    return

    def revoke() -> None:
        with opened(arena.servers.database_url) as db:
            db.run_now(accounts.revoke_key, arena.tenant.account_id, key.split("_")[1])

    users = [asyncio.create_task(use(number)) for number in range(_CLIENTS)]
    await under_way.wait()
    await asyncio.to_thread(revoke)
    revoked.append(now())
    await asyncio.gather(*users)

    statuses = Counter(status for _, status in done)
    assert statuses[401] == _CLIENTS
    assert len(arena.listed()) == before + statuses[200], "each was done or refused"
    if arena.engine == "sqlite":
        assert all(begun < revoked[0] for begun, status in done if status == 200)


_SCENARIOS: list[Callable[[Arena], None]] = [
    _create_the_same_name,
    _create_many,
    _rename_to_the_same_name,
    _publish_and_delete,
    _update_and_publish,
    _publish_then_deprecate,
    _delete,
    _clone_and_delete,
    _refresh_the_preview,
    _revoke_a_key_in_use,
]


@pytest.fixture(scope="module", params=KINDS)
def servers(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Fleet]:
    """A fleet of each kind, on each engine."""
    folder = tmp_path_factory.mktemp(f"{request.param}-{engine}")
    url = new_sqlite(folder)
    if engine == "postgres":
        url = request.getfixturevalue("postgres").new_database()
    with fleet(folder, url, request.param) as started:
        yield started


@pytest.fixture
def arena(servers: Fleet, engine: str) -> Iterator[Arena]:
    """A tenant of the fleet; at the end the database must be sound."""
    arena = Arena(servers, engine)
    yield arena
    arena.tenant.http.close()
    with opened(servers.database_url) as db:
        assert faults(db) == {}
    for server in servers.servers:
        errors = [line for line in server.log_lines() if line.get("status", 0) >= 500]
        assert [line for line in errors if line["status"] != 503] == [], (
            "no request ended in an error of the server's own"
        )
        own = [line for line in errors if line.get("account_id") == arena.tenant.account_id]
        assert len(own) <= arena.turned_away, "no other request was turned away"


def _named(scenario: Any) -> str:
    return str(scenario.__name__).strip("_")


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=_named)
def test_of_fifty_clients_at_once_one_wins_and_the_rest_are_told(
    arena: Arena, scenario: Callable[[Arena], None]
) -> None:
    scenario(arena)


def test_both_processes_take_part_in_a_race(arena: Arena) -> None:
    processes: set[str] = set()
    for _ in range(50):
        answers = arena.race(Asked("GET", arena.tenant.flows))
        processes |= {answer.process for answer in answers}
        if len(processes) == 2:
            return
    pytest.fail(f"of two processes only {processes} answered")


@pytest.mark.soak
def test_it_is_so_time_after_time(arena: Arena) -> None:
    counts: Counter[str] = Counter()
    for _ in range(_SOAK_ROUNDS):
        for scenario in _SCENARIOS:
            scenario(arena)
            counts[_named(scenario)] += 1
    with opened(arena.servers.database_url) as db:
        assert faults(db) == {}
    print(f"races on {arena.engine}, {len(arena.servers.servers)} server(s): {dict(counts)}")
