"""Numbers below, above and the wrong way round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import PICKERS, Component
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnComponent, OnValue
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place

_PHOTO = '{ "type": "PhotoPicker", "name": "photo", "label": "Photo", "max-uploaded-photos": N }'
_GROUP = """{
  "type": "CheckboxGroup", "name": "days", "label": "Days",
  "min-selected-items": MIN, "max-selected-items": MAX,
  "data-source": [{ "id": "mon", "title": "Monday" }, { "id": "tue", "title": "Tuesday" }]
}"""

LOW = Rule(
    id="min-value",
    code="MINIMUM_VALUE_REQUIRED",
    title="Numbers are not below their range",
    message="The minimum value allowed for property '{propertyName}' is {limit}.",
    why="The client takes only numbers in the documented range.",
    help="Write at least {limit}.",
    failing=fails(
        page(_PHOTO.replace("N", "«0»")),
        "The minimum value allowed for property 'max-uploaded-photos' is 1.",
        "screens[0].layout.children[0].max-uploaded-photos",
    ),
    passing=passes(page(_PHOTO.replace("N", "1"))),
)
HIGH = Rule(
    id="max-value",
    code="MAXIMUM_VALUE_REQUIRED",
    title="Numbers are not above their range",
    message="The maximum value allowed for property '{propertyName}' is {limit}.",
    why="The client takes only numbers in the documented range.",
    help="Write at most {limit}.",
    failing=fails(
        page(_PHOTO.replace("N", "«40»")),
        "The maximum value allowed for property 'max-uploaded-photos' is 30.",
        "screens[0].layout.children[0].max-uploaded-photos",
    ),
    passing=passes(page(_PHOTO.replace("N", "30"))),
)
ORDER = Rule(
    id="min-gt-max",
    code="MIN_VALUE_GREATER_THAN_MAX",
    other_codes=("INVALID_MIN_MAX_DAYS",),
    evidence=("page", "names"),
    title="A minimum is not above its maximum",
    message=(
        "{minAttribute} cannot be greater than {maxAttribute} for {componentType} {componentName}."
    ),
    why="Nothing the user enters could satisfy both.",
    help="Lower {minAttribute} or raise {maxAttribute}.",
    failing=fails(
        page(_GROUP.replace("MIN", "«3»").replace("MAX", "«2»")),
        "min-selected-items cannot be greater than max-selected-items for CheckboxGroup days.",
        "screens[0].layout.children[0].min-selected-items",
        "screens[0].layout.children[0].max-selected-items",
    ),
    passing=passes(page(_GROUP.replace("MIN", "2").replace("MAX", "2"))),
)
_PAIRS = tuple(
    (f"min-{what}", f"max-{what}")
    for what in ("chars", "selected-items", "uploaded-photos", "uploaded-documents", "days")
)


def check_property(place: Place) -> Iterator[Finding]:
    """A number outside the range of its property."""
    value = place.value
    if place.slot is None or isinstance(value, bool) or not isinstance(value, int | float):
        return
    lowest, highest = place.slot.entry.minimum, place.slot.entry.maximum
    if lowest is not None and value < lowest:
        yield LOW.finding(place.target(), propertyName=place.name, limit=lowest)
    elif highest is not None and value > highest:
        yield HIGH.finding(place.target(), propertyName=place.name, limit=highest)


def check_component(component: Component) -> Iterator[Finding]:
    """A pair of limits the wrong way round. Bindings are not known here."""
    for least, most in _PAIRS:
        if least in component.value and most in component.value:
            low, high = _number(component.value[least]), _number(component.value[most])
            if low is not None and high is not None and low > high:
                yield ORDER.finding(
                    component.target(least),
                    component.target(most),
                    code="INVALID_MIN_MAX_DAYS" if least == "min-days" else None,
                    minAttribute=least,
                    maxAttribute=most,
                    componentType=component.type,
                    componentName=component.value.get("name", ""),
                )


def _number(value: Any) -> int | float | None:
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


FAMILY = Family(
    rules=(LOW, HIGH, ORDER),
    checks=(
        OnValue(check_property),
        OnComponent(
            check_component,
            types=("TextInput", "CheckboxGroup", "ChipsSelector", "CalendarPicker", *PICKERS),
        ),
    ),
)
