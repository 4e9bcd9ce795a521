"""The automatic player: tries every way through a flow, within bounds, and says what it found.

On each screen it fills in what can be filled, tries every option and every value that a condition
compares with, and taps whatever can be tapped. Unlike a person, it knows the document.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from waflows import runtime
from waflows.runtime import Event, Failed, Flow, Phase, State, Step, View, widgets
from waflows.runtime.flow import SUCCESS
from waflows.testing import samples
from waflows.testing.clues import Clues
from waflows.testing.filling import At, Fillings

_MOST_ARRIVALS = 40

Endpoint = Callable[[dict[str, Any]], "dict[str, Any] | Failed"]


class Ending(msgspec.Struct, frozen=True):
    """A completion: where, with what response, and the events that lead to it from the start.

    `names` are the keys the `complete` action's payload names; empty when the endpoint ended it.
    """

    screen: str
    response: dict[str, Any]
    names: tuple[str, ...]
    events: tuple[Event, ...]


class DeadEnd(msgspec.Struct, frozen=True):
    """A screen with a footer the player could not get past, and what the footer waits for."""

    screen: str
    why: str
    events: tuple[Event, ...]


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `hidden` are components never shown, as `SCREEN/key`.

    `cut_short` says that the bound on steps was reached before everything had been tried.
    """

    endings: tuple[Ending, ...]
    dead_ends: tuple[DeadEnd, ...]
    reached: tuple[str, ...]
    unreached: tuple[str, ...]
    hidden: tuple[str, ...]
    steps: int
    cut_short: bool

    def report(self) -> str:
        """A few lines for people."""
        total = len(self.reached) + len(self.unreached)
        lines = [
            f"screens reached: {len(self.reached)} of {total}",
            f"ways to the end: {len(self.endings)}",
        ]
        if self.unreached:
            lines.append(f"never reached: {', '.join(self.unreached)}")
        if self.hidden:
            lines.append(f"never shown: {', '.join(self.hidden)}")
        lines += [f"stuck on {each.screen}: {each.why}" for each in self.dead_ends]
        if self.cut_short:
            lines.append(f"stopped after {self.steps} steps")
        return "\n".join(lines)


def explore(
    flow: Flow,
    *,
    endpoint: Endpoint | None = None,
    screen: str = "",
    data: dict[str, Any] | None = None,
    flow_token: str = "unused",  # noqa: S107  the documented default, no secret
    today: str = "",
    most_steps: int = 50_000,
) -> Exploration:
    """Plays a flow along every path the player can think of, at most `most_steps` events.

    It is opened on `screen`, by default on each entry screen, with `data`, by default with the
    examples the screen declares and made-up values for what has none. Without an `endpoint`,
    answers are made up too: every screen the routing model leads to, with each boolean true and
    false, and SUCCESS from a terminal screen. `flow_token` and `today` are those of the message.
    """
    opening = runtime.Open(
        screen=screen, data=data, flow_token=flow_token, today=today or samples.SOME_DAY
    )
    player = _Player(flow, endpoint, most_steps)
    try:
        player.play(opening)
    except _EnoughError:
        player.cut_short = True
    return player.result()


class _EnoughError(Exception):
    """The bound on steps is reached."""


class _Player:
    def __init__(self, flow: Flow, endpoint: Endpoint | None, most_steps: int) -> None:
        self.flow = flow
        self.endpoint = endpoint
        self.left = self.most_steps = most_steps
        self.cut_short = False
        self.refused = ""
        self.clues = Clues(flow)
        self.fillings = Fillings(flow, self.clues, self._do)
        self.queue: deque[At] = deque()
        self.later: deque[Iterator[At]] = deque()
        self.seen: set[Any] = set()
        self.arrivals: dict[str, int] = {}
        self.shown: dict[str, set[str]] = {}
        self.endings: dict[Any, Ending] = {}
        self.stuck: dict[str, DeadEnd] = {}
        self.passed: set[str] = set()

    def play(self, opening: runtime.Open) -> None:
        for entry in [opening.screen] if opening.screen else self.flow.entries:
            for given in [opening.data] if opening.data is not None else self._openings(entry):
                self._arrive(None, replace(opening, screen=entry, data=given))
        if self.endpoint is not None and self.flow.endpoint and not opening.screen:
            self._arrive(None, replace(opening, action="data_exchange", data=None))
        while self.queue or self.later:
            self._play_on()

    def result(self) -> Exploration:
        hidden = tuple(
            f"{screen.id}/{component.key}"
            for screen in self.flow.screens.values()
            for component in screen.every()
            if not component.branches and component.key not in self.shown.get(screen.id, ())
        )
        return Exploration(
            endings=tuple(self.endings.values()),
            dead_ends=tuple(each for name, each in self.stuck.items() if name not in self.passed),
            reached=tuple(name for name in self.flow.screens if name in self.shown),
            unreached=tuple(name for name in self.flow.screens if name not in self.shown),
            hidden=hidden,
            steps=self.most_steps - self.left,
            cut_short=self.cut_short,
        )

    def _openings(self, entry: str) -> Iterator[dict[str, Any]]:
        """Data to open a screen with: the examples, then one field changed at a time."""
        model = self.flow.screens[entry].model
        usual = self._made_up(entry)
        yield usual
        for name in model:
            tried = self.clues.of(entry, "data", name)
            if isinstance(usual[name], bool):
                tried = [not usual[name]]
            for value in tried:
                if type(value) is type(usual[name]) and value != usual[name]:
                    yield {**usual, name: value}

    # --- one step

    def _step(self, state: State, event: Event) -> Step:
        if not self.left:
            raise _EnoughError
        self.left -= 1
        return runtime.step(self.flow, state, event)

    def _do(self, at: At, event: Event) -> At | None:
        """Where an event leads that stays on the screen; None when it is refused or leaves it."""
        step = self._step(at.state, event)
        events = (*at.events, event)
        if step.state.phase is Phase.WAITING:
            answer = self._answers(At(step.state, step.screen, events), staying=True)[0]
            step = self._step(step.state, answer)
            events = (*events, answer)
        if (
            step.refused
            or step.state.phase is not Phase.OPEN
            or step.screen.screen != at.screen.screen
        ):
            return None
        return self._look(At(step.state, step.screen, events))

    def _look(self, at: At) -> At:
        if at.screen.screen:
            keys = {widget.key for widget in at.screen.widgets}
            self.shown.setdefault(at.screen.screen, set()).update(keys)
        return at

    def _arrive(self, at: At | None, event: Event) -> bool:
        """Follows an event to wherever it leads, and keeps new places; whether it did anything."""
        step = self._step(at.state if at is not None else State(), event)
        if step.refused:
            self.refused = step.refused
            return False
        events = (*(at.events if at is not None else ()), event)
        self._follow(at, At(step.state, step.screen, events), step)
        return True

    def _follow(self, before: At | None, at: At, step: Step) -> None:
        self._look(at)
        if at.state.phase is Phase.COMPLETED:
            self._end(before, at)
        elif at.state.phase is Phase.WAITING and at.state.request is not None:
            for answer in self._answers(at):
                answered = self._step(at.state, answer)
                following = At(answered.state, answered.screen, (*at.events, answer))
                self._follow(at, following, answered)
        elif at.state.phase is Phase.OPEN and at.screen.screen:
            self._keep(at)

    def _keep(self, at: At) -> None:
        screen = at.screen.screen
        place = self._signature(at)
        if place not in self.seen and self.arrivals.get(screen, 0) < _MOST_ARRIVALS:
            self.seen.add(place)
            self.arrivals[screen] = self.arrivals.get(screen, 0) + 1
            self.queue.append(at)

    def _signature(self, at: At) -> Any:
        """What makes a place another one: what is on it, and every value something depends on."""
        deciding = tuple(
            (name, field, repr(value))
            for name, page in at.state.pages.items()
            for field, value in page.form.items()
            if self.clues.decides(name, field)
        )
        carried = tuple(
            (field, repr(value))
            for field, value in at.state.page.data.items()
            if (at.screen.screen, "data", field) in self.clues.values
        )
        return (at.state.stack, tuple(w.key for w in at.screen.widgets), deciding, carried)

    def _end(self, before: At | None, at: At) -> None:
        response = at.state.response or {}
        screen = at.state.screen
        names = _completed_names(self.flow, before, at)
        key = (screen, names, tuple(sorted(response)), self._signature(at))
        self.endings.setdefault(key, Ending(screen, response, names, at.events))

    def _answers(self, at: At, *, staying: bool = False) -> list[Event]:
        """What the endpoint answers; with `staying` what may keep the user on the screen."""
        request = at.state.request
        assert request is not None, "only called while waiting"
        if self.endpoint is not None:
            answer = self.endpoint(msgspec.to_builtins(request))
            return [answer if isinstance(answer, Failed) else runtime.Answered(answer)]
        if staying:
            data = {**self._made_up(request.screen), **at.state.page.data}
            return [runtime.Answered({"screen": request.screen, "data": data})]
        if request.action == "INIT":
            targets: tuple[str, ...] = self.flow.entries
        elif request.action == "BACK":
            targets = at.state.stack[-2:-1] or at.state.stack[-1:]
        else:
            targets = self.flow.routes.get(request.screen, ())
        bodies: list[dict[str, Any]] = [
            {"screen": name, "data": data} for name in targets for data in self._openings(name)
        ]
        current = self.flow.screens.get(request.screen)
        if current is not None and current.terminal and request.action == "data_exchange":
            params = {"flow_token": request.flow_token}
            bodies.append(
                {"screen": SUCCESS, "data": {"extension_message_response": {"params": params}}}
            )
        return [runtime.Answered(body) for body in bodies]

    def _made_up(self, screen: str) -> dict[str, Any]:
        model = self.flow.screens[screen].model
        return {name: samples.data_for(declaration) for name, declaration in model.items()}

    # --- one screen

    def _play_on(self) -> None:
        """Plays a place all filled in; where none is left, one known place filled in otherwise.

        So the ends are found first, and the bound on steps cuts only what is tried besides.
        """
        ways = self.fillings.all(self.queue.popleft()) if self.queue else self.later.popleft()
        filled = next(ways, None)
        if filled is not None:
            self._tap_all(filled)
            self.later.append(ways)

    def _tap_all(self, at: At) -> None:
        for widget in at.screen.widgets:
            if isinstance(widget, widgets.Footer):
                if self._arrive(at, runtime.Tap(widget.key)):
                    self.passed.add(at.screen.screen)
                else:
                    why = _why(widget, at.screen) or self.refused
                    dead = DeadEnd(at.screen.screen, why, at.events)
                    self.stuck.setdefault(at.screen.screen, dead)
            elif isinstance(widget, widgets.Link) or (
                isinstance(widget, widgets.OptIn) and widget.link
            ):
                self._arrive(at, runtime.Tap(widget.key))
            elif isinstance(widget, widgets.NavigationList):
                for item in widget.items:
                    self._arrive(at, runtime.Tap(widget.key, item.id))
        if at.screen.can_go_back and self._back_matters(at.screen.screen):
            self._arrive(at, runtime.Back())

    def _back_matters(self, screen: str) -> bool:
        """Whether going back can show something new: by the endpoint, or by what was entered."""
        found = self.flow.screens[screen]
        return found.refresh_on_back or any(
            self.clues.decides(screen, name) for name in found.inputs
        )


def _why(footer: widgets.Footer, view: View) -> str:
    if footer.why:
        return footer.why
    wrong = [
        f"{widget.label}: {widget.problem.message}"
        for widget in view.widgets
        if isinstance(widget, widgets.Input) and widget.problem is not None
    ]
    return "; ".join(wrong)


def _completed_names(flow: Flow, before: At | None, at: At) -> tuple[str, ...]:
    """The keys the payload of the footer names that was tapped; none when an answer ended it."""
    tapped = at.events[-1]
    if not isinstance(tapped, runtime.Tap) or before is None:
        return ()
    for component in flow.screens[before.screen.screen].every():
        action = component.value.get("on-click-action")
        if component.key == tapped.key and isinstance(action, dict):
            payload = action.get("payload")
            return tuple(payload) if isinstance(payload, dict) else ()
    return ()
