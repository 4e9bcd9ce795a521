"""How long lists and texts may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.examples import INPUT, fails, page, passes, sending
from waflows.flowjson.family import Family, OnValue
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.shape import Place

_CHIPS = '{ "type": "ChipsSelector", "name": "tags", "label": "Tags", "data-source": ITEMS }'
_ITEM = '{ "id": "ID", "title": "Tag" }'
_ONE, _TWO = f"[{_ITEM}]", f"[{_ITEM}, {_ITEM}]"
_IMAGES = 100

LIST = Rule(
    id="list-size",
    code="MAX_ITEMS_REQUIRED",
    evidence=("page", "names"),
    other_codes=("MIN_ITEMS_REQUIRED",),
    title="Lists have neither too few nor too many items",
    message="Property '{property}' should have {bound} '{limit}' items, but has {count}.",
    why="Meta's limit of the list.",
    help="Change the number of items.",
    failing=fails(
        page(_CHIPS.replace("ITEMS", f"«{_ONE}»")),
        "Property 'data-source' should have at least '2' items, but has 1.",
        "screens[0].layout.children[0].data-source",
    ),
    passing=passes(page(_CHIPS.replace("ITEMS", _TWO))),
)
TEXT = Gap(
    id="text-length",
    code="WAFLOWS_TEXT_TOO_LONG",
    title="Texts fit their place",
    message="Property '{property}' shows {limit} characters, but has {count}.",
    why="The client cuts longer texts off.",
    help="Shorten the text.",
    failing=fails(
        page(INPUT.replace('"City"', '«"The city you live in now"»'), last=sending("city")),
        "Property 'label' shows 20 characters, but has 24.",
        "screens[0].layout.children[0].label",
    ),
    passing=passes(page(INPUT.replace('"City"', '"The city you live in"'))),
)


def check_property(place: Place) -> Iterator[Finding]:
    """A list or a text outside its limits. Bindings are not known here."""
    slot, value = place.slot, place.value
    assert slot is not None
    if isinstance(value, str) and len(value) > slot.longest:
        yield TEXT.finding(
            place.target(), property=place.name, limit=slot.longest, count=len(value)
        )
    elif isinstance(value, list):
        least = slot.entry.least_items or 0
        most = _most(place, value)
        words: dict[str, Any] = {"property": place.name, "count": len(value)}
        if len(value) < least:
            yield LIST.finding(
                place.target(),
                code="MIN_ITEMS_REQUIRED",
                bound="at least",
                limit=least,
                **words,
            )
        elif most is not None and len(value) > most:
            yield LIST.finding(place.target(), bound="at most", limit=most, **words)


def _most(place: Place, items: list[object]) -> int | None:
    """The limit; a Dropdown whose items have images takes fewer."""
    limit = place.slot.entry.most_items if place.slot is not None else None
    pictured = any(isinstance(item, dict) and "image" in item for item in items)
    return _IMAGES if pictured and place.owner.name == "Dropdown" else limit


FAMILY = Family(rules=(LIST, TEXT), checks=(OnValue(check_property),))
