"""Power cuts while flows are sent, answered and told of: no answer is lost, none is there twice.

Made-up users are sent flows and fill them in, one after the other, and note in a ledger what the
server has acknowledged. When it is killed, what was on its way is tried again on the next server,
as a careful client does. At the end the ledger, the database and what the webhook got must agree.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from aiohttp import web
from harness.contents import faults
from harness.fleet import client
from harness.forked import Forked, forks
from harness.phones import flow_message
from harness.receivers import Received, Receiver, receiver
from harness.servers import Account, opened

from waflows.storage.database import Transaction

_USERS = 6
_MOST_REQUESTS = 60
"""A server is killed after so many requests at most; counted, since a machine may be slow."""
_MOST_SECONDS = 10.0
_STILL_SECONDS = 2.0
_REFUSED = 0.05
"""So often the webhook answers 500."""
_FLOW = json.dumps(
    {
        "version": "7.1",
        "screens": [
            {
                "id": "ONLY",
                "title": "Only",
                "terminal": True,
                "layout": {
                    "type": "SingleColumnLayout",
                    "children": [
                        {"type": "TextInput", "name": "word", "label": "Word", "required": True},
                        {
                            "type": "Footer",
                            "label": "Send",
                            "on-click-action": {
                                "name": "complete",
                                "payload": {"word": "${form.word}"},
                            },
                        },
                    ],
                },
            }
        ],
    }
)


class Answer(NamedTuple):
    """What is known of the answer to a message; `umid` once the server acknowledged it."""

    word: str
    umid: str | None = None


class Ledger:
    """What the server has acknowledged."""

    def __init__(self) -> None:
        self.sent: dict[str, str] = {}
        """The message of each request to send, by the client's own id for it."""
        self.asked: set[str] = set()
        """The requests to send that were made, acknowledged or not."""
        self.answers: dict[str, Answer] = {}
        """The answer to each message, from the moment it is on its way."""
        self.counts: Counter[str] = Counter()

    def acknowledged(self) -> dict[str, Answer]:
        """The answers of which the server said that it has them."""
        return {umid: each for umid, each in self.answers.items() if each.umid}


class User:
    """One user, and the business that sends them flows; goes on where a killed server left off."""

    def __init__(self, ledger: Ledger, tenant: Account, flow: str, number: int) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._flow = flow
        self._msisdn = f"+1202555{number:04}"
        self._phone = (
            f"/api/v1/accounts/{tenant.account_id}/channels/{tenant.channel_id}"
            f"/phones/{self._msisdn}"
        )
        self._unsent: str | None = None
        self._unanswered: str | None = None

    async def go_on_until_lost(self, url: str, enough: Callable[[], bool]) -> None:
        """Sends and answers until the server is gone, or there was enough and nothing is open."""
        async with client(url, self._tenant.api_key) as http:
            try:
                await self._ask(http, f"{self._phone}/say", {"text": "Hello"})
                while self._unsent or self._unanswered or not enough():
                    await self._round(http)
            except httpx2.TransportError:
                self._ledger.counts["lost"] += 1

    async def _round(self, http: httpx2.AsyncClient) -> None:
        if self._unanswered is None:
            self._unsent = self._unsent or str(uuid.uuid4())
            self._ledger.asked.add(self._unsent)
            body = flow_message(self._tenant, self._flow, self._msisdn)
            body["clientMessageId"] = self._unsent
            umid = (await self._ask(http, self._tenant.messages, body))["umid"]
            self._ledger.sent[self._unsent] = umid
            self._unsent, self._unanswered = None, umid
        await self._answer(http, self._unanswered)
        self._unanswered = None

    async def _answer(self, http: httpx2.AsyncClient, umid: str) -> None:
        """Opens, fills in and submits; what was finished before the server was killed stays so."""
        word = f"{self._msisdn} {umid}"
        opened_ = await http.post(f"{self._phone}/open", json={"umid": umid})
        if opened_.status_code == 400 and "already completed" in opened_.text:
            assert umid in self._ledger.answers, "only what was on its way may be finished"
            self._ledger.counts["found answered"] += 1
            return
        assert opened_.status_code == 200, opened_.text
        await self._ask(http, f"{self._phone}/fill", {"label": "Word", "value": word})
        self._ledger.answers[umid] = Answer(word)
        finished = await self._ask(http, f"{self._phone}/submit", None)
        self._ledger.answers[umid] = Answer(word, finished["answerUmid"])
        self._ledger.counts["answered"] += 1

    async def _ask(self, http: httpx2.AsyncClient, path: str, body: Any) -> Any:
        response = await http.post(path, json=body)
        self._ledger.counts["requests"] += 1
        assert response.status_code == 200, f"{path}: {response.text}"
        return response.json()


def _unreliable(received: Received) -> web.Response:
    return web.Response(status=500 if random.random() < _REFUSED else 200)


def _kill_and_check(database_url: str, folder: Path, times: int) -> Counter[str]:
    """Kills the server so often, lets the last one bring everything to its end, and compares."""
    ledger = Ledger()
    tenant: Account | None = None
    users: list[User] = []
    with receiver() as hook, forks(folder, "--database-url", database_url) as start:
        hook.answer = _unreliable
        for _ in range(times):
            with start.server() as process:
                if tenant is None:
                    tenant = _tenant(process, database_url, hook)
                    flow = tenant.create("Flow", flowJson=_FLOW, publish=True)
                    users = [User(ledger, tenant, flow, number) for number in range(_USERS)]
                asyncio.run(_work(ledger, users, process))
        with start.server() as process:
            assert tenant is not None
            asyncio.run(_finish(users, process))
            _deliver_all(tenant, process)
    _check_database(ledger, tenant)
    _check_webhooks(ledger, tenant, hook)
    ledger.counts["kills"] = times
    return ledger.counts


def _tenant(process: Forked, database_url: str, hook: Receiver) -> Account:
    tenant = Account(process.url, database_url)
    webhooks = [
        {"subAccountId": "*", "type": kind, "url": f"{hook.url}/{kind}"} for kind in ("MSG", "CADR")
    ]
    path = f"/api/v1/accounts/{tenant.account_id}/webhooks"
    assert tenant.http.post(path, json=webhooks).status_code == 200
    return tenant


async def _work(ledger: Ledger, users: list[User], process: Forked) -> None:
    """Everyone works until the server is killed, after some number of requests."""

    def pull_the_plug() -> None:
        enough = ledger.counts["requests"] + random.randint(1, _MOST_REQUESTS)
        deadline = time.monotonic() + _MOST_SECONDS
        while ledger.counts["requests"] < enough and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.02))
        process.kill()

    async with asyncio.TaskGroup() as tasks:
        for user in users:
            tasks.create_task(user.go_on_until_lost(process.url, lambda: False))
        tasks.create_task(asyncio.to_thread(pull_the_plug))


async def _finish(users: list[User], process: Forked) -> None:
    """Everyone brings to an end what was on its way, and nothing more."""
    async with asyncio.TaskGroup() as tasks:
        for user in users:
            tasks.create_task(user.go_on_until_lost(process.url, lambda: True))


def _deliver_all(tenant: Account, process: Forked) -> None:
    """Waits until everything is delivered; whenever that stands still, the clock is moved on.

    So leases of killed servers and waits between retries end at once, while a delivery that is
    under way keeps its lease.
    """
    still_since = moved_at = time.monotonic()
    waiting = _pending(tenant)
    with httpx2.Client(
        base_url=process.url,
        headers={"Authorization": f"Bearer {tenant.api_key}"},
        timeout=60,
        trust_env=False,
    ) as http:
        while waiting:
            time.sleep(0.5)
            left = _pending(tenant)
            if left != waiting:
                still_since = time.monotonic()
            elif time.monotonic() - max(still_since, moved_at) > _STILL_SECONDS:
                moved = http.post("/dev/clock", json={"advanceSeconds": 15})
                assert moved.status_code == 200, moved.text
                moved_at = time.monotonic()
            assert time.monotonic() - still_since < 60, f"{left} events are not delivered"
            waiting = left


def _pending(tenant: Account) -> int:
    with opened(tenant.database_url) as db:
        return int(db.read_now(_count_pending, tenant.account_id))


def _count_pending(tx: Transaction, account_id: str) -> int:
    row = tx.one(
        "SELECT COUNT(*) FROM webhook_deliveries WHERE account_id = ? AND state <> 'delivered'",
        account_id,
    )
    assert row is not None
    return int(row[0])


def _check_database(ledger: Ledger, tenant: Account) -> None:
    with opened(tenant.database_url) as db:
        assert faults(db) == {}
        kept = db.read_now(_answers_kept, tenant.account_id)
        requests = db.read_now(_requests_kept, tenant.account_id)
    assert requests == ledger.sent, "each request sent one message, however often it was made"
    assert ledger.asked == set(ledger.sent), "at the end nothing is open"
    words = {umid: [each.word for each in found] for umid, found in kept.items()}
    assert words == {umid: [each.word] for umid, each in ledger.answers.items()}, (
        "each is there once"
    )
    for umid, answer in ledger.acknowledged().items():
        assert kept[umid] == [answer]


def _answers_kept(tx: Transaction, account_id: str) -> dict[str, list[Answer]]:
    rows = tx.all(
        "SELECT message_umid, fields, answer_umid FROM submissions WHERE account_id = ?",
        account_id,
    )
    found: dict[str, list[Answer]] = defaultdict(list)
    for umid, fields, answer_umid in rows:
        found[umid].append(Answer(json.loads(fields)["word"], answer_umid))
    return dict(found)


def _requests_kept(tx: Transaction, account_id: str) -> dict[str, str]:
    rows = tx.all(
        "SELECT client_message_id, umid FROM messages"
        " WHERE account_id = ? AND direction = 'outbound'",
        account_id,
    )
    assert len({request for request, _ in rows}) == len(rows), "no request sent two messages"
    return dict(rows)


def _check_webhooks(ledger: Ledger, tenant: Account, hook: Receiver) -> None:
    """Each event came at least once, always under the same id, and receipts in their order."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    order: dict[str, list[str]] = defaultdict(list)
    for received in hook.requests:
        umid, what = _told(received.json)
        ids[umid, what].add(received.event_id)
        if what in {"sent", "delivered", "read"} and what not in order[umid]:
            order[umid].append(what)
    wanted = {(umid, "answered") for umid in ledger.answers}
    wanted |= {(umid, state) for umid in ledger.sent.values() for state in ("sent", "delivered")}
    assert wanted <= set(ids), f"never told: {wanted - set(ids)}"
    assert all(len(each) == 1 for each in ids.values()), "an event has one id for ever"
    for umid, states in order.items():
        assert states == ["sent", "delivered", "read"][: len(states)], umid
    ledger.counts["events"] = len(ids)
    ledger.counts["deliveries"] = len(hook.requests)
    ledger.counts["sent"] = len(ledger.sent)
    ledger.counts["answers"] = len(ledger.answers)


def _told(body: Any) -> tuple[str, str]:
    """What a webhook is about: a message and what became of it."""
    payload = body["payload"]
    if body["eventType"] == "outbound_message_status_changed":
        return payload["umid"], payload["status"]["state"]
    if payload["type"] == "Text":
        return payload["umid"], "written"
    return payload["replyToUmid"], "answered"


def test_no_answer_is_lost_or_kept_twice_when_the_server_is_killed(
    database_url: str, folder: Path
) -> None:
    counts = _kill_and_check(database_url, folder, times=3)

    assert counts["answers"] > 0
    assert counts["events"] >= 3 * counts["answers"]


@pytest.mark.soak
def test_no_answer_is_lost_in_two_hundred_power_cuts(
    database_url: str, engine: str, folder: Path
) -> None:
    counts = _kill_and_check(database_url, folder, times=200)

    print(f"{engine}: {dict(counts)}")
