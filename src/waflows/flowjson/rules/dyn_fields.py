"""What the properties of components are bound to: fields and inputs that exist."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.binding_help import operator_advice
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Rule

_TEXT = '{ "type": "TextBody", "text": TEXT }'
_DATA = '{ "city": { "type": "string", "__example__": "Porto" } }'

NO_FIELD = Rule(
    id="dyn-missing",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    title="A property is bound to declared data",
    message="Missing dynamic data '{expression}' in the screen data model.",
    why="${data.field} is a field that the screen declares in its data.",
    help="Declare the field in the screen's data, or correct its name.",
    failing=fails(
        page(_TEXT.replace("TEXT", '«"${data.town}"»'), data=_DATA),
        "Missing dynamic data '${data.town}' in the screen data model.",
        "screens[0].layout.children[0].text",
    ),
    passing=passes(page(_TEXT.replace("TEXT", '"${data.city}"'), data=_DATA)),
)
NO_INPUT = Rule(
    id="dyn-missing-form-component",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    title="A property is bound to an input of its screen",
    message="Missing Form component {expression} for screen '{screenId}'.",
    why="${form.name} is the value of the input called name on the same screen. Meta documents "
    "the message for payloads only; here it comes with the code of bindings in properties.",
    help="Use the name of an input of this screen; for another screen write "
    "${screen.ID.form.name}.",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", "\"`'In ' «${form.town}»`\"")),
        "Missing Form component ${form.town} for screen 'MAIN'.",
        "screens[0].layout.children[1].text",
    ),
    passing=passes(page(INPUT, _TEXT.replace("TEXT", '"${form.city}"'))),
)


def check_use(use: Use) -> Iterator[Finding]:
    """The references of a property to its own screen."""
    if use.in_payload:
        return
    for reference, found in use.found:
        if reference.screen is None and found.outcome in {"missing", "form-itself"}:
            at = use.target(use.span_of(reference))
            if reference.source == "data":
                advice = operator_advice(reference.text)
                yield NO_FIELD.finding(at, advice=advice, expression=reference.text)
            else:
                name = use.screen.name
                yield NO_INPUT.finding(at, expression=reference.text, screenId=name)


FAMILY = Family(
    rules=(NO_FIELD, NO_INPUT), checks=(OnUse(check_use, when=lambda use: use.unsound),)
)
