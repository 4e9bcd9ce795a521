"""The grammar of backtick expressions, and the operands of their operators."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Rule

_TEXT = '{ "type": "TextBody", "text": TEXT }'
_VISIBLE = '{ "type": "TextBody", "text": "Hi", "visible": VALUE }'
_GOOD = passes(
    page(INPUT, _TEXT.replace("TEXT", "\"`'In ' ${form.city} ': ' (3 / 2)`\"")),
    page(INPUT, _VISIBLE.replace("VALUE", "\"`(${form.city} != '') && true`\"")),
)
_AT = "screens[0].layout.children[1]"

SYNTAX = Rule(
    id="expression-syntax",
    code="INVALID_PROPERTY_VALUE",
    evidence=("page", "names", "reports"),
    title="A backtick expression is well formed",
    message='Unexpected "{found}" at character {col}',
    why="Between backticks stand bindings, numbers, true, false, 'text' in single quotes, "
    "operators and parentheses; everything else is refused. The message is the one reported from "
    "live validation. Characters count from 0 after the first backtick.",
    help="Put text in single quotes: `'Total: ' ${data.total}`.",
    since="6.0",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '"`City«:» ${form.city}`"')),
        'Unexpected ":" at character 4',
        f"{_AT}.text",
    ),
    passing=_GOOD,
)
OPERANDS = Rule(
    id="expression-operands",
    code="INVALID_PROPERTY_VALUE",
    evidence=("names", "reports"),
    title="Operators get operands of their type",
    message="Operator '{operator}' cannot be used with '{operand}'.",
    why="== and != compare two values of one type, < and the like and arithmetic take numbers, "
    "&& and || booleans. Meta checks this when the flow is created.",
    help="Compare values of one type; calculate with numbers only.",
    since="6.0",
    failing=fails(
        page(INPUT, _VISIBLE.replace("VALUE", '"`«${form.city} == 1»`"')),
        "Operator '==' cannot be used with '1'.",
        f"{_AT}.visible",
    ),
    passing=_GOOD,
)
_JOINED = "Texts are joined by writing them side by side: `'Hi ' ${data.name}`."
_TOO_LARGE = {"too-long", "too-deep", "too-many", "too-much"}


def check_use(use: Use) -> Iterator[Finding]:
    """What keeps the text between backticks from being an expression, or from making sense."""
    expression, problem = use.expression, use.problem
    if problem is None or problem.kind in _TOO_LARGE:
        return
    at = use.target(problem.span)
    if expression.problem is not None:
        start, end = problem.span
        found = use.text[start:end] or "`"
        yield SYNTAX.finding(at, found=found, col=start - 1)
    elif problem.kind != "literals":
        words = problem.words
        operand = words.get("operand") or words.get("secondValue") or words.get("firstValue")
        operator = words.get("operator", "==")
        advice = _JOINED if operator == "+" else None
        yield OPERANDS.finding(at, advice=advice, operator=operator, operand=operand)


FAMILY = Family(
    rules=(SYNTAX, OPERANDS),
    checks=(OnUse(check_use, when=lambda use: use.wrong and use.kind == "nested"),),
)
