"""A flow played on the simulated phone: it takes gestures, shows screens and stores the state.

Of an impossible gesture only the errors it made the screen show are stored. The endpoint is called
between two transactions; if the server is killed meanwhile, the phone stays in the state before the
gesture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, TypeVarTuple

import msgspec

from waflows import runtime
from waflows.errors import InvalidParameter, NotFound, NotPossible
from waflows.runtime import (
    Answered,
    AskedTooOften,
    CallEndpoint,
    Course,
    Event,
    Failed,
    NotifyEndpoint,
    Open,
    Phase,
    Ran,
    Step,
    ToEndpoint,
    View,
)
from waflows.runtime.gestures import Gesture
from waflows.runtime.labels import NotOnScreen
from waflows.services.endpoint.endpoint_calls import Outside, carry_out
from waflows.services.flows.playing import Played, Player, event_of, played
from waflows.services.phone import phones
from waflows.storage import flows as flow_store
from waflows.storage.flows import Flow
from waflows.storage.messages import SentFlow

A = TypeVarTuple("A")
R = TypeVar("R")


class Phone(msgspec.Struct, frozen=True):
    """The phone of a simulated user of a channel, and what it needs of the server."""

    outside: Outside
    player: Player
    account_id: str
    channel_id: str
    msisdn: str

    @property
    def names(self) -> tuple[str, str, str]:
        """The arguments by which use cases identify it."""
        return self.account_id, self.channel_id, self.msisdn


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone shows after a gesture, as data and as text, and the gesture's effects.

    `answer_umid` is the message with the answer, if the gesture completed the flow.
    """

    message_umid: str
    screen: View
    text: str
    opened_urls: tuple[str, ...] = ()
    log: tuple[Ran, ...] = ()
    answer_umid: str | None = None


async def open_flow(phone: Phone, umid: str | None) -> Shown:
    """Taps the button of a message, by default of the newest whose flow is not completed.

    Raises NotFound, FlowAnswered, and NotPossible where the flow cannot be opened as it was sent.
    """
    db = phone.outside.db
    found_umid, opened = await db.read(phones.find_flow, *phone.names, umid)
    sheet = await _Sheet.of(phone, opened, runtime.State())
    await sheet.let(phones.opening(opened))
    sheet.check()
    answer = await db.run(phones.begin, *phone.names, found_umid, sheet.course.state)
    return await sheet.shown(found_umid, answer)


async def shown(phone: Phone) -> Shown:
    """What the phone shows; raises NotFound if no flow was opened."""
    playing = await phone.outside.db.read(phones.playing, *phone.names)
    sheet = await _Sheet.of(phone, playing.flow, playing.state)
    return await sheet.shown(playing.session.message_umid, None)


async def open_sheet(phone: Phone, umid: str | None) -> Played:
    """Like `open_flow`, for a page: one step; the page then asks for the call of the endpoint."""
    db = phone.outside.db
    found_umid, opened = await db.read(phones.find_flow, *phone.names, umid)
    sheet = await _Sheet.of(phone, opened, runtime.State())
    step, _ = await sheet.take(phones.opening(opened))
    sheet.check()
    await db.run(phones.begin, *phone.names, found_umid, sheet.course.state)
    return await sheet.played(step)


async def happen(phone: Phone, given: dict[str, Any] | None) -> Played:
    """Applies an event of a user, as a page sends it.

    Without one, the endpoint is called if the state is waiting for it; otherwise the present screen
    is returned. Raises InvalidParameter for what a user cannot do, NotFound, OvertakenStep.
    """
    db = phone.outside.db
    playing = await db.read(phones.playing, *phone.names)
    sheet = await _Sheet.of(phone, playing.flow, playing.state)
    if given is None and playing.state.request is not None:
        event: Event | None = await sheet.ask(CallEndpoint(playing.state.request))
    else:
        event = None if given is None else _of_a_person(given)
    if event is None:
        return await sheet.played(Step(sheet.course.state, sheet.course.screen))
    step, asked = await sheet.take(event)
    for effect in asked:
        if isinstance(effect, NotifyEndpoint):
            await sheet.ask(effect)
    if sheet.course.state != playing.state:
        await db.run(phones.advance, playing.session, sheet.course.state)
    return await sheet.played(step)


def _of_a_person(given: dict[str, Any]) -> Event:
    event = event_of(given)
    if isinstance(event, Open | Answered | Failed):
        raise InvalidParameter("A flow is opened from its message, and answered by its endpoint.")
    return event


async def act(phone: Phone, gestures: Sequence[Gesture]) -> Shown:
    """Makes gestures one after the other, all or none.

    Raises InvalidParameter for what the screen does not have, NotPossible for what a user cannot
    do, OvertakenStep when the phone has changed in the meantime.
    """
    db = phone.outside.db
    playing = await db.read(phones.playing, *phone.names)
    sheet = await _Sheet.of(phone, playing.flow, playing.state)
    if sheet.course.screen.phase in (Phase.COMPLETED, Phase.CLOSED):
        raise NotPossible(f"The flow is {sheet.course.screen.phase}; open one first.")
    for gesture in gestures:
        try:
            event = gesture(sheet.course.screen)
        except NotOnScreen as error:
            raise InvalidParameter(str(error)) from None
        if event is not None:
            await sheet.let(event)
        if sheet.course.refused:
            break
    answer = None
    if sheet.course.state != playing.state:
        answer = await db.run(phones.advance, playing.session, sheet.course.state)
    sheet.check()
    return await sheet.shown(playing.session.message_umid, answer)


class _Sheet:
    """The sheet a flow is played on: its document, its state, and the effects so far."""

    def __init__(self, phone: Phone, flow: Flow, course: Course) -> None:
        self.course = course
        self._phone = phone
        self._flow = flow

    @classmethod
    async def of(cls, phone: Phone, sent: SentFlow, state: runtime.State) -> _Sheet:
        """The sheet for the flow of a message. Raises NotFound, NotPlayable."""
        db = phone.outside.db
        key = (phone.account_id, sent.id, sent.revision)
        flow = await db.read(flow_store.find_in_account, phone.account_id, sent.id)
        if flow is None:
            raise NotFound("The flow of this message has been deleted.")

        async def read() -> str | None:
            return await db.read_slow(flow_store.flow_json, *key)

        document = await phone.player.document(phone.account_id, key, read)
        screen = await phone.player.run(phone.account_id, runtime.render, document, state)
        return cls(phone, flow, Course(document, state, screen))

    async def let(self, event: Event) -> None:
        """Plays an event and the endpoint's responses to it. Raises NotPossible."""
        try:
            await runtime.drive(self.course, event, self.ask, self._step)
        except AskedTooOften as error:
            raise NotPossible(str(error)) from None

    async def take(self, event: Event) -> tuple[Step, list[ToEndpoint]]:
        """Makes one step; calling the endpoint is left to the caller."""
        step = await self._step(self.course.flow, self.course.state, event)
        return step, self.course.take(step)

    async def ask(self, effect: ToEndpoint) -> Event | None:
        """Calls or notifies the endpoint; returns the resulting event."""
        outside, document = self._phone.outside, self.course.flow
        return await carry_out(outside, self._flow, document, effect)

    async def played(self, step: Step) -> Played:
        """A step as it is sent to a page."""
        return await self._run(played, self.course.flow, step)

    async def _step(self, document: runtime.Flow, state: runtime.State, event: Event) -> Step:
        return await self._run(runtime.step, document, state, event)

    async def _run(self, function: Callable[[*A], R], *arguments: *A) -> R:
        return await self._phone.player.run(self._phone.account_id, function, *arguments)

    def check(self) -> None:
        """Raises NotPossible for a gesture that was refused."""
        if self.course.refused:
            raise NotPossible(self.course.refused)

    async def shown(self, umid: str, answer: str | None) -> Shown:
        """The result so far."""
        return Shown(
            message_umid=umid,
            screen=self.course.screen,
            text=await self._run(runtime.draw, self.course.screen),
            opened_urls=tuple(self.course.opened_urls),
            log=tuple(self.course.log),
            answer_umid=answer,
        )
