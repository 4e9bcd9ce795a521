"""The types of what properties are bound to."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Gap, Rule

_TEXT = '{ "type": "TextBody", "text": "Hi", "visible": "${data.member}" }'
_PICKER = """{
  "type": "PhotoPicker", "name": "photo", "label": "Photo",
  "error-message": "${data.error}"
}"""

ONE = Rule(
    id="dyn-type",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    title="A property is bound to data of its type",
    message="Expected '{dataModelPointer}' to be of type '{expectedPropertyType}'.",
    why="The declared type is not the one the property takes.",
    help="Change the declaration to {expectedPropertyType}, or bind another field.",
    failing=fails(
        page(
            _TEXT.replace('"${data.member}"', '«"${data.member}"»'),
            data='{ "member": { "type": "string", "__example__": "yes" } }',
        ),
        "Expected '${data.member}' to be of type 'boolean'.",
        "screens[0].layout.children[0].visible",
    ),
    passing=passes(page(_TEXT, data='{ "member": { "type": "boolean", "__example__": true } }')),
)
SEVERAL = Rule(
    id="dyn-one-of-types",
    code="INVALID_SCREEN_DYNAMIC_DATA",
    other_codes=("INVALID_TEXT_DYNAMIC_DATA",),
    evidence=("page", "names"),
    title="A property is bound to data of one of its types",
    message="Expected '{dataModelPointer}' to be of one of these types: [{types}].",
    why="The declared type is none of those the property takes.",
    help="Change the declaration, or bind another field.",
    since="4.0",
    failing=fails(
        page(
            _PICKER.replace('"${data.error}"', '«"${data.error}"»'),
            data='{ "error": { "type": "boolean", "__example__": true } }',
        ),
        "Expected '${data.error}' to be of one of these types: [string, object].",
        "screens[0].layout.children[0].error-message",
    ),
    passing=passes(page(_PICKER, data='{ "error": { "type": "string", "__example__": "" } }')),
)
FIELD = Gap(
    id="form-value-type",
    code="WAFLOWS_FORM_VALUE_TYPE",
    evidence=("reading",),
    title="A property is bound to an input of its type",
    message="The value of {field} is of type {given}, but '{property}' takes {taken}.",
    why="Types must fit, but Meta documents an error for declared data only.",
    help="Bind another input, or compare it with something in an expression.",
    failing=fails(
        page(INPUT, _TEXT.replace('"${data.member}"', '«"${form.city}"»')),
        "The value of ${form.city} is of type string, but 'visible' takes boolean.",
        "screens[0].layout.children[1].visible",
    ),
    passing=passes(page(INPUT, '{ "type": "TextBody", "text": "${form.city}" }')),
)


def check_use(use: Use) -> Iterator[Finding]:
    """A binding that is a property's whole value."""
    if use.in_payload or use.expression.kind != "binding" or not use.types:
        return
    given = use.types_given
    if not given or set(given) & set(use.types) or use.found[0][1].own:
        return
    taken = use.types
    if use.found[0][0].source == "form":
        yield FIELD.finding(
            use.target(),
            field=use.text,
            given=given[0],
            property=use.property_name,
            taken=" or ".join(taken),
        )
    elif len(taken) == 1:
        yield ONE.finding(use.target(), dataModelPointer=use.text, expectedPropertyType=taken[0])
    else:
        code = "INVALID_TEXT_DYNAMIC_DATA" if use.owner == "RichText" else None
        yield SEVERAL.finding(
            use.target(), code=code, dataModelPointer=use.text, types=", ".join(taken)
        )


FAMILY = Family(rules=(ONE, SEVERAL, FIELD), checks=(OnUse(check_use, when=lambda use: use.typed),))
