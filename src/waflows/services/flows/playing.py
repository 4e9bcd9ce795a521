"""Plays flows for a page: it sends a state and an event, and gets a screen.

The page holds the state, so any process can continue a flow. The input is not trusted: it is
validated here, before the runtime sees it. Documents are loaded once and cached within bounds;
loading and stepping run on separate threads, since a flow may have ten megabytes and its patterns
may take long. An account uses one of these threads at a time.
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
# The memory of an object or list of a loaded document; its text may have two characters.
_CONTAINER_BYTES = 400

A = TypeVarTuple("A")
R = TypeVar("R")
TextReader = Callable[[], Awaitable[str | bytes | None]]


class NotPlayable(Conflict):
    """The flow has no Flow JSON that can be played."""


class Called(msgspec.Struct, frozen=True):
    """A call of the endpoint in plain text; `status` is None when there was no HTTP answer.

    `sent` is false when nothing was sent, for example because the channel has no public key.
    """

    status: int | None
    milliseconds: int
    request: dict[str, Any]
    response: Any
    sent: bool = True


class Played(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The result of an event, as it is sent to the page.

    The page sends `state` back with its next event, together with `seal`, which is present while
    the endpoint may be called from that state. `summary` is what the chat shows of a completed
    flow. While `state.phase` is `waiting`, the page asks again without an event, and the endpoint
    is called; `called` describes that call.
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
    """The documents that one process has loaded, and the threads that play them.

    Together the cached documents take about 48 MB; the one used last always stays.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="waflows-player")
        self._turns = Turns(self._threads)
        self._kept: OrderedDict[Hashable, tuple[runtime.Flow, int]] = OrderedDict()
        self._weight = 0
        self._coming: dict[Hashable, asyncio.Task[runtime.Flow]] = {}

    async def document(self, account_id: str, key: Hashable, read: TextReader) -> runtime.Flow:
        """An account's document by its key; `read` and loaded only when it is not cached.

        A key must always mean the same text. Raises NotPlayable, RateLimited.
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
        # The first caller may be cancelled; the others still need the result.
        return await asyncio.shield(coming)

    async def play(
        self,
        account_id: str,
        document: runtime.Flow,
        state: dict[str, Any] | None,
        event: dict[str, Any] | Event | None,
    ) -> Played:
        """The next screen. Without an event, the screen of the state.

        An event from this process, such as the response of an endpoint, is not validated. Raises
        InvalidParameter for an invalid state or event.
        """
        return await self.run(account_id, play, document, state, event)

    def close(self) -> None:
        """Ends the threads once they have finished their work."""
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
        """Runs a pure function that may take long, when it is the account's turn.

        Raises RateLimited when too many jobs of the account are waiting.
        """
        return await self._turns.run(account_id, function, *arguments)


def load(text: str | bytes) -> runtime.Flow:
    """Loads a document; raises NotPlayable with the reason."""
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
    """A response the endpoint might give: a screen with its example values, or the end."""
    if screen == SUCCESS:
        token = (state or {}).get("flow_token", "unused")
        params = {"flow_token": token if isinstance(token, str) else "unused"}
        return runtime.Answered(
            {"screen": SUCCESS, "data": {"extension_message_response": {"params": params}}}
        )
    found = document.screens.get(screen)
    return runtime.Answered({"screen": screen, "data": found.examples if found else {}})


def played(document: runtime.Flow, step: Step) -> Played:
    """A step as it is sent to the page."""
    done = step.state.phase is Phase.COMPLETED
    lines = runtime.summary(document, step.state) if done else ()
    return Played(
        state=step.state,
        screen=step.screen,
        effects=step.effects,
        log=step.log,
        refused=step.refused,
        summary=lines,
    )


def state_of(given: dict[str, Any]) -> State:
    """The state a page sends; raises InvalidParameter for an invalid one."""
    found: State = _converted("state", given, State)
    return found


def event_of(given: dict[str, Any]) -> Event:
    """The event a page sends; raises InvalidParameter for an invalid one.

    A page never chooses where a picked file can be fetched: the server fills that in.
    """
    found: Event = _converted("event", given, Event)
    if isinstance(found, PickMedia):
        return PickMedia(found.name, tuple(map(_without_address, found.files)))
    return found


def _without_address(file: Media) -> Media:
    return msgspec.structs.replace(file, cdn_url="", encryption_metadata={})


def _converted(name: str, given: dict[str, Any], type_: Any) -> Any:
    # Its size is bounded by the request's body, and each part of it by the runtime.
    if source.too_deep(given):
        raise InvalidParameter(f"{name} is nested deeper than a phone's data can be.")
    with contextlib.suppress(OverflowError, RecursionError):
        try:
            return msgspec.convert(clean(given), type_)
        except msgspec.ValidationError as error:
            raise InvalidParameter(f"{name} is not one of this server's: {error}.") from None
    raise InvalidParameter(f"{name} is not one of this server's.")
