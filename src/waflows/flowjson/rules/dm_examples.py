"""The example values of a data model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.data_model import EXAMPLE
from waflows.flowjson.diagnostics import Finding, Path, slashed
from waflows.flowjson.document import Screen
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnField
from waflows.flowjson.json_types import json_type
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.spec.objects import DATA_TYPES

_OBJECT = """{
  "guest": {
    "type": "object",
    "properties": { "age": { "type": "number"MORE } },
    "__example__": { "age": 40 }
  }
}"""

NESTED = Rule(
    id="dm-example-nested",
    code="INVALID_SCREEN_DATA",
    title="Examples stand at the top level of a field",
    message=(
        "Property '__example__' is allowed only as a top level property of data model. Invalid "
        "entry: '{path}'."
    ),
    why="A field has one example, for all of its value.",
    help="Move the value into the field's own __example__.",
    failing=fails(
        page(data=_OBJECT.replace("MORE", ', «"__example__"»: 40')),
        "Property '__example__' is allowed only as a top level property of data model. Invalid "
        "entry: '$root/screens/0/data/guest/properties/age/__example__'.",
        "screens[0].data.guest.properties.age.__example__",
    ),
    passing=passes(page(data=_OBJECT.replace("MORE", ""))),
)
TYPE = Rule(
    id="dm-example-type",
    code="INVALID_SCREEN_DATA",
    title="An example has the type of its field",
    message=(
        "Invalid data model schema. Expected property '__example__' to be of type {schemaType}, "
        "but found {actualType}."
    ),
    why="The preview shows the example as if it were data.",
    help="Write an example of type {schemaType}.",
    failing=fails(
        page(data='{ "count": { "type": "number", "__example__": «"3"» } }'),
        "Invalid data model schema. Expected property '__example__' to be of type number, but "
        "found string.",
        "screens[0].data.count.__example__",
    ),
    passing=passes(page(data='{ "count": { "type": "number", "__example__": 3 } }')),
)
MISSING = Gap(
    id="dm-example-missing",
    code="WAFLOWS_MISSING_EXAMPLE",
    evidence=("page", "reading"),
    title="A field has an example",
    message="Data field '{field}' has no __example__.",
    why="Meta calls the example mandatory but documents no error for a field without one. The "
    "preview has nothing to show for it.",
    help='Add "__example__" with a value of the field\'s type.',
    failing=fails(
        page(data='{ "count": «{ "type": "number" }» }'),
        "Data field 'count' has no __example__.",
        "screens[0].data.count",
    ),
    passing=passes(page(data='{ "count": { "type": "number", "__example__": 0 } }')),
)


def check_field(screen: Screen, steps: Path, entry: dict[str, Any]) -> Iterator[Finding]:
    """An example that is missing, misplaced or of another type."""
    top = len(steps) == 2
    fields = entry.get("properties")
    if isinstance(fields, dict) and EXAMPLE in fields:
        yield _nested(screen, (*steps, "properties", EXAMPLE))
    if EXAMPLE in entry and not top:
        yield _nested(screen, (*steps, EXAMPLE))
    elif top and entry.get("type") in DATA_TYPES:
        if EXAMPLE not in entry:
            yield MISSING.finding(screen.target(*steps), field=steps[1])
            return
        expected, found = entry["type"], json_type(entry[EXAMPLE])
        if expected != found:
            at = screen.target(*steps, EXAMPLE)
            yield TYPE.finding(at, schemaType=expected, actualType=found)


def _nested(screen: Screen, steps: Path) -> Finding:
    path = slashed((*screen.path, *steps))
    return NESTED.finding(screen.target(*steps, key=True), path=path)


FAMILY = Family(rules=(NESTED, TYPE, MISSING), checks=(OnField(check_field),))
