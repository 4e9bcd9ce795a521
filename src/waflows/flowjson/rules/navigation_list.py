"""The items of a NavigationList."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import Component
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, passes
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.rule import Rule

_GO = """"on-click-action": {
  "name": "navigate", "next": { "type": "screen", "name": "END" }, "payload": {}
}"""
_ITEM = '{ "id": "ID", "main-content": { "title": "Rooms" }MORE }'
_END = a_screen("END", FOOTER, head='"terminal": true')


def _flow(items: str, more: str = f", {_GO}") -> str:
    given = f'{{ "type": "NavigationList", "name": "list", "list-items": [{items}]{more} }}'
    return a_flow(a_screen("ONE", given), _END)


def _item(more: str = "", name: str = "a") -> str:
    return _ITEM.replace("ID", name).replace("MORE", more)


_AT = "screens[0].layout.children[0]"
BADGE = Rule(
    id="navigation-list-badge",
    code="DUPLICATE_PROPETY_FOR_CONDITION",
    evidence=("page", "names"),
    title="One item of a NavigationList has a badge",
    message="At most one item of a NavigationList may have a badge.",
    why="Meta's rule.",
    help="Keep one badge.",
    since="6.2",
    failing=fails(
        _flow(_item(', "badge": "New"') + ",\n" + _item(', "badge": «"Hot"»', "b")),
        "At most one item of a NavigationList may have a badge.",
        f"{_AT}.list-items[1].badge",
    ),
    passing=passes(_flow(_item(', "badge": "New"') + ",\n" + _item("", "b"))),
)
END = Rule(
    id="navigation-list-end",
    code="INVALID_PROPERTY_VALUE_FOR_CONDITION",
    evidence=("page", "names"),
    title="Items with large media have no end",
    message="An item's 'end' cannot be combined with media-size 'large'.",
    why="Meta's rule.",
    help="Remove end, or use media-size regular.",
    since="6.2",
    failing=fails(
        _flow(_item(', "end": «{ "title": "EUR 40" }»'), f', {_GO}, "media-size": "large"'),
        "An item's 'end' cannot be combined with media-size 'large'.",
        f"{_AT}.list-items[0].end",
    ),
    passing=passes(_flow(_item(', "end": { "title": "EUR 40" }'))),
)
ACTION = Rule(
    id="navigation-list-action",
    code="INVALID_PROPERTY_VALUE",
    evidence=("page", "names"),
    other_codes=("MISSING_REQUIRED_PROPERTY",),
    title="The action stands on the list or on every item",
    wording={
        "twice": "The on-click-action of a NavigationList is given on the list and on items.",
        "none": "A NavigationList needs an on-click-action, on the list or on every item.",
    },
    why="Meta's rule: one place or the other, never both.",
    help="Give the list one on-click-action, or every item its own.",
    since="6.2",
    failing=(),  # an item's own action is as long as the page; the rule's test shows both messages
    passing=passes(_flow(_item(f", {_GO}"), "")),
)


def check_component(component: Component) -> Iterator[Finding]:
    """A static list. What a bound one holds is not known here."""
    items = component.value.get("list-items")
    if not isinstance(items, list):
        return
    given = [(index, item) for index, item in enumerate(items) if isinstance(item, dict)]
    badges = [index for index, item in given if "badge" in item]
    for index in badges[1:]:
        yield BADGE.finding(component.target("list-items", index, "badge"))
    if component.value.get("media-size") == "large":
        for index, item in given:
            if "end" in item:
                yield END.finding(component.target("list-items", index, "end"))
    yield from _actions(component, given)


def _actions(component: Component, items: list[tuple[int, dict[str, Any]]]) -> Iterator[Finding]:
    acting = [index for index, item in items if "on-click-action" in item]
    if "on-click-action" in component.value:
        if acting:
            targets = (
                component.target("list-items", index, "on-click-action", key=True)
                for index in acting
            )
            yield ACTION.finding(component.target("on-click-action", key=True), *places(targets))
    elif len(acting) < len(items):
        yield ACTION.finding(component.target(), say="none", code="MISSING_REQUIRED_PROPERTY")


FAMILY = Family(
    rules=(BADGE, END, ACTION), checks=(OnComponent(check_component, types=("NavigationList",)),)
)
