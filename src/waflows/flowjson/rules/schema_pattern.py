"""Strings that are not what their property takes: ids, blanks, text where a binding belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnValue
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place
from waflows.flowjson.unquoting import unquoted

_OR_BINDING = (
    "Property '{propertyName}' should be of type '{type}' or have dynamic data format of the form "
    "${screen.data.your_value} or ${data.your_value}."
)
RULE = Rule(
    id="schema-pattern",
    code="PATTERN_MISMATCH",
    title="Strings have the form their property asks for",
    wording={
        "letters": "Property '{propertyName}' should only consist of alphabets and underscores.",
        "or-binding": _OR_BINDING,
        "binding": (
            "Property '{propertyName}' should have dynamic data format of the form "
            "${data.your_value}."
        ),
        "blank": "Property '{propertyName}' should not be blank or empty string.",
        "other": "Property '{propertyName}' should match the pattern '{pattern}'.",
    },
    why="Screen ids hold letters and underscores only. A number, a list or an object may come "
    "from a binding, but not from plain text. Texts of headings, captions and links are never "
    "blank, names not from 4.0, and no string of a component from 6.0. Where the last message "
    "is used is not documented.",
    help="Write a value of the form the property takes.",
    failing=fails(
        page().replace('"MAIN"', '«"STEP_1"»'),
        "Property 'id' should only consist of alphabets and underscores.",
        "screens[0].id",
    )
    + fails(
        page(INPUT.replace(" }", ', "max-chars": «"Hundred"» }')),
        _OR_BINDING.replace("{propertyName}", "max-chars").replace("{type}", "number"),
        "screens[0].layout.children[0].max-chars",
    )
    + fails(
        page(
            '{ "type": "Switch", "value": «"cat"», "cases": {\n'
            '  "cat": [{ "type": "TextBody", "text": "Meow" }] } }'
        ),
        "Property 'value' should have dynamic data format of the form ${data.your_value}.",
        "screens[0].layout.children[0].value",
    )
    + fails(
        page(INPUT.replace('"City"', '«" "»')),
        "Property 'label' should not be blank or empty string.",
        "screens[0].layout.children[0].label",
    ),
    passing=passes(
        page().replace('"MAIN"', '"STEP_ONE"'),
        page(INPUT.replace(" }", ', "max-chars": 100 }')),
        page(INPUT.replace('"City"', '" "'), version="5.1"),
    ),
)
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_LONGEST = 60
_ID = re.compile(r"[A-Za-z_]+")
_TEXTS = {"TextHeading", "TextSubheading", "TextBody", "TextCaption", "EmbeddedLink"}
_ONLY_BOUND = {"binding": str, "string | object": dict}
_SHOWN = {"string": "string", "integer": "number"}


def check_property(place: Place) -> Iterator[Finding]:
    """A string, or what stands where only a binding may."""
    slot, value = place.slot, place.value
    assert slot is not None
    kind = slot.entry.type
    if isinstance(value, _ONLY_BOUND.get(kind, ())):
        yield RULE.finding(place.target(), say="binding", propertyName=place.name)
    elif not isinstance(value, str):
        return
    elif place.owner.name == "screen" and place.key == "id":
        if value and not _ID.fullmatch(value):
            advice = f"Write letters and underscores only, such as {_in_letters(value)}."
            yield RULE.finding(place.target(), advice=advice, propertyName="id")
    elif not value.strip():
        if _must_not_be_blank(place):
            yield RULE.finding(place.target(), say="blank", propertyName=place.name)
    elif slot.dynamic and _is_stray_text(slot.types):
        shown = " | ".join(_SHOWN.get(one, one) for one in slot.types if one != "string")
        yield RULE.finding(
            place.target(),
            say="or-binding",
            fix=unquoted(place),
            propertyName=place.name,
            type=shown,
        )


def _in_letters(name: str) -> str:
    """An id like a given one that holds letters and underscores only: STEP_ONE for STEP_1."""
    spelled = re.sub(r"[0-9]", lambda digit: f"_{_DIGITS[int(digit[0])]}_", name[:_LONGEST])
    kept = re.sub(r"[^A-Za-z]+", "_", spelled).strip("_")
    return kept or "STEP_ONE"


def _must_not_be_blank(place: Place) -> bool:
    component = place.node
    if not isinstance(component, Component) or place.steps or place.element:
        return False
    if component.type in _TEXTS and place.key == "text":
        return True
    spec = place.flow.spec
    return spec.since("6.0") or (place.key == "name" and spec.since("4.0"))


def _is_stray_text(types: tuple[str, ...]) -> bool:
    """Plain text for a number, a list or an object. For a boolean another rule speaks."""
    return "string" not in types and types != ("boolean",)


FAMILY = Family(rules=(RULE,), checks=(OnValue(check_property),))
