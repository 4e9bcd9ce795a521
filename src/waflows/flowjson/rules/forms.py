"""Forms that a phone may not show, and inputs that can never be filled in."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import Component, Screen
from waflows.flowjson.examples import INPUT, fails, page, passes, sending
from waflows.flowjson.family import Family, OnComponent, OnScreen
from waflows.flowjson.rule import Gap
from waflows.flowjson.spec.components import COMPONENTS

_FORM = '{ "type": "Form", "name": "NAME", "children": [CHILDREN] }'
_ONE = _FORM.replace("NAME", "form").replace("CHILDREN", INPUT)
_OTHER = _FORM.replace("NAME", "other").replace("CHILDREN", INPUT.replace('"city"', '"town"'))

SEVERAL = Gap(
    id="form-several",
    code="WAFLOWS_SEVERAL_FORMS",
    evidence=("reports",),
    title="A screen has one Form",
    message="A screen should have one Form, but has {count}.",
    why="Reports say that the validator refuses a second one.",
    help="Put all inputs into one Form.",
    failing=fails(
        page(_ONE, f"«{_OTHER}»", last=sending("city", "town")),
        "A screen should have one Form, but has 2.",
        "screens[0].layout.children[1]",
    ),
    passing=passes(page(_ONE)),
)
EMPTY = Gap(
    id="form-empty",
    code="WAFLOWS_EMPTY_FORM",
    evidence=("reports",),
    title="A Form has a component",
    message="The Form has no component.",
    why="A Form without an input has nothing to hold.",
    help="Add an input, or remove the Form.",
    failing=fails(
        page(_FORM.replace("NAME", "form").replace("[CHILDREN]", "«[]»")),
        "The Form has no component.",
        "screens[0].layout.children[0].children",
    ),
    passing=passes(page(_ONE)),
)
HIDDEN = Gap(
    id="hidden-required",
    code="WAFLOWS_HIDDEN_REQUIRED",
    evidence=("reports",),
    title="A required input can be seen",
    message="'{name}' is required and never visible.",
    why="Nobody can fill in what is not shown; reports say that the validator refuses it.",
    help="Remove required, or bind visible to a field that can be true.",
    failing=fails(
        page(INPUT.replace(" }", ', "required": true, «"visible"»: false }')),
        "'city' is required and never visible.",
        "screens[0].layout.children[0].visible",
    ),
    passing=passes(page(INPUT.replace(" }", ', "required": false, "visible": false }'))),
)
_INPUTS = tuple(kind.name for kind in COMPONENTS.values() if kind.value)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """More Forms than one, side by side."""
    if len(screen.forms) < 2:
        return
    found = [one for one in screen.components if one.type == "Form" and not one.in_form]
    if len(found) > 1:
        targets = (one.target() for one in found[1:])
        yield SEVERAL.finding(*places(targets), count=len(found))


def check_form(form: Component) -> Iterator[Finding]:
    """A Form around nothing."""
    if form.value.get("children") == []:
        yield EMPTY.finding(form.target("children"))


def check_input(component: Component) -> Iterator[Finding]:
    """An input that must be filled in and is never shown."""
    value = component.value
    if value.get("visible") is False and value.get("required") is True:
        name = value.get("name", component.type)
        yield HIDDEN.finding(component.target("visible", key=True), name=name)


FAMILY = Family(
    rules=(SEVERAL, EMPTY, HIDDEN),
    checks=(
        OnScreen(check_screen),
        OnComponent(check_form, types=("Form",)),
        OnComponent(check_input, types=_INPUTS),
    ),
)
