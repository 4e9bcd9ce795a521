"""Lists and strings below their smallest size."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnValue
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place

_MESSAGE = "Property '{propertyName}' should have at least '{minQuantityCount}' {quantityUnit}."

ITEMS = Rule(
    id="schema-min-items",
    code="MIN_ITEMS_REQUIRED",
    title="A flow has a screen",
    message=_MESSAGE,
    why="A flow without a screen has nothing to show.",
    help="Add a screen.",
    failing=fails(
        '{ "version": "7.3", "screens": «[]» }',
        "Property 'screens' should have at least '1' items.",
        "screens",
    ),
    passing=passes(page()),
)
CHARACTERS = Rule(
    id="schema-min-chars",
    code="MIN_CHARS_REQUIRED",
    title="A screen's id is not empty",
    message=_MESSAGE,
    why="Actions and routes name a screen by its id.",
    help="Give the screen an id of letters and underscores.",
    failing=fails(
        page().replace('"MAIN"', '«""»'),
        "Property 'id' should have at least '1' characters.",
        "screens[0].id",
    ),
    passing=passes(page().replace('"MAIN"', '"M"')),
)


def check_property(place: Place) -> Iterator[Finding]:
    """No screens, or an empty id."""
    if place.owner.name == "flow" and place.key == "screens" and place.value == []:
        unit = "items"
        yield ITEMS.finding(
            place.target(), propertyName="screens", minQuantityCount=1, quantityUnit=unit
        )
    elif place.owner.name == "screen" and place.key == "id" and place.value == "":
        unit = "characters"
        yield CHARACTERS.finding(
            place.target(), propertyName="id", minQuantityCount=1, quantityUnit=unit
        )


FAMILY = Family(rules=(ITEMS, CHARACTERS), checks=(OnValue(check_property),))
