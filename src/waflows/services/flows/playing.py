"""Flows played for somebody who is elsewhere: a page sends a state and an event, and gets a screen.

The state travels with the page, so a flow can be played on by any process. What comes in is not to
be believed: it is checked here, before the machine sees it. Documents are loaded once and kept
within bounds; loading and stepping are done on threads of their own, since a flow may have ten
megabytes and its patterns may work long. Of these threads an account has one at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

import msgspec

from waflows import runtime
from waflows.errors import Conflict, InvalidParameter
from waflows.flowjson import source
from waflows.runtime import (
    Effect,
    Event,
    Line,
    Media,
    Phase,
    PickMedia,
    Ran,
    State,
    Step,
    View,
)
from waflows.runtime.flow import SUCCESS
from waflows.runtime.values import clean
from waflows.services.turns import Turns

_THREADS = 2
_LARGEST_MEMORY = 48 * 1024 * 1024
_LEAST_WEIGHT = 16 * 1024
# What an object or a list of a document takes once it is loaded; two characters may say one.
_CONTAINER_BYTES = 400

A = TypeVarTuple("A")
R = TypeVar("R")
TextReader = Callable[[], Awaitable[str | bytes | None]]


class NotPlayable(Conflict):
    """The flow has no Flow JSON that could be played."""


class Called(msgspec.Struct, frozen=True):
    """A call of the endpoint in plain text; `status` is None when there was no HTTP answer.

    `sent` is false when nothing went out, as when the channel has no public key.
    """

    status: int | None
    milliseconds: int
    request: dict[str, Any]
    response: Any
    sent: bool = True


class Played(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of an event, as it goes to the page.

    `state` is to be sent back with the next event, and with it `seal`, which is there while the
    endpoint may be called from that state. `summary` is what the chat's bubble tells of a
    completed flow. While `state.phase` is `waiting`, the page asks again without an event, and the
    request to the endpoint is made; `called` tells how that went.
    """

    state: State
    screen: View
    effects: tuple[Effect, ...] = ()
    log: tuple[Ran, ...] = ()
    refused: str = ""
    summary: tuple[Line, ...] = ()
    called: Called | None = None
    seal: str = ""


class Player:
    """The documents being played, as one process holds them, and the threads that play.

    The documents kept take about 48 MB together; the one used last is always kept.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="waflows-player")
        self._turns = Turns(self._threads)
        self._kept: OrderedDict[Hashable, tuple[runtime.Flow, int]] = OrderedDict()
        self._weight = 0
        self._coming: dict[Hashable, asyncio.Task[runtime.Flow]] = {}

    async def document(self, account_id: str, key: Hashable, read: TextReader) -> runtime.Flow:
        """An account's document known by a key, `read` and loaded only when it is not known.

        A key must always stand for the same text. Raises NotPlayable, RateLimited.
        """
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found[0]
        coming = self._coming.get(key)
        if coming is None:
            coming = asyncio.create_task(self._load(account_id, key, read))
            self._coming[key] = coming
            coming.add_done_callback(lambda _: self._coming.pop(key, None))
        # Whoever asks first may go away; the others still want it.
        return await asyncio.shield(coming)

    async def play(
        self,
        account_id: str,
        document: runtime.Flow,
        state: dict[str, Any] | None,
        event: dict[str, Any] | Event | None,
    ) -> Played:
        """The next screen. Without an event, the screen of the state as it is.

        An event may be of this process's own, the answer of an endpoint, and needs no check then.
        Raises InvalidParameter for a state or an event that is none.
        """
        return await self.run(account_id, play, document, state, event)

    def close(self) -> None:
        """Ends the threads once they have done what was begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _load(self, account_id: str, key: Hashable, read: TextReader) -> runtime.Flow:
        text = await read()
        if text is None:
            raise NotPlayable("The flow has no Flow JSON yet.")
        flow = await self.run(account_id, load, text)
        weight = max(len(text) + _CONTAINER_BYTES * runtime.containers_in(text), _LEAST_WEIGHT)
        self._kept[key] = (flow, weight)
        self._weight += weight
        while self._weight > _LARGEST_MEMORY and len(self._kept) > 1:
            _, (_, freed) = self._kept.popitem(last=False)
            self._weight -= freed
        return flow

    async def run(self, account_id: str, function: Callable[[*A], R], *arguments: *A) -> R:
        """Runs a pure function that may work long, when it is the account's turn.

        Raises RateLimited when too much of the account's work waits already.
        """
        return await self._turns.run(account_id, function, *arguments)


def load(text: str | bytes) -> runtime.Flow:
    """A document made ready; raises NotPlayable, which says why."""
    try:
        return runtime.load(text)
    except runtime.Unplayable as error:
        raise NotPlayable(f"The flow cannot be played. {error}") from None


def play(
    document: runtime.Flow, state: dict[str, Any] | None, event: dict[str, Any] | Event | None
) -> Played:
    """`Player.play` without threads."""
    at = State() if state is None else state_of(state)
    if event is None:
        return played(document, runtime.look(document, at))
    happened = event_of(event) if isinstance(event, dict) else event
    return played(document, runtime.step(document, at, happened))


def made_up(document: runtime.Flow, screen: str, state: dict[str, Any] | None) -> runtime.Answered:
    """An answer the endpoint might give: a screen with its example values, or the end."""
    if screen == SUCCESS:
        token = (state or {}).get("flow_token", "unused")
        params = {"flow_token": token if isinstance(token, str) else "unused"}
        return runtime.Answered(
            {"screen": SUCCESS, "data": {"extension_message_response": {"params": params}}}
        )
    found = document.screens.get(screen)
    return runtime.Answered({"screen": screen, "data": found.examples if found else {}})


def played(document: runtime.Flow, step: Step) -> Played:
    """A step as it goes to the page."""
    done = step.state.phase is Phase.COMPLETED
    lines = runtime.summary(document, step.state) if done else ()
    return Played(step.state, step.screen, step.effects, step.log, step.refused, lines)


def state_of(given: dict[str, Any]) -> State:
    """Where a flow stands, as a page says; raises InvalidParameter for what is not a state."""
    found: State = _converted("state", given, State)
    return found


def event_of(given: dict[str, Any]) -> Event:
    """What a page says happened; raises InvalidParameter for what is no event.

    Where a picked file can be fetched is never up to a page: its server fills that in.
    """
    found: Event = _converted("event", given, Event)
    if isinstance(found, PickMedia):
        return PickMedia(found.name, tuple(map(_without_address, found.files)))
    return found


def _without_address(file: Media) -> Media:
    return msgspec.structs.replace(file, cdn_url="", encryption_metadata={})


def _converted(name: str, given: dict[str, Any], type_: Any) -> Any:
    # How large it may be is bounded by the request's body, and each part of it by the machine.
    if source.too_deep(given):
        raise InvalidParameter(f"{name} is nested deeper than a phone's data can be.")
    with contextlib.suppress(OverflowError, RecursionError):
        try:
            return msgspec.convert(clean(given), type_)
        except msgspec.ValidationError as error:
            raise InvalidParameter(f"{name} is not one of this server's: {error}.") from None
    raise InvalidParameter(f"{name} is not one of this server's.")
