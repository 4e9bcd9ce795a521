"""A state on its way to the next: what handlers change, and the effects they ask for."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from waflows.runtime import choices, values
from waflows.runtime.budget import Budget
from waflows.runtime.flow import Flow
from waflows.runtime.scope import Scope
from waflows.runtime.state import (
    CallEndpoint,
    Effect,
    EndpointRequest,
    Phase,
    Ran,
    ScreenState,
    State,
)


class Refused(Exception):
    """The phone does not let this happen; the message says why.

    `keep` says that what the move changed before stays, such as the errors now shown.
    """

    def __init__(self, message: str, *, keep: bool = False) -> None:
        super().__init__(message)
        self.keep = keep


class Move:
    """One step being made. Handlers call its methods; `state` is what has come of it so far."""

    def __init__(self, flow: Flow, state: State, budget: Budget) -> None:
        self.flow = flow
        self.state = state
        self.budget = budget
        self._log_room = choices.LARGEST_RESPONSE
        self.effects: list[Effect] = []
        self.log: list[Ran] = []

    def change(self, **parts: Any) -> None:
        """Sets parts of the state."""
        self.state = replace(self.state, **parts)

    def change_page(self, **parts: Any) -> None:
        """Sets parts of the page that is shown."""
        pages = {**self.state.pages, self.state.screen: replace(self.state.page, **parts)}
        self.change(pages=pages)

    def scope(self) -> Scope:
        """What bindings mean on the screen shown, as the state is now."""
        return Scope(self.flow, self.state, budget=self.budget)

    def note(self, action: str, data: dict[str, Any] | None = None, detail: str = "") -> None:
        """Adds a line to the action log, without its data when that is too much to tell."""
        carried = data or {}
        weight = values.weight(carried, self._log_room)
        if weight > self._log_room:
            carried, detail = {}, f"{detail} (too much data to tell)".strip()
        else:
            self._log_room -= weight
        self.log.append(Ran(action, self.state.screen, carried, detail[: choices.LONGEST_MESSAGE]))

    def enter(self, screen: str, data: dict[str, Any]) -> None:
        """Shows a screen with new data: the one shown again, one further down, or a new one."""
        current = self.state.screen
        page = self.state.pages.get(screen, ScreenState())
        stack = self.state.stack
        if screen in _behind(self.flow, current, stack):
            stack = stack[: stack.index(screen) + 1]
        elif screen != current:
            stack = (*stack, screen)
        fresh = replace(page, data=data, edited=(), attempted=False)
        self.change(
            stack=stack, pages={**self.state.pages, screen: fresh}, phase=Phase.OPEN, request=None
        )

    def call(self, action: str, screen: str, data: dict[str, Any]) -> None:
        """Sends a request to the endpoint and waits for its answer."""
        request = EndpointRequest(
            self.flow.data_api_version, action, screen, data, self.state.flow_token
        )
        self.change(phase=Phase.WAITING, request=request)
        self.effects.append(CallEndpoint(request))


def _behind(flow: Flow, current: str, stack: tuple[str, ...]) -> tuple[str, ...]:
    """The screens of the stack a move counts as a step back to."""
    if not flow.declared:
        return stack
    return tuple(each for each in stack if current in flow.routes.get(each, ()))
