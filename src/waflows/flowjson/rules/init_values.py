"""Initial values and error messages: those of a Form, and those of an input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import PICKERS, Component, Use
from waflows.flowjson.examples import INPUT, fails, page, passes, sending
from waflows.flowjson.family import Family, OnComponent, OnUse
from waflows.flowjson.json_types import json_type
from waflows.flowjson.resolve import value_types
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.spec.components import COMPONENTS

_FORM = """{
  "type": "Form", "name": "form",
  "init-values": VALUES,
  "children": [
    { "type": "PhotoPicker", "name": "photo", "label": "Photo" },
    { "type": "TextInput", "name": "city", "label": "City" }
  ]
}"""
_AGE = """{
  "type": "Form", "name": "form",
  PROPERTY,
  "children": [
    { "type": "TextInput", "name": "age", "label": "Age", "input-type": "number"MORE }
  ]
}"""
_AT = "screens[0].layout.children[0]"


def _age(text: str, more: str = "") -> str:
    inputs = _AGE.replace("PROPERTY", text).replace("MORE", more)
    return page(inputs, last=sending("age"))


FILES = Rule(
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
TYPE = Rule(
    id="init-value-type",
    code="INVALID_PROPERTY_VALUE",
    evidence=("page", "names"),
    title="An initial value has the type of its input",
    message="Initial value of {componentType} '{name}' should be {expected}, but is {found}.",
    why="A number input starts with a number, a group with a list of option ids, a Dropdown and "
    "radio buttons with one id, an OptIn with true or false. From 7.0 anything else is an error.",
    help="Write {expected}.",
    warning_until="7.0",
    failing=fails(
        _age('"init-values": { "age": «"abc"» }'),
        "Initial value of TextInput 'age' should be a number, but is string.",
        f"{_AT}.init-values.age",
    ),
    passing=passes(_age('"init-values": { "age": 34 }')),
)
MESSAGE = Rule(
    id="error-message-type",
    code="INVALID_PROPERTY_VALUE",
    evidence=("names",),
    title="An error message is a text",
    message="Error message of '{name}' should be a string, but is {found}.",
    why="The message is shown under the input. From 7.0 anything but a text is an error.",
    help="Write a text.",
    warning_until="7.0",
    failing=fails(
        _age('"error-messages": { "age": «5» }'),
        "Error message of 'age' should be a string, but is number.",
        f"{_AT}.error-messages.age",
    ),
    passing=passes(_age('"error-messages": { "age": "Too young" }')),
)
UNKNOWN = Gap(
    id="init-value-unknown",
    code="WAFLOWS_UNKNOWN_INPUT",
    evidence=("reading",),
    title="Initial values and error messages name inputs that exist",
    message="'{name}' in {property} is not the name of an input of the Form.",
    why="The value is never shown: no input takes it.",
    help="Use the name of an input of the Form, or remove it.",
    failing=fails(
        _age('"init-values": { «"agee"»: 34 }'),
        "'agee' in init-values is not the name of an input of the Form.",
        f"{_AT}.init-values.agee",
    ),
    passing=passes(_age('"init-values": { "age": 34 }')),
)
INSIDE = Gap(
    id="init-value-in-form",
    code="WAFLOWS_ATTRIBUTE_IN_FORM",
    evidence=("page", "reports"),
    title="In a Form, initial values and error messages belong to the Form",
    message="'{property}' is only available when the component is outside a Form.",
    why="The documentation gives these two properties to inputs outside a Form; reports say that "
    "the validator refuses them inside.",
    help="Move it into {forms} of the Form.",
    since="4.0",
    failing=fails(
        _age('"init-values": {}', ', «"init-value"»: 34'),
        "'init-value' is only available when the component is outside a Form.",
        f"{_AT}.children[0].init-value",
    ),
    passing=passes(page(INPUT.replace(" }", ', "init-value": "Porto" }'))),
)
RADIO = Gap(
    id="init-value-radio-list",
    code="WAFLOWS_RADIO_INIT_VALUE",
    evidence=("page", "reports"),
    title="Radio buttons start with one id",
    message="'init-value' of RadioButtonsGroup should be one id, not a list.",
    why="One option can be chosen. Meta's table of the component says a list, its page on Flow "
    "JSON and reports say a string.",
    help="Write the id of the option as a string.",
    since="4.0",
    failing=fails(
        page(
            """{
  "type": "RadioButtonsGroup", "name": "room", "label": "Room", "init-value": «["a"]»,
  "data-source": [{ "id": "a", "title": "Garden" }]
}""",
            last=sending("room"),
        ),
        "'init-value' of RadioButtonsGroup should be one id, not a list.",
        f"{_AT}.init-value",
    ),
    passing=passes(
        page(
            """{
  "type": "RadioButtonsGroup", "name": "room", "label": "Room", "init-value": "a",
  "data-source": [{ "id": "a", "title": "Garden" }]
}""",
            last=sending("room"),
        )
    ),
)
_SHOWN = {
    "string": "a string",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list of strings",
    "object": "an object",
}
_ATTRIBUTES = {"init-value": "init-values", "error-message": "error-messages"}
_INPUTS = tuple(kind.name for kind in COMPONENTS.values() if kind.value)
_OBJECT_MESSAGES = (*PICKERS, "CalendarPicker")


def check_form(form: Component) -> Iterator[Finding]:
    """The initial values and error messages of a Form."""
    fields = form.screen.fields
    values, messages = form.value.get("init-values"), form.value.get("error-messages")
    if isinstance(values, dict):
        types = [fields[name].type for name in values if name in fields]
        native = dict.fromkeys(kind for kind in types if kind in PICKERS)
        if native:
            yield FILES.finding(form.target("init-values"), componentTypes=", ".join(native))
        yield from _unknown(form, "init-values", values)
        for name, value in values.items():
            if name in fields and fields[name].type not in PICKERS and not _is_bound(value):
                yield from _mistyped(form, ("init-values", name), fields[name], value)
    if isinstance(messages, dict):
        yield from _unknown(form, "error-messages", messages)
        for name, value in messages.items():
            found = json_type(value)
            many = name in fields and fields[name].type in _OBJECT_MESSAGES
            if found != "string" and not (many and found == "object"):
                yield MESSAGE.finding(form.target("error-messages", name), name=name, found=found)


def check_input(component: Component) -> Iterator[Finding]:
    """What an input says of its own initial value and error message."""
    value = component.value
    if component.in_form:
        for name, forms in _ATTRIBUTES.items():
            if name in value and component.type not in PICKERS:
                yield INSIDE.finding(component.target(name, key=True), property=name, forms=forms)
        return
    given = value.get("init-value")
    if component.type == "TextInput" and given is not None and not _is_bound(given):
        if isinstance(given, str | int | float) and not isinstance(given, bool):
            yield from _mistyped(component, ("init-value",), component, given)
    elif component.type == "RadioButtonsGroup" and isinstance(given, list):
        yield RADIO.finding(component.target("init-value"))


def check_use(use: Use) -> Iterator[Finding]:
    """A binding that is an initial value of a Form."""
    form = use.component
    if form is None or form.type != "Form" or len(use.steps) != 2:
        return
    place, name = use.steps
    field = form.screen.fields.get(str(name))
    given = use.types_given
    if not given or (place == "init-values" and field is None):
        return
    if place == "error-messages":
        if "string" not in given and "object" not in given:
            yield MESSAGE.finding(use.target(), name=name, found=given[0])
    elif field is not None:
        expected = _expected(field)
        if expected and not set(given) & set(expected):
            yield _finding(use.component, use.steps, field, expected, given[0])


def _unknown(form: Component, name: str, values: dict[str, Any]) -> Iterator[Finding]:
    for key in values:
        if key not in form.screen.fields:
            yield UNKNOWN.finding(form.target(name, key, key=True), name=key, property=name)


def _mistyped(
    owner: Component, steps: tuple[str, ...], field: Component, value: Any
) -> Iterator[Finding]:
    expected, found = _expected(field), json_type(value)
    if not expected:
        return
    numeric = expected[0] == "number" and isinstance(value, str) and _is_number(value)
    strings = found != "array" or all(isinstance(each, str) for each in value)
    if not numeric and (found not in expected or not strings):
        yield _finding(owner, steps, field, expected, found)


def _finding(
    owner: Component | None,
    steps: tuple[str | int, ...],
    field: Component,
    expected: tuple[str, ...],
    found: str,
) -> Finding:
    assert owner is not None
    return TYPE.finding(
        owner.target(*steps),
        componentType=field.type,
        name=field.value.get("name", ""),
        expected=_SHOWN[expected[0]],
        found=found,
    )


def _expected(field: Component) -> tuple[str, ...]:
    """The types an input starts with; a number for a numeric text input."""
    types = value_types(field)
    return types[:1] if field.type == "TextInput" else types


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_bound(value: Any) -> bool:
    return isinstance(value, str) and expressions.classify(value) is not None


FAMILY = Family(
    rules=(FILES, TYPE, MESSAGE, UNKNOWN, INSIDE, RADIO),
    checks=(
        OnComponent(check_form, types=("Form",)),
        OnComponent(check_input, types=_INPUTS, since="4.0"),
        OnUse(check_use, when=lambda use: use.kind == "binding" and not (use.payload or use.typed)),
    ),
)
