"""The machine: `step(flow, state, event)` gives the next state, the screen, and effects.

Pure and total: nothing is read or written, no event raises, and the same arguments always give
the same, but where a budget of time runs out (see `budget`). The host carries out the effects and
comes back with events. What a phone would not let a person do changes nothing and is explained in
`refused`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from waflows.runtime import actions, answers, choices, inputs, render, submission
from waflows.runtime.budget import Budget, OverBudget
from waflows.runtime.events import (
    Answered,
    Back,
    Close,
    Event,
    Failed,
    Open,
    PickDate,
    PickDates,
    PickMedia,
    Select,
    Tap,
    Type,
    Unselect,
)
from waflows.runtime.flow import Component, Flow
from waflows.runtime.moves import Move, Refused
from waflows.runtime.remarks import remarks
from waflows.runtime.scope import Scope
from waflows.runtime.state import Effect, Phase, Ran, State
from waflows.runtime.values import clean, is_too_large_a_state, too_large
from waflows.runtime.widgets import View


class Step(msgspec.Struct, frozen=True):
    """The result of an event. `log` lists the actions that ran; `refused` says why none did."""

    state: State
    screen: View
    effects: tuple[Effect, ...] = ()
    log: tuple[Ran, ...] = ()
    refused: str = ""


def step(flow: Flow, state: State, event: Event, budget: Budget | None = None) -> Step:
    """Lets an event happen. The state before the first event is `State()`."""
    known = _fitting(flow, state)
    budget = budget or Budget()
    move = Move(flow, known, budget)
    try:
        _check_phase(known, event)
        if not isinstance(event, Open | Close):
            move.change(snackbar="", detail="")
        _HANDLERS[type(event)](move, event)
        if isinstance(event, _GROWING) and is_too_large_a_state(move.state):
            raise Refused("The flow's data is larger than a phone keeps.")
    except Refused as refusal:
        kept = move.state if refusal.keep else known
        refused = str(refusal)[: choices.LONGEST_MESSAGE]
        shown, lines = render.render_with_log(flow, kept, budget)
        return Step(kept, shown, log=lines, refused=refused)
    except OverBudget:
        shown, lines = render.render_with_log(flow, known, budget)
        return Step(known, shown, log=lines, refused=_TOO_MUCH_WORK)
    shown, lines = render.render_with_log(flow, move.state, budget)
    log = (*move.log, *_remarks(move, known), *lines)
    return Step(move.state, shown, tuple(move.effects), log)


def _remarks(move: Move, before: State) -> list[Ran]:
    """What a phone does not show as meant, said once for the data a screen is shown with."""
    state = move.state
    is_same = state.screen == before.screen and state.page.data is before.page.data
    if is_same or not state.stack or state.phase is not Phase.OPEN:
        return []
    move.budget.start()
    try:
        return remarks(move.scope())
    except OverBudget:
        return []


def look(flow: Flow, state: State) -> Step:
    """The screen as it is, as a step by which nothing happened."""
    shown, lines = render.render_with_log(flow, state, Budget())
    return Step(state, shown, log=lines)


_LONGEST_PART = 200
_TOO_MUCH_WORK = "This takes more work than a phone could do at once."
# What a person only leaves with makes nothing larger; it must stay possible in any state.
_GROWING = (Open, Type, Select, Unselect, PickDate, PickDates, PickMedia, Tap, Back)


def _fitting(flow: Flow, state: State) -> State:
    """The state without screens the document does not have: it may have been edited meanwhile."""
    if all(name in flow.screens for name in state.stack):
        return state
    stack = tuple(name for name in state.stack if name in flow.screens)
    phase = state.phase if stack else Phase.NEW
    return replace(state, stack=stack, phase=phase)


def _check_phase(state: State, event: Event) -> None:
    if isinstance(event, Open):
        return
    answer = isinstance(event, Answered | Failed)
    if state.phase is Phase.WAITING and state.request is not None:
        if not answer and not isinstance(event, Close):
            raise Refused("The endpoint has not answered yet.")
    elif answer:
        raise Refused("No answer is waited for.")
    elif state.phase is not Phase.OPEN:
        raise Refused(f"The flow is {state.phase}.")
    elif not state.stack and not isinstance(event, Back | Close):
        raise Refused("No screen is shown.")


# --- opening and leaving


def _open(move: Move, event: Open) -> None:
    move.state = State(phase=Phase.OPEN, flow_token=event.flow_token, today=event.today)
    if event.action == "data_exchange":
        move.note("init")
        move.call("INIT", "", {})
        return
    screen = event.screen or move.flow.entries[0]
    if screen not in move.flow.screens:
        move.change(phase=Phase.CLOSED)
        raise Refused(f"The flow has no screen {screen[:100]!r}.")
    data = move.flow.screens[screen].examples if event.data is None else event.data
    if too_large(data):
        raise Refused("The message's data is larger than a phone takes.")
    data = clean(data)
    move.note("open", data, screen)
    move.enter(screen, data)
    actions.shown(move)


def _back(move: Move, _: Back) -> None:
    leaving = move.flow.screens.get(move.state.screen)
    if leaving is not None and leaving.refresh_on_back and move.flow.endpoint:
        move.note("back")
        move.call("BACK", leaving.id, {})
        return
    move.note("back")
    if len(move.state.stack) < 2:
        move.change(phase=Phase.CLOSED)
        return
    move.change(stack=move.state.stack[:-1])
    actions.shown(move)


def _close(move: Move, _: Close) -> None:
    move.change(phase=Phase.CLOSED, request=None)


# --- taps


def _tap(move: Move, event: Tap) -> None:
    scope = move.scope()
    shown = list(scope.shown())
    component = next((each for each in shown if each.key == event.key), None)
    handler = _TAPS.get(component.type) if component is not None else None
    if component is None or handler is None:
        raise Refused("Nothing can be tapped there.")
    handler(move, scope, component, shown, event.item)


def _tap_footer(
    move: Move, scope: Scope, footer: Component, shown: list[Component], _: str
) -> None:
    wrong = submission.problems(scope, shown)
    waits = submission.waits_for(scope, footer, wrong, shown)
    if waits:
        raise Refused(f"The button is disabled. {waits}")
    if wrong:
        move.change_page(attempted=True)
        errors = "; ".join(
            f"{component.name}: {wrong[component.key].message[:_LONGEST_PART]}"
            for component in shown
            if component.key in wrong
        )
        raise Refused(f"The screen has errors. {errors}", keep=True)
    actions.run(move, footer.value.get("on-click-action"))


def _tap_link(
    move: Move, _scope: Scope, component: Component, _shown: list[Component], _item: str
) -> None:
    action = component.value.get("on-click-action")
    if action is None:
        raise Refused("Nothing can be tapped there.")
    actions.run(move, action)


def _tap_list(
    move: Move, scope: Scope, component: Component, _shown: list[Component], item: str
) -> None:
    for each in scope.list_items(component):
        if each.get("id") == item:
            holder = each if isinstance(each.get("on-click-action"), dict) else component.value
            actions.run(move, holder.get("on-click-action"))
            return
    raise Refused(f"The list has no item {item[:100]!r}.")


def _tap_carousel(
    move: Move, scope: Scope, component: Component, _shown: list[Component], item: str
) -> None:
    pictures = scope.get(component, "images")
    count = len(pictures) if isinstance(pictures, list) else 0
    if not (item.isascii() and item.isdigit() and len(item) < 10 and int(item) < count):
        raise Refused(f"The carousel has no image {item[:100]!r}.")
    move.change_page(shown={**move.state.page.shown, component.key: int(item)})


_TAPS: dict[str, Callable[[Move, Scope, Component, list[Component], str], None]] = {
    "Footer": _tap_footer,
    "EmbeddedLink": _tap_link,
    "OptIn": _tap_link,
    "NavigationList": _tap_list,
    "ImageCarousel": _tap_carousel,
}


# --- answers


def _answered(move: Move, event: Answered) -> None:
    answers.use(move, event.body)


def _failed(move: Move, event: Failed) -> None:
    answers.failed(move, event)


_HANDLERS: dict[type, Callable[[Move, Any], None]] = {
    Open: _open,
    Type: inputs.type_text,
    Select: inputs.select,
    Unselect: inputs.unselect,
    PickDate: inputs.pick_date,
    PickDates: inputs.pick_dates,
    PickMedia: inputs.pick_media,
    Tap: _tap,
    Back: _back,
    Close: _close,
    Answered: _answered,
    Failed: _failed,
}
