"""Inputs: which kinds there are, what value each has, and the items to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from waflows.runtime import dates, evaluation
from waflows.runtime.events import Media
from waflows.runtime.flow import Component

if TYPE_CHECKING:
    from waflows.runtime.scope import Scope

TEXTS = {"TextInput", "TextArea"}
MULTIPLE = {"CheckboxGroup", "ChipsSelector"}
SINGLE = {"RadioButtonsGroup", "Dropdown"}
CHOICES = MULTIPLE | SINGLE
DATES = {"DatePicker", "CalendarPicker"}
MEDIA = {"PhotoPicker": "photos", "DocumentPicker": "documents"}
INPUTS = TEXTS | CHOICES | DATES | set(MEDIA) | {"OptIn"}
START, END = "start-date", "end-date"


class Option(msgspec.Struct, frozen=True):
    """An item to choose; `value` is the item as the document or the data has it."""

    id: str
    value: dict[str, Any]

    @property
    def enabled(self) -> bool:
        """Whether it can be chosen."""
        return self.value.get("enabled") is not False


def empty(component: Component) -> Any:
    """The value of an input nobody has touched."""
    if component.type in MULTIPLE or component.type in MEDIA:
        return []
    return False if component.type == "OptIn" else ""


def options(scope: Scope, component: Component) -> tuple[Option, ...]:
    """The usable items of `data-source`, each id once."""
    source = component.value.get("data-source")
    items = scope.resolve(source) if isinstance(source, str) else source
    found: dict[str, Option] = {}
    listed = items if isinstance(items, list) else []
    scope.budget.spend(len(listed))
    for item in listed:
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            found.setdefault(item["id"], Option(item["id"], item))
    return tuple(found.values())


def list_items(scope: Scope, component: Component) -> list[dict[str, Any]]:
    """The entries of a NavigationList; texts of a static one resolved, actions as they stand."""
    source = component.value.get("list-items")
    static = isinstance(source, list)
    items = source if static else scope.resolve(source)
    if not isinstance(items, list):
        return []
    scope.budget.spend(len(items))
    return [
        {
            key: scope.resolve(value) if static and key != "on-click-action" else value
            for key, value in item.items()
        }
        for item in items
        if isinstance(item, dict)
    ]


def value(scope: Scope, component: Component) -> Any:
    """What the user entered, else the initial value, in the form the component's values have."""
    entered = scope.page.form.get(component.name)
    given = _initial(scope, component) if entered is None else entered
    if component.type in CHOICES:
        return _chosen(scope, component, given)
    if component.type == "OptIn":
        return given is True
    if component.type in MEDIA:
        return msgspec.to_builtins(list(files(entered)))
    if component.type in DATES:
        return _dates(scope, component, given)
    return evaluation.text(given)


def files(found: Any) -> tuple[Media, ...]:
    """The value of a PhotoPicker or DocumentPicker as files."""
    try:
        return tuple(msgspec.convert(found, list[Media]))
    except msgspec.ValidationError:
        return ()


def is_empty(found: Any) -> bool:
    """Whether an input's value counts as not filled in."""
    if isinstance(found, dict):
        return not any(found.values())
    return not (found.strip() if isinstance(found, str) else found)


def is_range(scope: Scope, component: Component) -> bool:
    """Whether a component picks a start and an end."""
    return component.type == "CalendarPicker" and scope.get(component, "mode") == "range"


def of_form(scope: Scope, component: Component, form_property: str, own: str) -> Any:
    """A property an input has of its own or, inside a Form, under its name in the Form's."""
    if component.form is not None:
        named = component.form.value.get(form_property)
        found = named.get(component.name) if isinstance(named, dict) else None
        if isinstance(named, str):
            whole = scope.resolve(named)
            found = whole.get(component.name) if isinstance(whole, dict) else None
            if found is not None:
                return found
        elif found is not None:
            return scope.resolve(found)
    return scope.get(component, own)


def _initial(scope: Scope, component: Component) -> Any:
    return of_form(scope, component, "init-values", "init-value")


def _chosen(scope: Scope, component: Component, given: Any) -> Any:
    known = {option.id for option in scope.options(component)}
    listed = given if isinstance(given, list) else [given]
    chosen = [each for each in listed if isinstance(each, str) and each in known]
    if component.type in MULTIPLE:
        return list(dict.fromkeys(chosen))
    return chosen[0] if chosen else ""


def _dates(scope: Scope, component: Component, given: Any) -> Any:
    if is_range(scope, component):
        ends = given if isinstance(given, dict) else {}
        found = {end: evaluation.text(ends.get(end)) for end in (START, END)}
        return found if any(found.values()) else ""
    if isinstance(given, dict | list):
        return ""
    return dates.written(dates.iso(evaluation.text(given)), scope.flow.version)
