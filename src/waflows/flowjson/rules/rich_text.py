"""What may stand beside a RichText, and on a NavigationList's screen."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import Component, Screen
from waflows.flowjson.examples import FOOTER, HEADING, a_flow, a_screen, fails, page, passes
from waflows.flowjson.family import Family, OnScreen
from waflows.flowjson.rule import Rule
from waflows.flowjson.spec.objects import MAX_NAVIGATION_LISTS_PER_SCREEN

_RICH = '{ "type": "RichText", "text": ["# Terms"] }'
_LIST = """{
  "type": "NavigationList", "name": "NAME",
  "list-items": [{ "id": "a", "main-content": { "title": "Rooms" } }],
  "on-click-action": {
    "name": "navigate", "next": { "type": "screen", "name": "END" }, "payload": {}
  }
}"""
_END = a_screen("END", FOOTER, head='"terminal": true')
_A, _B, _C = (_LIST.replace("NAME", name) for name in "abc")

RICH = Rule(
    id="rich-text-alone",
    code="INVALID_RICHTEXT_PLACEMENT",
    evidence=("page", "names"),
    title="RichText shares its screen with a Footer at most",
    message="RichText may share its screen {with_what}.",
    why="Meta's rule: alone from 5.1 to 6.2, with a Footer from 6.3.",
    help="Move the other components to another screen.",
    since="5.1",
    failing=fails(
        page(f"«{_RICH}»", HEADING),
        "RichText may share its screen with a Footer only.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(_RICH)),
)
LISTS = Rule(
    id="navigation-list-screen",
    code="INVALID_COMPONENT_PLACEMENT",
    evidence=("page", "names"),
    title="A NavigationList has its screen to itself",
    message="A NavigationList cannot share its screen with {others}.",
    why="Meta's rule: at most two lists, nothing else beside them.",
    help="Move the other components to another screen.",
    since="6.2",
    failing=fails(
        a_flow(a_screen("ONE", f"«{_A}»", HEADING), _END),
        "A NavigationList cannot share its screen with TextHeading.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(a_flow(a_screen("ONE", _A, _B), _END)),
)
TERMINAL = Rule(
    id="navigation-list-terminal",
    code="INVALID_PROPERTY_KEY",
    evidence=("page", "names", "reports"),
    title="A NavigationList is not on a terminal screen",
    message="A NavigationList cannot stand on a terminal screen.",
    why="Meta's rule. One live answer refused terminal with INVALID_PROPERTY_KEY.",
    help="Remove terminal, and end the flow on the screen the list leads to.",
    since="6.2",
    failing=(),  # a terminal screen needs a Footer, which the list excludes: never alone
    passing=passes(a_flow(a_screen("ONE", _A), _END)),
)
MANY = Rule(
    id="navigation-lists-per-screen",
    code="COMPONENT_TYPE_MAX_NUMBER_PER_SCREEN",
    evidence=("page", "names"),
    title="A screen has at most two NavigationLists",
    message="At most {limit} NavigationList are allowed per screen, but found {count}.",
    why="Meta's limit.",
    help="Join the lists.",
    since="6.2",
    failing=fails(
        a_flow(a_screen("ONE", _A, _B, f"«{_C}»"), _END),
        "At most 2 NavigationList are allowed per screen, but found 3.",
        "screens[0].layout.children[2]",
    ),
    passing=passes(a_flow(a_screen("ONE", _A, _B), _END)),
)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """The company these two components keep."""
    known = [component for component in screen.components if component.shape is not None]
    rich = [component for component in known if component.type == "RichText"]
    footer_too = screen.flow.spec.since("6.3")
    others = [
        one
        for one in known
        if one.type not in ({"RichText", "Footer"} if footer_too else {"RichText"})
    ]
    if rich and (others or len(rich) > 1):
        beside = "with a Footer only" if footer_too else "with nothing"
        yield RICH.finding(*places(one.target() for one in rich), with_what=beside)
    lists = [component for component in known if component.type == "NavigationList"]
    if lists:
        yield from _lists(screen, lists, [one for one in known if one.type != "NavigationList"])


def _lists(screen: Screen, lists: list[Component], others: list[Component]) -> Iterator[Finding]:
    limit = MAX_NAVIGATION_LISTS_PER_SCREEN
    if others:
        types = ", ".join(dict.fromkeys(component.type for component in others))
        yield LISTS.finding(*places(one.target() for one in lists), others=types)
    if screen.terminal:
        yield TERMINAL.finding(screen.target("terminal"))
    if len(lists) > limit:
        targets = (one.target() for one in lists[limit:])
        yield MANY.finding(*places(targets), limit=limit, count=len(lists))


FAMILY = Family(rules=(RICH, LISTS, TERMINAL, MANY), checks=(OnScreen(check_screen),))
