"""Names and ids that must be there once, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import Component, FlowStructure, Screen
from waflows.flowjson.examples import FOOTER, INPUT, a_flow, a_screen, fails, page, passes
from waflows.flowjson.family import Family, OnFlow, OnScreen
from waflows.flowjson.rule import Rule

_END = '"terminal": true'
_OTHER = INPUT.replace("TextInput", "TextArea")

FIELDS = Rule(
    id="dup-form-names",
    code="DUPLICATE_FORM_COMPONENT_NAMES",
    title="Inputs of a screen have names of their own",
    message="Duplicate name found for Form components: {duplicateName}.",
    why="${form.name} could mean either. Branches of If and Switch count too.",
    help="Rename all but one.",
    failing=fails(
        page(INPUT.replace('"city"', '«"city"»'), _OTHER.replace('"city"', '«"city"»')),
        "Duplicate name found for Form components: city.",
        "screens[0].layout.children[0].name",
        "screens[0].layout.children[1].name",
    ),
    passing=passes(page(INPUT, _OTHER.replace('"city"', '"town"'))),
)
SCREENS = Rule(
    id="dup-screen-ids",
    code="DUPLICATE_SCREEN_IDS",
    title="Screens have ids of their own",
    message="Duplicate screen id found: {screenId}.",
    why="Actions and routes name a screen by its id.",
    help="Rename all but one.",
    failing=fails(
        a_flow(
            a_screen("END", FOOTER, head=_END).replace('"END"', '«"END"»'),
            a_screen("END", FOOTER, head=_END).replace('"END"', '«"END"»'),
        ),
        "Duplicate screen id found: END.",
        "screens[0].id",
        "screens[1].id",
    ),
    passing=passes(a_flow(a_screen("END", FOOTER, head=_END))),
)
RESERVED = Rule(
    id="reserved-screen-id",
    code="SCREEN_ID_IS_RESERVED_KEYWORD",
    title="No screen is called success",
    message="Screen id cannot be 'success' since it is a reserved keyword.",
    why="An endpoint answers with the screen SUCCESS to end the flow. In any case of letters.",
    help="Choose another id.",
    failing=fails(
        page().replace('"MAIN"', '«"SUCCESS"»'),
        "Screen id cannot be 'success' since it is a reserved keyword.",
        "screens[0].id",
    ),
    passing=passes(page().replace('"MAIN"', '"SUCCESSFUL"')),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Screens that share an id."""
    found: dict[str, list[Screen]] = defaultdict(list)
    for screen in flow.screens:
        if screen.id:
            found[screen.id].append(screen)
    for name, screens in found.items():
        if len(screens) > 1:
            yield SCREENS.finding(*places(screen.target("id") for screen in screens), screenId=name)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """A reserved id, and inputs that share a name."""
    if screen.id is not None and screen.id.lower() == "success":
        yield RESERVED.finding(screen.target("id"))
    together = screen.flow.spec.since("4.0")
    found: dict[tuple[int, str], list[Component]] = defaultdict(list)
    for component in screen.components:
        name = component.value.get("name")
        if component.has_value and isinstance(name, str):
            scope = 0 if together else id(component.parent)
            found[scope, name].append(component)
    for (_, name), components in found.items():
        if len(components) > 1:
            targets = (component.target("name") for component in components)
            yield FIELDS.finding(*places(targets), duplicateName=name)


FAMILY = Family(
    rules=(FIELDS, SCREENS, RESERVED), checks=(OnFlow(check_flow), OnScreen(check_screen))
)
