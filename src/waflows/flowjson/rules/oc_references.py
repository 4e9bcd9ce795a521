"""What an action's payload refers to: inputs and fields that exist."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.binding_help import operator_advice
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import (
    INPUT,
    a_screen,
    ask,
    endpoint_flow,
    fails,
    finish,
    page,
    passes,
)
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Rule

_FORM = """{
  "type": "Form", "name": "form",
  "children": [
    { "type": "TextInput", "name": "city", "label": "City" }
  ]
}"""
_DATA = '{ "city": { "type": "string", "__example__": "Porto" } }'
_OPT_IN = """{
  "type": "OptIn", "name": "agree", "label": "I agree",
  "on-select-action": { "name": "update_data", "payload": { "city": VALUE } }
}"""
_AT = "screens[0].layout.children[1].on-click-action.payload.city"

NO_INPUT = Rule(
    id="oc-missing-form-component",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="A payload refers to inputs of its screen",
    message="Missing Form component {expression} for screen '{screenId}'.",
    why="${form.name} is the value of the input called name on the same screen.",
    help="Use the name of an input of this screen; for another screen write "
    "${screen.ID.form.name}.",
    failing=fails(
        page(INPUT, last=finish('{ "city": «"${form.town}"» }')),
        "Missing Form component ${form.town} for screen 'MAIN'.",
        _AT,
    ),
    passing=passes(page(INPUT, last=finish('{ "city": "${form.city}" }'))),
)
NO_FIELD = Rule(
    id="oc-missing-data",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="A payload refers to declared data of its screen",
    wording={
        "screen": "Missing dynamic data '{expression}' in the data model for screen {screenId}.",
        "navigate": "Missing dynamic data '{expression}' in the screen data model.",
    },
    why="${data.field} is a field that the screen declares in its data. The second wording is "
    "that of navigate actions.",
    help="Declare the field in the screen's data, or correct its name.",
    failing=fails(
        page(INPUT, data=_DATA, last=finish('{ "city": «"${data.town}"» }')),
        "Missing dynamic data '${data.town}' in the data model for screen MAIN.",
        _AT,
    ),
    passing=passes(page(INPUT, data=_DATA, last=finish('{ "city": "${data.city}" }'))),
)
FORM_ITSELF = Rule(
    id="oc-form-value",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="A Form has no value of its own",
    message="Value of 'Form' component cannot be used in form binding.",
    why="Only inputs have values; a Form merely holds them.",
    help="Refer to the inputs of the Form, one by one.",
    failing=fails(
        page(_FORM, last=finish('{ "city": «"${form.form}"» }')),
        "Value of 'Form' component cannot be used in form binding.",
        _AT,
    ),
    passing=passes(page(_FORM, last=finish('{ "city": "${form.city}" }'))),
)
NO_PROPERTY = Rule(
    id="action-payload-property",
    code="INVALID_ACTION_PAYLOAD_PROPERTY",
    title="Payload expressions refer to declared data",
    message="The following property {property} does not exist in the screen data model",
    why="update_data changes fields of the screen's data, so they have to be declared. From 7.2 "
    "backtick expressions in any payload are looked into as well.",
    help="Declare {property} in the screen's data, or correct the name.",
    since="6.0",
    failing=fails(
        page(_OPT_IN.replace("VALUE", '"`«${data.town}»`"'), data=_DATA),
        "The following property town does not exist in the screen data model",
        "screens[0].layout.children[0].on-select-action.payload.city",
    ),
    passing=passes(
        page(_OPT_IN.replace("VALUE", '"`${data.city}`"'), data=_DATA),
        endpoint_flow(
            '{ "MAIN": [] }',
            a_screen("MAIN", ask('{ "city": "`${data.town}`" }'), head='"terminal": true'),
            version="7.1",
        ),
    ),
)


def check_use(use: Use) -> Iterator[Finding]:
    """The references of one payload value to the screen it stands on."""
    action, nested = use.action, use.expression.kind == "nested"
    if action is None or not use.in_payload:
        return
    if nested and not use.screen.flow.spec.since("7.2"):
        return
    for reference, found in use.found:
        if reference.screen is not None and not found.own:
            continue
        if found.outcome not in {"missing", "form-itself"}:
            continue
        at = use.target(use.span_of(reference))
        if found.outcome == "form-itself":
            yield FORM_ITSELF.finding(at)
        elif reference.source == "form":
            name = use.screen.name
            yield NO_INPUT.finding(at, expression=reference.text, screenId=name)
        elif nested or action.name == "update_data":
            yield NO_PROPERTY.finding(at, property=".".join(reference.path))
        else:
            yield NO_FIELD.finding(
                at,
                say="navigate" if action.name == "navigate" else "screen",
                advice=operator_advice(reference.text),
                expression=reference.text,
                screenId=use.screen.name,
            )


FAMILY = Family(
    rules=(NO_INPUT, NO_FIELD, FORM_ITSELF, NO_PROPERTY),
    checks=(OnUse(check_use, when=lambda use: use.unsound),),
)
