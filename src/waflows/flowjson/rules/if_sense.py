"""What a condition says: something that can be true or false, and depends on the user."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import HEADING, fails, page, passes
from waflows.flowjson.expressions import Literal, Reference
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Example, Gap, Rule

_DATA = """{
  "val": { "type": "boolean", "__example__": true },
  "text": { "type": "string", "__example__": "x" }
}"""
_AT = "screens[0].layout.children[0].condition"


def _page(condition: str) -> str:
    given = f'{{ "type": "If", "condition": {condition}, "then": [{HEADING}] }}'
    return page(given, data=_DATA)


def _fails(condition: str, message: str) -> tuple[Example, ...]:
    return fails(_page(condition), message, _AT)


_GOOD = passes(_page("\"(${data.text} == 'x') && ${data.val}\""), _page('"${data.val}"'))
LITERALS = Rule(
    id="if-literals",
    code="INVALID_PROPERTY_VALUE",
    title="A comparison has a binding on one side",
    message=(
        "An operator cannot not have literals on both sides. Found invalid syntax at column {col}."
    ),
    why="Between two literals the answer is always the same.",
    help="Write a binding on one side.",
    since="4.0",
    failing=_fails(
        '"«1 == 2»"',
        "An operator cannot not have literals on both sides. Found invalid syntax at column 2.",
    ),
    passing=_GOOD,
)
NOT_BOOLEAN = Rule(
    id="if-single-not-boolean",
    code="INVALID_PROPERTY_VALUE",
    title="A binding alone is a boolean",
    message="Expected single operand to be a boolean.",
    why="A text or a number is neither true nor false.",
    help="Compare it with something: ${data.text} == 'x'.",
    since="4.0",
    failing=_fails('«"${data.text}"»', "Expected single operand to be a boolean."),
    passing=_GOOD,
)
LITERAL = Rule(
    id="if-single-literal",
    code="INVALID_PROPERTY_VALUE",
    title="A condition is more than a literal",
    message="The only operand is a literal value. Expected single operand to be a boolean.",
    why="The answer would always be the same.",
    help="Use a binding, or take the If away.",
    since="4.0",
    failing=_fails(
        '«"true"»',
        "The only operand is a literal value. Expected single operand to be a boolean.",
    ),
    passing=_GOOD,
)
LOOSE = Gap(
    id="condition-precedence",
    code="WAFLOWS_UNCLEAR_PRECEDENCE",
    evidence=("page", "reading"),
    title="Comparisons next to && and || stand in parentheses",
    message="It is unclear whether {comparison} is compared before && and ||.",
    why="The documentation says that && comes before the other operators, which would compare the "
    "outcome of && with a value. All its examples use parentheses. waflows compares first.",
    help="Put it in parentheses: ({comparison}).",
    since="4.0",
    failing=_fails(
        "\"${data.val} && «${data.text} == 'x'»\"",
        "It is unclear whether ${data.text} == 'x' is compared before && and ||.",
    ),
    passing=_GOOD,
)


def check_use(use: Use) -> Iterator[Finding]:
    """The sense of a condition that is well formed."""
    expression, problem = use.expression, use.problem
    if problem is not None:
        if problem.kind == "literals":
            yield LITERALS.finding(use.target(problem.span), **problem.words)
        return
    tree = expression.tree
    if isinstance(tree, Literal):
        yield LITERAL.finding(use.target())
    elif isinstance(tree, Reference) and use.types_given and "boolean" not in use.types_given:
        yield NOT_BOOLEAN.finding(use.target())
    elif expression.loose is not None:
        start, end = expression.loose
        yield LOOSE.finding(use.target(expression.loose), comparison=use.text[start:end])


FAMILY = Family(
    rules=(LITERALS, NOT_BOOLEAN, LITERAL, LOOSE),
    checks=(OnUse(check_use, when=lambda use: use.kind == "condition"),),
)
