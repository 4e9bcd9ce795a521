"""One place for each account in a shared pool."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from waflows.errors import RateLimited
from waflows.services.turns import Turns


class Held:
    """Work that lasts until it is released, and says when it has begun."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()

    def work(self) -> bool:
        self.begun.set()
        return self.release.wait(60)

    async def begins(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, 60)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def test_an_account_with_much_work_leaves_a_place_to_others(pool: ThreadPoolExecutor) -> None:
    held = Held()

    async def run() -> None:
        turns = Turns(pool)
        busy = [asyncio.create_task(turns.run("busy", held.work)) for _ in range(5)]
        await asyncio.sleep(0)
        assert await turns.run("other", int, "7") == 7
        assert not any(task.done() for task in busy)
        held.release.set()
        assert await asyncio.gather(*busy) == [True] * 5

    asyncio.run(run())


def test_work_of_one_account_is_done_in_the_order_it_was_asked_for(
    pool: ThreadPoolExecutor,
) -> None:
    done: list[int] = []

    async def run() -> None:
        turns = Turns(pool)
        await asyncio.gather(*(turns.run("one", done.append, number) for number in range(10)))

    asyncio.run(run())
    assert done == list(range(10))


def test_what_would_wait_behind_too_much_is_refused_and_room_comes_back(
    pool: ThreadPoolExecutor,
) -> None:
    held = Held()

    async def run() -> None:
        turns = Turns(pool, most_waiting=2)
        busy = [asyncio.create_task(turns.run("one", held.work)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited) as refused:
            await turns.run("one", int, "1")
        assert refused.value.retry_after == 1
        held.release.set()
        await asyncio.gather(*busy)
        assert await turns.run("one", int, "1") == 1

    asyncio.run(run())


def test_work_that_nobody_waits_for_any_more_still_holds_its_place(
    pool: ThreadPoolExecutor,
) -> None:
    held, second = Held(), threading.Event()

    async def run() -> None:
        turns = Turns(pool)
        gone = asyncio.create_task(turns.run("one", held.work))
        await held.begins()
        gone.cancel()
        after = asyncio.create_task(turns.run("one", second.set))
        await asyncio.sleep(0.05)
        assert not second.is_set()
        held.release.set()
        await after

    asyncio.run(run())
    assert second.is_set()


def test_who_gives_up_waiting_does_not_hold_up_those_behind(pool: ThreadPoolExecutor) -> None:
    held = Held()

    async def run() -> None:
        turns = Turns(pool)
        first = asyncio.create_task(turns.run("one", held.work))
        await held.begins()
        impatient = asyncio.create_task(turns.run("one", int, "1"))
        behind = asyncio.create_task(turns.run("one", int, "2"))
        await asyncio.sleep(0)
        impatient.cancel()
        held.release.set()
        assert await behind == 2
        assert await first

    asyncio.run(run())


def test_an_error_of_the_work_is_raised_and_ends_the_turn(pool: ThreadPoolExecutor) -> None:
    async def run() -> None:
        turns = Turns(pool)
        with pytest.raises(ValueError, match="invalid literal"):
            await turns.run("one", int, "seven")
        assert await turns.run("one", int, "7") == 7

    asyncio.run(run())
