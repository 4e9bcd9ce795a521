"""Events reach webhooks: at least once, in order for each user, no receiver delaying another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter

import pytest
from aiohttp import web
from harness.receivers import Received, Receiver
from harness.webhooks import (
    VAULT,
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

from waflows.services import clock
from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Wanted
from waflows.storage.database import Database
from waflows.storage.opening import open_database
from waflows.upstream.webhook import CALL_SECONDS
from waflows.worker.pacing import MOST
from waflows.worker.retries import Retries

_DAYS_OF_28_MINUTES = 0.02


def test_an_event_is_delivered_as_it_was_announced_soon_after_its_commit(
    db: Database, account: str, target: Receiver
) -> None:
    configure(
        db,
        account,
        Wanted(
            sub_account_id="*", url=f"{target.url}/in", type="MSG", http_authorization="Bearer t"
        ),
    )

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
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, f"user {n}", n) for n in range(50)])

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: set(states(db)) == {"delivered"})

    run(scenario)
    assert sorted(one.json["number"] for one in target.requests) == list(range(50))


def test_what_another_process_announces_is_delivered_too(
    db: Database, database_url: str, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    other = open_database(database_url)

    async def scenario() -> None:
        async with delivering(db):
            await asyncio.to_thread(other.run_now, announce, [event(account, "ana", 1)])
            await until(lambda: states(db) == ["delivered"])

    try:
        run(scenario)
    finally:
        other.close()


def test_events_of_a_user_arrive_in_order_whatever_fails_and_however_many_servers_deliver(
    db: Database, database_url: str, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    failing = {(user, number) for user in ("ana", "rui") for number in (3, 4, 17)}
    at_once: Counter[str] = Counter()
    most_at_once: Counter[str] = Counter()

    async def answer(received: Received) -> web.Response:
        user, number = received.json["user"], received.json["number"]
        at_once[user] += 1
        most_at_once[user] = max(most_at_once[user], at_once[user])
        await asyncio.sleep(0.002)
        at_once[user] -= 1
        if (user, number) in failing:
            failing.discard((user, number))
            return web.Response(status=503)
        return web.Response()

    target.answer = answer

    async def scenario() -> None:
        async with delivering(db, others=(database_url, database_url)):
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
    assert set(most_at_once.values()) == {1}, "never two at a time for one user"
    by_event: dict[str, set[bytes]] = {}
    for one in target.requests:
        by_event.setdefault(one.event_id, set()).add(one.body)
    assert len(by_event) == 120
    assert all(len(bodies) == 1 for bodies in by_event.values())
    assert lanes(db) == 0


def test_an_event_announced_just_when_its_lane_ends_is_not_forgotten(
    db: Database, database_url: str, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))

    def announce_now_and_then(start: int) -> None:
        with contextlib.closing(open_database(database_url)) as own:
            for number in range(start, start + 40):
                own.run_now(announce, [event(account, "ana", number)])

    async def scenario() -> None:
        async with delivering(db, others=(database_url,)):
            starts = range(0, 160, 40)
            await asyncio.gather(
                *(asyncio.to_thread(announce_now_and_then, start) for start in starts)
            )
            await until(lambda: states(db) == ["delivered"] * 160, seconds=40)

    run(scenario)
    assert sorted({one.json["number"] for one in target.requests}) == list(range(160))
    assert lanes(db) == 0


@pytest.mark.usefixtures("movable_clock")
def test_a_failing_event_is_tried_as_8x8_does_then_for_longer_and_then_given_up(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", 1), event(account, "ana", 2)])
    target.answer = lambda received: web.Response(
        status=500 if received.json["number"] == 1 else 200
    )
    waited: dict[int, int] = {}

    async def scenario() -> None:
        async with delivering(db, days=_DAYS_OF_28_MINUTES, retries=Retries(jitter=0)):
            while True:
                await until(lambda: deliveries(db)[0][1] > max(waited, default=0))
                state, tries, _, due_at, attempts = deliveries(db)[0]
                if state == "dead":
                    break
                waited[tries] = round((due_at - json.loads(attempts)[-1]["at"]) / 1000)
                assert states(db) == ["pending", "pending"], "the next one of the user waits"
                clock.move_to(due_at)
            await until(lambda: states(db) == ["dead", "delivered"])

    run(scenario)
    # A busy machine may let the first second go by unseen.
    assert waited.setdefault(1, 1) == 1
    assert [waited[tries] for tries in range(1, 8)] == [1, 10, 30, 90, 180, 360, 720]
    assert [one.json["number"] for one in target.requests] == [1] * 8 + [2]
    assert len({one.event_id for one in target.requests[:8]}) == 1
    [*_, last] = json.loads(deliveries(db)[0][4])
    assert last["error"] == "The webhook answered 500."


@pytest.mark.usefixtures("movable_clock")
def test_a_receiver_that_asks_to_be_left_alone_is_left_alone(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", 1)])
    target.answer = lambda _: web.Response(status=429, headers={"Retry-After": "600"})

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: deliveries(db)[0][1] == 1)

    run(scenario)
    _, _, _, due_at, attempts = deliveries(db)[0]
    assert round((due_at - json.loads(attempts)[0]["at"]) / 1000) == 600


def test_hanging_and_failing_receivers_delay_no_other(
    db: Database, account: str, target: Receiver
) -> None:
    _check_that_others_get_their_events(db, account, target, good=94, bad=3)


@pytest.mark.soak
def test_of_a_thousand_receivers_ten_hang_and_ten_fail_and_the_others_get_their_events(
    db: Database, account: str, target: Receiver
) -> None:
    _check_that_others_get_their_events(db, account, target, good=980, bad=10)


def _check_that_others_get_their_events(
    db: Database, account: str, target: Receiver, good: int, bad: int
) -> None:
    """The bad ones have many events waiting before the good ones get one each.

    The good ones' events arrive before the first of those that hang has reached its limit.
    """

    released = threading.Event()

    async def answer(received: Received) -> web.Response:
        while received.path.startswith("/hang") and not released.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return web.Response(status=500 if received.path.startswith("/fail") else 200)

    target.answer = answer
    kinds = ["hang"] * bad + ["fail"] * bad + ["good"] * good
    names = [f"{kind}-{number}" for number, kind in enumerate(kinds)]
    configure(
        db,
        account,
        *(Wanted(sub_account_id=one, url=f"{target.url}/{one}", type="MSG") for one in names),
    )
    troubled = [one for one in names if not one.startswith("good")]
    db.run_now(
        announce,
        [
            event(account, f"user {number}", number, sub_account_id=one)
            for one in troubled
            for number in range(50)
        ],
    )

    def waiting(kind: str) -> list[int]:
        rows = db.read_now(
            lambda tx: tx.all(
                "SELECT attempt_count FROM webhook_deliveries"
                " WHERE state = 'pending' AND sub_account_id LIKE ?",
                f"{kind}-%",
            )
        )
        return [row[0] for row in rows]

    async def scenario() -> None:
        async with delivering(db, retries=Retries()):
            await until(lambda: sum(one.path.startswith("/hang") for one in target.requests) >= bad)
            fresh = [event(account, "ana", 1, sub_account_id=one) for one in names]
            await db.run(announce, fresh)
            await until(lambda: not waiting("good"), seconds=60)
            assert not any(waiting("hang")), "none of those that hang has come to its end"
            got.update(one.path for one in target.requests)
            released.set()

    got: Counter[str] = Counter()
    run(scenario)
    assert all(got[f"/{one}"] == 1 for one in names if one.startswith("good"))
    assert all(got[f"/{one}"] <= 4 for one in names if one.startswith("hang"))


def test_after_a_start_a_new_webhook_waits_a_moment_for_those_that_hang_not_for_their_end(
    db: Database, account: str, target: Receiver
) -> None:
    """Hanging webhooks take all the room there is before anything is known of them."""
    hanging = [f"hang-{number}" for number in range(MOST // 4 + 20)]

    async def answer(received: Received) -> web.Response:
        if received.path.startswith("/hang"):
            await asyncio.sleep(2 * CALL_SECONDS)
        return web.Response()

    target.answer = answer
    configure(
        db,
        account,
        *(Wanted(sub_account_id=one, url=f"{target.url}/{one}", type="MSG") for one in hanging),
    )
    configure(db, account, Wanted(sub_account_id="fresh", url=f"{target.url}/fresh", type="MSG"))
    db.run_now(
        announce,
        [
            event(account, f"user {number}", number, sub_account_id=one)
            for one in hanging
            for number in range(8)
        ],
    )

    def arrived(path: str) -> int:
        return sum(one.path.startswith(path) for one in target.requests)

    async def scenario() -> None:
        async with delivering(db, retries=Retries()):
            await until(lambda: arrived("/hang") >= MOST // 2)
            announced.append(time.monotonic())
            await db.run(announce, [event(account, "ana", 1, sub_account_id="fresh")])
            await until(lambda: arrived("/fresh") == 1)

    announced: list[float] = []
    run(scenario)
    [fresh] = [one.at for one in target.requests if one.path.startswith("/fresh")]
    assert fresh - announced[0] < 0.8 * CALL_SECONDS, "long before those that hang end"


def test_a_disabled_webhook_keeps_what_waits_and_gets_it_once_enabled(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", 1)])
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG", enabled=False))
    db.run_now(announce, [event(account, "ana", 2)])

    async def scenario() -> None:
        async with delivering(db):
            await asyncio.sleep(0.3)
            assert states(db) == ["pending"]
            await db.run(
                subscriptions.configure,
                VAULT,
                account,
                [Wanted(sub_account_id="*", url=target.url, type="MSG")],
            )
            await until(lambda: states(db) == ["delivered"])

    run(scenario)
    assert [one.json["number"] for one in target.requests] == [1]


def test_what_waits_for_a_removed_webhook_is_dead(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", n) for n in range(40)])
    db.run_now(subscriptions.remove, account, [("*", "MSG")])

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: set(states(db)) == {"dead"})

    run(scenario)
    assert target.requests == []
    assert json.loads(deliveries(db)[0][4])[0]["error"] == "The webhook was removed."
    assert lanes(db) == 0


def test_a_stopping_server_waits_for_calls_in_flight_and_leaves_the_rest_to_the_next(
    db: Database, account: str, target: Receiver
) -> None:
    configure(db, account, Wanted(sub_account_id="*", url=target.url, type="MSG"))
    db.run_now(announce, [event(account, "ana", n) for n in range(3)])

    stopping = threading.Event()

    async def answer(_: Received) -> web.Response:
        await asyncio.to_thread(stopping.wait, 60)
        return web.Response()

    target.answer = answer

    async def scenario() -> None:
        async with delivering(db):
            await until(lambda: len(target.requests) == 1)
            # By then the server has been asked to stop: that follows at once.
            asyncio.get_running_loop().call_later(0.3, stopping.set)
        assert states(db) == ["delivered", "pending", "pending"]
        async with delivering(db):
            await until(lambda: set(states(db)) == {"delivered"})

    run(scenario)
    assert [one.json["number"] for one in target.requests] == [0, 1, 2]
