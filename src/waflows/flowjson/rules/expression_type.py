"""What a backtick expression gives."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse, OnValue
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place

_VISIBLE = '{ "type": "TextBody", "text": "Hi", "visible": VALUE }'
_RETURNS = (
    'Error while parsing dynamic expression "{expression}". The expression return type is '
    "'{type}' which does not match the schema for the property."
)
_GOOD = passes(page(INPUT, _VISIBLE.replace("VALUE", "\"`(${form.city} != '') && true`\"")))
_AT = "screens[0].layout.children[1]"

RULE = Rule(
    id="expression-type",
    code="INVALID_PROPERTY_VALUE",
    evidence=("names", "reports"),
    title="An expression has the type of its property",
    message=_RETURNS,
    why="What the expression gives is nothing the property takes. Without backticks it is text. "
    "The message is the one reported from live validation.",
    help="Write an expression that gives another type, in backticks.",
    since="6.0",
    failing=fails(
        page(INPUT, _VISIBLE.replace("VALUE", "«\"`'In ' ${form.city}`\"»")),
        _RETURNS.replace("{expression}", "'In ' ${form.city}").replace("{type}", "string"),
        f"{_AT}.visible",
    )
    + fails(
        page(INPUT, _VISIBLE.replace("VALUE", "«\"${form.city} != ''\"»")),
        _RETURNS.replace("{expression}", "${form.city} != ''").replace("{type}", "string"),
        f"{_AT}.visible",
    ),
    passing=_GOOD,
)


def check_property(place: Place) -> Iterator[Finding]:
    """Text with a binding in it where no text may stand."""
    slot, value = place.slot, place.value
    if slot is None or not slot.dynamic or "string" in slot.types or not isinstance(value, str):
        return
    if "${" in value and expressions.classify(value) == "text":
        yield RULE.finding(place.target(), expression=value, type="string")


def check_use(use: Use) -> Iterator[Finding]:
    """An expression whose type is none of its property's."""
    given = use.types_given if use.problem is None else ()
    if use.types and given and not set(given) & set(use.types):
        yield RULE.finding(use.target(), expression=use.text[1:-1], type=given[0])


FAMILY = Family(
    rules=(RULE,),
    checks=(OnValue(check_property), OnUse(check_use, when=lambda use: use.kind == "nested")),
)
