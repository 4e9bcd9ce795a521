"""The kinds of inputs there are, and their values as plain data. `Scope` resolves the rest."""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.runtime.events import Media
from waflows.runtime.flow import Component

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


def is_empty(found: Any) -> bool:
    """Whether an input's value counts as not filled in."""
    if isinstance(found, dict):
        return not any(found.values())
    return not (found.strip() if isinstance(found, str) else found)


def chosen(component: Component, given: Any, options: tuple[Option, ...]) -> Any:
    """What is selected of the options: a list of ids for a group or chips, else one id or ""."""
    known = {option.id for option in options}
    listed = given if isinstance(given, list) else [given]
    found = [each for each in listed if isinstance(each, str) and each in known]
    if component.type in MULTIPLE:
        return list(dict.fromkeys(found))
    return found[0] if found else ""


def files(found: Any) -> tuple[Media, ...]:
    """The value of a PhotoPicker or DocumentPicker as files."""
    try:
        return tuple(msgspec.convert(found, list[Media]))
    except msgspec.ValidationError:
        return ()
