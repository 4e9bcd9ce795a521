"""The declaration of a screen's data: types and items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, Path
from waflows.flowjson.document import Screen
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnField
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.spec.objects import DATA_TYPES

_LIST = '{ "names": { "type": "array", ITEMS"__example__": [] } }'
_GOOD = passes(page(data=_LIST.replace("ITEMS", '"items": { "type": "string" }, ')))

NO_TYPE = Rule(
    id="dm-no-type",
    code="INVALID_SCREEN_DATA",
    title="Every field of a data model has a type",
    message="Missing the definition of property 'type'.",
    why="Without a type the value of the field cannot be checked.",
    help=f"Add a type: {', '.join(DATA_TYPES)}.",
    failing=fails(
        page(data='{ "name": «{ "__example__": "Ines" }» }'),
        "Missing the definition of property 'type'.",
        "screens[0].data.name",
    ),
    passing=passes(page(data='{ "name": { "type": "string" , "__example__": "" } }')),
)
TYPE_TYPE = Rule(
    id="dm-type-not-string",
    code="INVALID_SCREEN_DATA",
    title="A type is a string",
    message="Expected the property 'type' to be of type string.",
    why="A field has one type, named by a string.",
    help=f"Write one of: {', '.join(DATA_TYPES)}.",
    failing=fails(
        page(data='{ "name": { "type": «123», "__example__": "" } }'),
        "Expected the property 'type' to be of type string.",
        "screens[0].data.name.type",
    ),
    passing=passes(page(data='{ "name": { "type": "string", "__example__": "" } }')),
)
NO_ITEMS = Rule(
    id="dm-no-items",
    code="INVALID_SCREEN_DATA",
    title="An array says what its items are",
    message="Missing the schema for property 'items' in array.",
    why="Without items the elements of the array cannot be checked.",
    help='Add "items": { "type": … }.',
    failing=fails(
        page(
            data=_LIST.replace('{ "type', '«{ "type').replace("ITEMS", "").replace("[] }", "[] }»")
        ),
        "Missing the schema for property 'items' in array.",
        "screens[0].data.names",
    ),
    passing=_GOOD,
)
ITEMS_TYPE = Rule(
    id="dm-items-type",
    code="INVALID_SCREEN_DATA",
    title="Items are described by an object or a boolean",
    message="Expected the property 'items' to be of type boolean or object.",
    why="Items are a declaration of their own; true stands for anything.",
    help='Write "items": { "type": … }.',
    failing=fails(
        page(data=_LIST.replace("ITEMS", '"items": «"string"», ')),
        "Expected the property 'items' to be of type boolean or object.",
        "screens[0].data.names.items",
    ),
    passing=_GOOD,
)
UNKNOWN_TYPE = Gap(
    id="data-type-unknown",
    code="WAFLOWS_UNKNOWN_DATA_TYPE",
    evidence=("page", "reading"),
    title="Types are those that exist",
    message="Data type '{type}' is not one of: {allowed}.",
    why="The documentation lists five types and no others; what the client makes of another one "
    "is not documented.",
    help="Use one of: {allowed}.",
    failing=fails(
        page(data='{ "count": { "type": «"integer"», "__example__": 3 } }'),
        "Data type 'integer' is not one of: string, number, boolean, object, array.",
        "screens[0].data.count.type",
    ),
    passing=passes(page(data='{ "count": { "type": "number", "__example__": 3 } }')),
)
NESTED_NO_TYPE = Gap(
    id="dm-nested-no-type",
    code="WAFLOWS_NESTED_TYPE_MISSING",
    evidence=("reports",),
    title="Every entry of a data model has a type",
    message="Missing the definition of property 'type'.",
    why="Entries below properties and items are reported to be refused without a type, too; the "
    "documentation speaks of fields only.",
    help=f"Add a type: {', '.join(DATA_TYPES)}.",
    failing=fails(
        page(data=_LIST.replace("ITEMS", '"items": «{ "properties": {} }», ')),
        "Missing the definition of property 'type'.",
        "screens[0].data.names.items",
    ),
    passing=_GOOD,
)


def check_field(screen: Screen, steps: Path, entry: dict[str, Any]) -> Iterator[Finding]:
    """The type and the items of a declaration."""
    kind = entry.get("type")
    if "type" not in entry:
        rule = NO_TYPE if len(steps) == 2 else NESTED_NO_TYPE
        if "const" not in entry:
            yield rule.finding(screen.target(*steps))
    elif not isinstance(kind, str):
        yield TYPE_TYPE.finding(screen.target(*steps, "type"))
    elif kind not in DATA_TYPES:
        at = screen.target(*steps, "type")
        yield UNKNOWN_TYPE.finding(at, type=kind, allowed=", ".join(DATA_TYPES))
    elif kind == "array" and "items" not in entry:
        yield NO_ITEMS.finding(screen.target(*steps))
    elif kind == "array" and not isinstance(entry["items"], dict | bool):
        yield ITEMS_TYPE.finding(screen.target(*steps, "items"))


FAMILY = Family(
    rules=(NO_TYPE, NESTED_NO_TYPE, TYPE_TYPE, NO_ITEMS, ITEMS_TYPE, UNKNOWN_TYPE),
    checks=(OnField(check_field),),
)
