"""Few requests are started in one turn of the event loop, and new ones pass those sent ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from waflows.http.pacing import AHEAD_PER_TURN, STARTS_PER_TURN, Pacer


async def _turns(fill: Callable[[Pacer, Callable[[str], Callable[[], None]]], None]) -> list[str]:
    """What was started, with `|` where a turn of the loop ended."""
    pacer = Pacer()
    done: list[str] = []
    fill(pacer, lambda name: lambda: done.append(name))
    for _ in range(40):
        done.append("|")
        await asyncio.sleep(0)
    return "".join(done).strip("|").split("|")


def test_a_few_requests_are_started_at_once_and_the_others_in_later_turns() -> None:
    def fill(pacer: Pacer, work: Callable[[str], Callable[[], None]]) -> None:
        for _ in range(3 * STARTS_PER_TURN - 1):
            pacer.start(work("n"))

    turns = asyncio.run(_turns(fill))
    assert [len(turn) for turn in turns] == [STARTS_PER_TURN, STARTS_PER_TURN, STARTS_PER_TURN - 1]


def test_what_was_sent_ahead_is_continued_in_order_a_little_in_each_turn() -> None:
    def fill(pacer: Pacer, work: Callable[[str], Callable[[], None]]) -> None:
        for name in "abcde":
            pacer.continue_later(work(name))

    turns = [turn for turn in asyncio.run(_turns(fill)) if turn]
    assert "".join(turns) == "abcde"
    assert max(len(turn) for turn in turns) == AHEAD_PER_TURN


def test_a_new_request_passes_those_sent_ahead() -> None:
    def fill(pacer: Pacer, work: Callable[[str], Callable[[], None]]) -> None:
        for _ in range(50):
            pacer.continue_later(work("a"))
        pacer.start(work("n"))

    assert "".join(asyncio.run(_turns(fill))).startswith("n")


def test_work_that_fails_does_not_stop_the_rest() -> None:
    async def run() -> list[str]:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        pacer = Pacer()
        done: list[str] = []

        def fail() -> None:
            raise ValueError

        pacer.continue_later(fail)
        pacer.continue_later(lambda: done.append("after"))
        for _ in range(5):
            await asyncio.sleep(0)
        return done

    assert asyncio.run(run()) == ["after"]
