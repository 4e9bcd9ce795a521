"""Inputs and the Form around them."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import PICKERS, Screen
from waflows.flowjson.examples import FOOTER, INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnScreen
from waflows.flowjson.rule import Rule

_INSIDE = """{
  "type": "Form", "name": "form",
  "children": [
    { "type": "TextInput", "name": "street", "label": "Street" }
  ]
}"""

BEFORE = Rule(
    id="form-required-parent",
    code="KEYWORD_ONE_OF",
    title="Before 4.0 an input stands in a Form",
    message="Property '{propertyName}' must be defined inside parent property 'Form'.",
    why="The Form became optional with 4.0.",
    help="Put the {propertyName} into the children of a Form.",
    until="4.0",
    failing=fails(
        page(f"«{INPUT}»", version="3.1"),
        "Property 'TextInput' must be defined inside parent property 'Form'.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(_INSIDE, version="3.1"), page(INPUT, version="4.0")),
)
BESIDE = Rule(
    id="outside-form",
    code="COMPONENTS_OUTSIDE_FORM",
    title="Beside a Form there are no other inputs",
    wording={
        "one": (
            "Component '{components}' is not allowed outside Form when Form component is present."
        ),
        "several": (
            "Components '{components}' are not allowed outside Form when Form component is present."
        ),
    },
    why="A screen has either one Form with all its inputs, or none. Calendar, photo and document "
    "pickers are reported to be refused inside a Form by the live platform, and are let be.",
    help="Move them into the Form, or take the Form away.",
    since="4.0",
    failing=fails(
        page(f"«{INPUT}»", _INSIDE),
        "Component 'TextInput' is not allowed outside Form when Form component is present.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(INPUT), page(_INSIDE, FOOTER, last="")),
)
_FREE = ("CalendarPicker", *PICKERS)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """The inputs of a screen that stand in no Form."""
    forms = any(component.type == "Form" for component in screen.components)
    optional = screen.flow.spec.since("4.0")
    if optional and not forms:
        return
    free = _FREE if optional else ()
    stray = [
        one
        for one in screen.components
        if one.has_value and one.type not in free and not one.in_form
    ]
    if not optional:
        for component in stray:
            yield BEFORE.finding(component.target(), propertyName=component.type)
    elif stray:
        types = "', '".join(dict.fromkeys(component.type for component in stray))
        yield BESIDE.finding(
            *places(one.target() for one in stray),
            say="one" if len(stray) == 1 else "several",
            components=types,
        )


FAMILY = Family(rules=(BEFORE, BESIDE), checks=(OnScreen(check_screen),))
