"""The loop for hosts that play an event to its end: its step, the answers of the endpoint, theirs.

A host keeps a `Course` for each flow it plays and gives an answerer, which carries out what the
endpoint is asked. A host that shows each call while it is made answers None to calls, and goes on
with the answer as an event of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from waflows.runtime.engine import Step, step
from waflows.runtime.events import Event
from waflows.runtime.flow import Flow
from waflows.runtime.state import CallEndpoint, NotifyEndpoint, OpenUrl, Phase, Ran, State
from waflows.runtime.widgets import View

MOST_STEPS = 50
"""Steps that one event may lead to, each because of the endpoint's answer to the one before."""

ToEndpoint = CallEndpoint | NotifyEndpoint


class AskedTooOften(Exception):
    """The endpoint was asked `MOST_STEPS` times in a row."""

    def __str__(self) -> str:
        """The message for people."""
        return f"The endpoint was asked {MOST_STEPS} times in a row."


class Course:
    """A flow being played: how it stands, and what has happened since the course was made.

    `refused` says why the last event changed nothing, and is empty when it did.
    """

    def __init__(self, flow: Flow, state: State | None = None, screen: View | None = None) -> None:
        self.flow = flow
        self.state = state or State()
        self.screen = screen or View(phase=Phase.NEW)
        self.refused = ""
        self.log: list[Ran] = []
        self.opened_urls: list[str] = []

    def take(self, done: Step) -> list[ToEndpoint]:
        """Records a step; what it asks of the endpoint."""
        self.state, self.screen, self.refused = done.state, done.screen, done.refused
        self.log += done.log
        self.opened_urls += [each.url for each in done.effects if isinstance(each, OpenUrl)]
        return [each for each in done.effects if isinstance(each, ToEndpoint)]


async def drive(
    course: Course,
    event: Event,
    answer: Callable[[ToEndpoint], Awaitable[Event | None]],
    make_step: Callable[[Flow, State, Event], Awaitable[Step]],
) -> None:
    """Plays an event and every answer of the endpoint. Raises AskedTooOften.

    `make_step` calls `step` wherever the host has its work done.
    """
    pending = [event]
    for _ in range(MOST_STEPS):
        if not pending:
            return
        done = await make_step(course.flow, course.state, pending.pop())
        for effect in course.take(done):
            back = await answer(effect)
            pending += [] if back is None else [back]
    raise AskedTooOften


def drive_now(course: Course, event: Event, answer: Callable[[ToEndpoint], Event | None]) -> None:
    """`drive` for hosts without an event loop. Raises AskedTooOften."""

    async def answering(effect: ToEndpoint) -> Event | None:
        return answer(effect)

    async def stepping(flow: Flow, state: State, event: Event) -> Step:
        return step(flow, state, event)

    # Neither of the two ever waits, so the coroutine ends at once.
    try:
        drive(course, event, answering, stepping).send(None)
    except StopIteration:
        return
    raise AssertionError("a step waited for an event loop that is not there")
