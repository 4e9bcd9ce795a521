"""Filling in one screen: every input from its type, then with one thing changed at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from waflows import runtime
from waflows.runtime import Event, Flow, State, View, widgets
from waflows.testing import samples
from waflows.testing.clues import Clues

_MOST_VARIANTS = 80
_ROUNDS_OF_FILLING = 12


class At(msgspec.Struct, frozen=True):
    """A place in a flow, and the events that lead to it from the start."""

    state: State
    screen: View
    events: tuple[Event, ...]


class Fillings:
    """The ways to fill in a screen.

    `do` lets an event happen and gives the place it leads to on the same screen, None when it is
    refused or leads elsewhere.
    """

    def __init__(self, flow: Flow, clues: Clues, do: Callable[[At, Event], At | None]) -> None:
        self.flow = flow
        self.clues = clues
        self.do = do

    def all(self, at: At) -> Iterator[At]:
        """The screen all filled in, as it came, and filled in with one thing changed at a time.

        What shows something new is changed further.
        """
        everything = self._fill(at)
        pending, seen = deque([everything]), {self._form(everything)}
        yield everything
        if self._form(at) not in seen:
            seen.add(self._form(at))
            yield at
        looks = {_look_of(everything)}
        for _ in range(_MOST_VARIANTS):
            if not pending:
                return
            base = pending.popleft()
            for variant in self._variants(base):
                filled = self._fill(variant)
                if self._form(filled) in seen or len(seen) > _MOST_VARIANTS:
                    continue
                seen.add(self._form(filled))
                yield filled
                if _look_of(filled) not in looks:
                    looks.add(_look_of(filled))
                    pending.append(filled)

    def _form(self, at: At) -> str:
        return repr(at.state.page.form)

    def _fill(self, at: At) -> At:
        """Fills in every empty input, also those that appear meanwhile."""
        for _ in range(_ROUNDS_OF_FILLING):
            before = at
            for widget in at.screen.widgets:
                if isinstance(widget, widgets.Input) and widget.enabled and _unfilled(widget):
                    at = self._fill_one(at, widget.key)
            if at is before:
                break
        return at

    def _fill_one(self, at: At, key: str) -> At:
        """The first of an input's samples that the phone accepts."""
        widget = _widget(at.screen, key)
        if widget is None or not _unfilled(widget):
            return at
        for events in self._samples(at, widget):
            tried: At | None = at
            for event in events:
                tried = self.do(tried, event) if tried is not None else None
            if tried is None:
                continue
            now = _widget(tried.screen, key)
            if now is None or now.problem is None:
                return tried
        return at

    def _samples(self, at: At, widget: Any) -> Iterator[list[Event]]:
        name = widget.name
        if isinstance(widget, widgets.TextField):
            for text in samples.texts(widget, self._pattern(at, widget)):
                yield [runtime.Type(name, text)]
        elif isinstance(widget, widgets.Choice):
            yield from _selections(widget)
        elif isinstance(widget, widgets.OptIn):
            yield [runtime.Select(name)]
        elif isinstance(widget, widgets.Upload):
            yield [runtime.PickMedia(name, samples.files(widget))]
        elif len(widget.parts) == 1:
            for day in samples.days(widget):
                yield [runtime.PickDate(name, day)]
        else:
            for start, end in samples.ranges(widget):
                yield [runtime.PickDates(name, start, end)]

    def _pattern(self, at: At, widget: widgets.TextField) -> str:
        component = self.flow.screens[at.screen.screen].inputs.get(widget.name)
        pattern = component.value.get("pattern") if component is not None else None
        return pattern if isinstance(pattern, str) else ""

    def _variants(self, at: At) -> Iterator[At]:
        """The screen with one input changed."""
        for widget in at.screen.widgets:
            if not isinstance(widget, widgets.Input) or not widget.enabled:
                continue
            for event in self._changes(at, widget):
                changed = self.do(at, event)
                if changed is not None:
                    yield changed

    def _changes(self, at: At, widget: Any) -> Iterator[Event]:
        if isinstance(widget, widgets.Choice):
            for option in widget.options:
                if option.selected:
                    yield runtime.Unselect(widget.name, option.id)
                else:
                    yield runtime.Select(widget.name, option.id)
        elif isinstance(widget, widgets.OptIn):
            change = runtime.Unselect if widget.value else runtime.Select
            yield change(widget.name)
        elif isinstance(widget, widgets.TextField):
            for value in self.clues.of(at.screen.screen, "form", widget.name):
                if not isinstance(value, bool):
                    yield runtime.Type(widget.name, str(value))


def _selections(widget: widgets.Choice) -> Iterator[list[Event]]:
    """One item, then as many as are asked for."""
    ids = [option.id for option in widget.options if option.enabled and not option.selected]
    for count in range(1, (len(ids) if widget.multiple else min(len(ids), 1)) + 1):
        yield [runtime.Select(widget.name, each) for each in ids[:count]]


def _unfilled(widget: Any) -> bool:
    if widget.problem is not None:
        return True
    if isinstance(widget, widgets.Choice):
        return not any(option.selected for option in widget.options)
    if isinstance(widget, widgets.Dates):
        return not all(part.value for part in widget.parts)
    return not (widget.files if isinstance(widget, widgets.Upload) else widget.value)


def _widget(view: View, key: str) -> Any:
    return next((widget for widget in view.widgets if widget.key == key), None)


def _look_of(at: At) -> Any:
    return tuple(
        (widget.key, tuple(option.id for option in widget.options))
        if isinstance(widget, widgets.Choice)
        else (widget.key, ())
        for widget in at.screen.widgets
    )
