"""What a person does to an input: type, select, pick. Refused is what a phone would not allow."""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.runtime import actions, choices, dates, fields, validation
from waflows.runtime.events import PickDate, PickDates, PickMedia, Select, Type, Unselect
from waflows.runtime.fields import Option
from waflows.runtime.flow import Component
from waflows.runtime.moves import Move, Refused
from waflows.runtime.scope import Scope
from waflows.runtime.values import clean, too_large


def type_text(move: Move, event: Type) -> None:
    """Sets the text of a TextInput or TextArea."""
    _find(move, event.name, fields.TEXTS)
    if len(event.text) > choices.LONGEST_TEXT:
        raise Refused(f"A text has at most {choices.LONGEST_TEXT} characters.")
    _enter(move, event.name, clean(event.text))


def select(move: Move, event: Select) -> None:
    """Selects an item, or ticks an OptIn, and runs what is bound to that."""
    scope, component = _find(move, event.name, fields.CHOICES | {"OptIn"})
    value = scope.value(component)
    if component.type == "OptIn":
        _tick(move, component, value, True)
        return
    option = _option(scope, component, event.item)
    if not option.enabled:
        raise Refused(f"{event.item!r} is disabled.")
    if component.type in fields.SINGLE:
        _replace(move, scope, component, value, option)
        return
    most = validation.selection_bounds(scope, component)[1]
    if event.item in value:
        raise Refused(f"{event.item!r} is selected already.")
    if most is not None and len(value) >= most:
        raise Refused(f"At most {most} can be selected.")
    _enter(move, component.name, [*value, event.item])
    actions.selected(move, component, option.value, unselecting=False)


def unselect(move: Move, event: Unselect) -> None:
    """Clears an item, or unticks an OptIn, and runs what is bound to that."""
    scope, component = _find(move, event.name, fields.CHOICES | {"OptIn"})
    value = scope.value(component)
    if component.type == "OptIn":
        _tick(move, component, value, False)
        return
    multiple = component.type in fields.MULTIPLE
    if event.item not in (value if multiple else [value]) or not event.item:
        raise Refused(f"{event.item!r} is not selected.")
    option = _option(scope, component, event.item)
    left: Any = [each for each in value if each != event.item] if multiple else ""
    _enter(move, component.name, left)
    actions.selected(move, component, option.value, unselecting=True)


def pick_date(move: Move, event: PickDate) -> None:
    """Sets the date of a DatePicker or of a CalendarPicker for single dates."""
    scope, component = _find(move, event.name, fields.DATES)
    if scope.is_range(component):
        raise Refused(f"{event.name!r} takes a start and an end.")
    _check_days(scope, component, event.date)
    _enter(move, event.name, dates.written(event.date, move.flow.version))
    actions.run_if_there(move, component.value, "on-select-action")


def pick_dates(move: Move, event: PickDates) -> None:
    """Sets the range of a CalendarPicker."""
    scope, component = _find(move, event.name, fields.DATES)
    if not scope.is_range(component):
        raise Refused(f"{event.name!r} takes one date.")
    _check_days(scope, component, event.start, event.end)
    picked = {fields.START: event.start, fields.END: event.end}
    wrong = validation.problem(scope, component, picked)
    if wrong is not None and wrong.code == "range":
        raise Refused(wrong.message)
    _enter(move, event.name, picked if event.start or event.end else "")
    actions.run_if_there(move, component.value, "on-select-action")


def pick_media(move: Move, event: PickMedia) -> None:
    """Sets the files of a PhotoPicker or DocumentPicker."""
    scope, component = _find(move, event.name, set(fields.MEDIA))
    files = [msgspec.to_builtins(file) for file in event.files]
    wrong = validation.problem(scope, component, files)
    if wrong is not None and wrong.code in {"too-many", "file-size", "file-type"}:
        raise Refused(wrong.message)
    if too_large(files):
        raise Refused("What is known of these files is too large.")
    _enter(move, event.name, clean(files))


def _find(move: Move, name: str, kinds: set[str]) -> tuple[Scope, Component]:
    """The input of this name that is on the screen and can be used."""
    scope = move.scope()
    component = next(
        (each for each in scope.shown() if each.name == name and each.type in fields.INPUTS), None
    )
    if component is None:
        raise Refused(f"The screen has no input {name[:100]!r}.")
    if component.type not in kinds:
        raise Refused(f"{name!r} is a {component.type}.")
    if not scope.flag(component, "enabled", default=True):
        raise Refused(f"{name!r} is disabled.")
    return scope, component


def _option(scope: Scope, component: Component, item: str) -> Option:
    found = next((each for each in scope.options(component) if each.id == item), None)
    if found is None:
        raise Refused(f"{component.name!r} has no item {item[:100]!r}.")
    return found


def _enter(move: Move, name: str, value: Any) -> None:
    page = move.state.page
    edited = page.edited if name in page.edited else (*page.edited, name)
    move.change_page(form={**page.form, name: value}, edited=edited)


def _tick(move: Move, component: Component, value: bool, wanted: bool) -> None:
    if value is wanted:
        raise Refused(f"{component.name!r} is {'' if value else 'not '}ticked already.")
    _enter(move, component.name, wanted)
    actions.selected(move, component, {}, unselecting=not wanted)


def _replace(move: Move, scope: Scope, component: Component, value: str, option: Option) -> None:
    """Selects the one item of a group; the one that was selected is cleared first."""
    if value == option.id:
        raise Refused(f"{value!r} is selected already.")
    before = next((each for each in scope.options(component) if each.id == value), None)
    _enter(move, component.name, option.id)
    if before is not None:
        actions.deselected_item(move, before.value)
    actions.selected(move, component, option.value, unselecting=False)


def _check_days(scope: Scope, component: Component, *days: str) -> None:
    offered = validation.calendar(scope, component)
    for day in filter(None, days):
        if not offered.offers(day):
            raise Refused(f"{day[:100]!r} cannot be picked.")
