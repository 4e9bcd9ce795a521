"""Bindings that lead into a data model where it has nothing to give."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.binding_help import operator_advice
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import fails, page, passes, sending
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.spec.objects import DATA_TYPES

_GROUP = """{
  "type": "RadioButtonsGroup", "name": "room", "label": "Room",
  "data-source": "${data.rooms}"
}"""
_ROOMS = """{
  "rooms": {
    "type": "array",
    "items": { "type": "object", "properties": { "id": { "type": "string" }MORE } },
    "__example__": []
  }
}"""
_FULL = _ROOMS.replace("MORE", ', "title": { "type": "string" }')
_TEXT = '{ "type": "TextBody", "text": TEXT }'
_GUEST = '{ "guest": { "type": "object", MORE"__example__": { "name": "Ines" } } }'

ITEM = Rule(
    id="dyn-missing-schema",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    title="A bound list declares what its items need",
    message="Data model schema is invalid for '{expression}'. Missing schema for {objectProperty}.",
    why="An item of the list must have {objectProperty}, and the data model must say so.",
    help="Add {objectProperty} to the properties of the items.",
    failing=fails(
        page(
            _GROUP.replace('"${data.rooms}"', '«"${data.rooms}"»'),
            data=_ROOMS.replace("MORE", ""),
        ),
        "Data model schema is invalid for '${data.rooms}'. Missing schema for title.",
        "screens[0].layout.children[0].data-source",
    ),
    passing=passes(page(_GROUP, data=_FULL)),
)
ITEM_TYPE = Rule(
    id="dyn-item-type",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    evidence=("page",),
    title="A bound list declares its items with the right types",
    message="Data model schema is invalid for '{expression}'. Expected {what} to be of type "
    "{expected}, but found {found}.",
    why="Ids and titles are strings. An item with another type is not shown: the list stays empty.",
    help="Declare {what} as {expected}, and send values of that type.",
    failing=fails(
        page(
            _GROUP.replace('"${data.rooms}"', '«"${data.rooms}"»'),
            data=_FULL.replace('"id": { "type": "string" }', '"id": { "type": "number" }'),
        ),
        "Data model schema is invalid for '${data.rooms}'. Expected 'id' to be of type string, "
        "but found number.",
        "screens[0].layout.children[0].data-source",
    ),
    passing=passes(page(_GROUP, data=_FULL)),
)
FORM = Gap(
    id="form-value-items",
    code="WAFLOWS_FORM_VALUE_ITEMS",
    evidence=("page",),
    title="A list of items comes from data",
    message="'{expression}' is what the user chose; '{property}' takes items with an id and a "
    "title.",
    why="The value of an input is a text, or a list of ids. Nothing in it can be shown as an item.",
    help="Bind a list of objects that the screen declares in its data.",
    failing=fails(
        page(
            '{ "type": "CheckboxGroup", "name": "c", "label": "C",\n'
            '  "data-source": [{ "id": "a", "title": "A" }] }',
            _GROUP.replace('"${data.rooms}"', '«"${form.c}"»'),
            last=sending("room"),
        ),
        "'${form.c}' is what the user chose; 'data-source' takes items with an id and a title.",
        "screens[0].layout.children[1].data-source",
    ),
    passing=passes(page(_GROUP, data=_FULL)),
)
IN_ARRAY = Rule(
    id="dyn-items-path",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    title="A binding does not reach into a list",
    message=(
        "{expression} on screen '{screenId}' for {componentType} property '{property}' is invalid "
        "as '{segment}' is defined in an array schema in the data model."
    ),
    why="A list has many items; a binding cannot say which.",
    help="Bind the whole list, or hand over the one value as a field of its own.",
    failing=fails(
        page(_TEXT.replace("TEXT", '«"${data.rooms.items}"»'), data=_FULL),
        "${data.rooms.items} on screen 'MAIN' for TextBody property 'text' is invalid as 'items' "
        "is defined in an array schema in the data model.",
        "screens[0].layout.children[0].text",
    ),
    passing=passes(page(_GROUP, data=_FULL)),
)
NO_SCHEMA = Rule(
    id="dyn-schema-missing",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    title="A binding follows what the data model describes",
    message=(
        "{expression} defined for screen '{screenId}' {componentType} property "
        "'{componentProperty}' is invalid as its schema is missing in the data model."
    ),
    why="The object has no properties declared, so that nothing in it can be referred to.",
    help="Declare the field in the object's properties.",
    failing=fails(
        page(_TEXT.replace("TEXT", '«"${data.guest.name}"»'), data=_GUEST.replace("MORE", "")),
        "${data.guest.name} defined for screen 'MAIN' TextBody property 'text' is invalid as its "
        "schema is missing in the data model.",
        "screens[0].layout.children[0].text",
    ),
    passing=passes(
        page(
            _TEXT.replace("TEXT", '"${data.guest.name}"'),
            data=_GUEST.replace("MORE", '"properties": { "name": { "type": "string" } }, '),
        )
    ),
)
_LOST = {"in-array": IN_ARRAY, "no-schema": NO_SCHEMA}


def check_use(use: Use) -> Iterator[Finding]:
    """Where each reference ends in the data model, and what a bound list's items have."""
    for reference, found in use.found:
        if found.own and not use.in_payload:
            continue
        if found.outcome in _LOST:
            yield _LOST[found.outcome].finding(
                use.target(use.span_of(reference)),
                advice=operator_advice(reference.text),
                segment=found.step,
                expression=reference.text,
                screenId=use.screen.name,
                componentType=use.owner,
                property=use.property_name,
                componentProperty=use.property_name,
            )
        elif reference.source == "form":
            if use.item in use.screen.flow.spec.items and found.outcome == "found":
                yield FORM.finding(
                    use.target(), expression=reference.text, property=use.property_name
                )
        elif use.item is not None and found.outcome == "found" and found.type == "array":
            yield from _items(use, reference.text, (found.node or {}).get("items"))


def _items(use: Use, text: str, items: object) -> Iterator[Finding]:
    """What the declaration says of the items, against what the property's items are."""
    if not isinstance(items, dict):
        return
    kind = items.get("type")
    shape = use.screen.flow.spec.items.get(use.item or "")
    if shape is None:
        if use.item == "string" and kind in DATA_TYPES and kind != "string":
            yield ITEM_TYPE.finding(
                use.target(), expression=text, what="items", expected="string", found=kind
            )
        return
    fields = items.get("properties")
    if not isinstance(fields, dict):
        fields = {}
    for name in shape.required:
        if name not in fields:
            yield ITEM.finding(use.target(), expression=text, objectProperty=name)
    for name, entry in fields.items():
        slot = shape.slots.get(name)
        declared = entry.get("type") if isinstance(entry, dict) else None
        if slot is not None and declared in DATA_TYPES and declared not in slot.types:
            expected = " or ".join(slot.types)
            yield ITEM_TYPE.finding(
                use.target(), expression=text, what=f"'{name}'", expected=expected, found=declared
            )


FAMILY = Family(
    rules=(ITEM, ITEM_TYPE, FORM, IN_ARRAY, NO_SCHEMA),
    checks=(OnUse(check_use, when=lambda use: use.unsound or use.wants_items),),
)
