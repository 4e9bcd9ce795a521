"""The options of Dropdown, CheckboxGroup, RadioButtonsGroup and ChipsSelector."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import Component
from waflows.flowjson.examples import fails, page, passes, sending
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.rule import Gap, Rule

_GROUP = """{
  "type": "RadioButtonsGroup", "name": "room", "label": "Room", ROOT
  "data-source": [
    { "id": "a", "title": "Garden"FIRST },
    { "id": ID, "title": "Street" }
  ]
}"""
_SELECT = '"on-select-action": { "name": "update_data", "payload": { "open": true } }'
_MARKED = _SELECT.replace('"on-select-action"', '«"on-select-action"»')
_DATA = '{ "open": { "type": "boolean", "__example__": false } }'
_AT = "screens[0].layout.children[0]"


def _page(first: str = "", other: str = '"b"', root: str = "", data: str = "") -> str:
    text = _GROUP.replace("FIRST", first).replace("ID", other).replace(" ROOT", root)
    return page(text, data=data, last=sending("room"))


BOTH = Rule(
    id="option-image-and-color",
    code="DATA_SOURCE_ITEMS_HAVE_BOTH_IMAGE_AND_COLOR",
    evidence=("names",),
    title="An option has an image or a color",
    message="An item of data-source cannot have both 'image' and 'color'.",
    why="The client shows one of the two beside the title.",
    help="Remove one of them.",
    since="5.0",
    failing=fails(
        _page(', "image": "iVBORw0KGgo=", «"color"»: "00A884"'),
        "An item of data-source cannot have both 'image' and 'color'.",
        f"{_AT}.data-source[0].color",
    ),
    passing=passes(_page(', "color": "00A884"')),
)
COLOR = Rule(
    id="option-color",
    code="INVALID_PROPERTY_VALUE_FORMAT",
    title="A color is six hexadecimal digits",
    message="Property 'color' should be in '6-digit hex' format.",
    why="Names of colors and short forms are not known to the client.",
    help="Write six digits, such as 00A884.",
    since="5.0",
    failing=fails(
        _page(', "color": «"red"»'),
        "Property 'color' should be in '6-digit hex' format.",
        f"{_AT}.data-source[0].color",
    ),
    passing=passes(_page(', "color": "#00A884"')),
)
TWICE = Gap(
    id="option-id-twice",
    code="WAFLOWS_DUPLICATE_OPTION_ID",
    evidence=("reports",),
    title="Options have ids of their own",
    message="Option id '{id}' is used more than once.",
    why="The answer is the id of the option, so that two options with one id cannot be told apart.",
    help="Give each option an id of its own.",
    failing=fails(
        _page(other='«"a"»').replace('"id": "a"', '"id": «"a"»'),
        "Option id 'a' is used more than once.",
        f"{_AT}.data-source[0].id",
        f"{_AT}.data-source[1].id",
    ),
    passing=passes(_page()),
)
SELECT = Gap(
    id="option-select-actions",
    code="INVALID_UPDATE_DATA_ACTION_PAYLOAD",
    evidence=("names", "reading"),
    title="update_data stands on the component or on its options",
    message="'on-select-action' with update_data is given on the component and on options.",
    why="Both would run for one choice. A check of Meta's is named for it; its exact condition is "
    "not public.",
    help="Keep the action on the component, or on the options.",
    since="6.0",
    failing=fails(
        _page(f", {_SELECT}", root=f"\n  {_MARKED},", data=_DATA),
        "'on-select-action' with update_data is given on the component and on options.",
        f"{_AT}.on-select-action",
    ),
    passing=passes(_page(f", {_SELECT}", data=_DATA)),
)
_TYPES = ("CheckboxGroup", "RadioButtonsGroup", "Dropdown", "ChipsSelector")
_HEX = re.compile(r"#?[0-9A-Fa-f]{6}")


def check_component(component: Component) -> Iterator[Finding]:
    """Options that are written in the document."""
    items = component.value.get("data-source")
    if not isinstance(items, list):
        return
    options = [(index, item) for index, item in enumerate(items) if isinstance(item, dict)]
    for index, item in options:
        color = item.get("color")
        if color is not None and "image" in item:
            yield BOTH.finding(component.target("data-source", index, "color", key=True))
        elif isinstance(color, str) and "${" not in color and not _HEX.fullmatch(color):
            yield COLOR.finding(component.target("data-source", index, "color"))
    yield from _twice(component, options)
    root = component.value.get("on-select-action")
    updates = isinstance(root, dict) and root.get("name") == "update_data"
    if updates and any("on-select-action" in item for _, item in options):
        yield SELECT.finding(component.target("on-select-action", key=True))


def _twice(component: Component, options: list[tuple[int, dict[str, Any]]]) -> Iterator[Finding]:
    found: dict[str, list[int]] = defaultdict(list)
    for index, item in options:
        if isinstance(item.get("id"), str):
            found[item["id"]].append(index)
    if len(found) == len(options):
        return
    for name, indexes in found.items():
        if len(indexes) > 1:
            targets = (component.target("data-source", index, "id") for index in indexes)
            yield TWICE.finding(*places(targets), id=name)


FAMILY = Family(
    rules=(BOTH, COLOR, TWICE, SELECT),
    checks=(OnComponent(check_component, types=_TYPES),),
)
