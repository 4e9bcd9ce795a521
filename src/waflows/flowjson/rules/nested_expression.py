"""Backtick expressions, and text that looks like an expression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Fault
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.shape import Place

_TEXT = '{ "type": "TextBody", "text": TEXT }'
_VISIBLE = '{ "type": "TextBody", "text": "Hi", "visible": VALUE }'
_RETURNS = (
    'Error while parsing dynamic expression "{expression}". The expression return type is '
    "'{type}' which does not match the schema for the property."
)
_GOOD = passes(
    page(INPUT, _TEXT.replace("TEXT", "\"`'In ' ${form.city} ': ' (3 / 2)`\"")),
    page(INPUT, _VISIBLE.replace("VALUE", "\"`(${form.city} != '') && true`\"")),
)
_AT = "screens[0].layout.children[1]"

SYNTAX = Rule(
    id="expression-syntax",
    code="WAFLOWS_INVALID_EXPRESSION",
    title="A backtick expression is well formed",
    messages=('Unexpected "{found}" at character {col}',),
    why="Between backticks stand bindings, numbers, true, false, 'text' in single quotes, "
    "operators and parentheses; everything else is refused. The message is the one reported from "
    "live validation, the code is not known. Characters count from 0 after the first backtick.",
    help="Put text in single quotes: `'Total: ' ${data.total}`.",
    since="6.0",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '"`City«:» ${form.city}`"')),
        'Unexpected ":" at character 4',
        f"{_AT}.text",
    ),
    passing=_GOOD,
)
TYPE = Rule(
    id="expression-type",
    code="WAFLOWS_EXPRESSION_TYPE",
    title="An expression has the type of its property",
    messages=(_RETURNS,),
    why="What the expression gives is nothing the property takes. Without backticks it is text. "
    "The message is the one reported from live validation, the code is not known.",
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
OPERANDS = Rule(
    id="expression-operands",
    code="WAFLOWS_EXPRESSION_OPERANDS",
    title="Operators get operands of their type",
    messages=("Operator '{operator}' cannot be used with '{operand}'.",),
    why="== and != compare two values of one type, < and the like and arithmetic take numbers, "
    "&& and || booleans. Meta checks this when the flow is created, under a code not known.",
    help="Compare values of one type; calculate with numbers only.",
    since="6.0",
    failing=fails(
        page(INPUT, _VISIBLE.replace("VALUE", '"`«${form.city} == 1»`"')),
        "Operator '==' cannot be used with '1'.",
        f"{_AT}.visible",
    ),
    passing=_GOOD,
)
MIXED = Gap(
    id="mixed-text",
    code="WAFLOWS_BINDING_IN_TEXT",
    title="A binding is the whole value",
    messages=("'{text}' mixes text and a binding.",),
    why="The documentation calls this an error; in practice the value is accepted and shown as it "
    "is written, with the dollar sign and the braces.",
    help="From 6.0 write an expression: `'…' ${data.field}`; before, send the finished text.",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '«"In ${form.city}"»')),
        "'In ${form.city}' mixes text and a binding.",
        f"{_AT}.text",
    ),
    passing=_GOOD,
)
RULES = (SYNTAX, TYPE, OPERANDS, MIXED)
USES = ("nested", "text")


def check_property(place: Place) -> Iterator[Fault]:
    """Text with a binding in it where no text may stand."""
    slot, value = place.slot, place.value
    if slot is None or not slot.dynamic or "string" in slot.types or not isinstance(value, str):
        return
    if "${" in value and expressions.classify(value) == "text":
        yield TYPE.fault(place.target(), expression=value, type="string")


def check_use(use: Use) -> Iterator[Fault]:
    """An expression between backticks, or text around a binding."""
    expression, problem = use.expression, use.problem
    if expression.kind == "text":
        yield MIXED.fault(use.target(), text=_short(use.text))
    if expression.kind != "nested":
        return
    if problem is None:
        given = use.types_given
        if use.types and given and not set(given) & set(use.types):
            yield TYPE.fault(use.target(), expression=use.text[1:-1], type=given[0])
    elif problem.kind in {"too-long", "too-deep", "too-many"}:
        return
    elif expression.problem is not None:
        start = problem.span[0]
        found = use.text[start : problem.span[1]] or "`"
        yield SYNTAX.fault(use.target(problem.span), found=_short(found), col=start - 1)
    elif problem.kind != "literals":
        words: dict[str, Any] = {
            "operand": problem.words.get("secondValue") or problem.words.get("firstValue")
        }
        words["operand"] = problem.words.get("operand", words["operand"])
        operator = problem.words.get("operator", "==")
        yield OPERANDS.fault(use.target(problem.span), operator=operator, **words)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
