"""Initial values of a Form."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Fault
from waflows.flowjson.document import PICKERS, Component
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnComponent
from waflows.flowjson.rule import Rule

_FORM = """{
  "type": "Form", "name": "form",
  "init-values": VALUES,
  "children": [
    { "type": "PhotoPicker", "name": "photo", "label": "Photo" },
    { "type": "TextInput", "name": "city", "label": "City" }
  ]
}"""

RULE = Rule(
    id="native-init-values",
    code="NATIVE_COMPONENT_IN_FORM_INIT_VALUES",
    title="Photos and documents have no initial value",
    message="Property 'init-values' should not contain value for components: [{componentTypes}].",
    why="Only the user can choose a file.",
    help="Remove the picker's name from init-values.",
    since="4.0",
    failing=fails(
        page(_FORM.replace("VALUES", '«{ "photo": "abc" }»')),
        "Property 'init-values' should not contain value for components: [PhotoPicker].",
        "screens[0].layout.children[0].init-values",
    ),
    passing=passes(page(_FORM.replace("VALUES", '{ "city": "Porto" }'))),
)


def check_component(component: Component) -> Iterator[Fault]:
    """The names in a Form's init-values."""
    values = component.value.get("init-values")
    if not isinstance(values, dict):
        return
    fields = component.screen.fields
    types = [fields[name].type for name in values if name in fields]
    native = dict.fromkeys(kind for kind in types if kind in PICKERS)
    if native:
        yield RULE.fault(component.target("init-values"), componentTypes=", ".join(native))


FAMILY = Family(rules=(RULE,), checks=(OnComponent(check_component, types=("Form",)),))
