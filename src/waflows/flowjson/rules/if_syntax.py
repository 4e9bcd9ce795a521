"""The grammar of an If's condition."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import HEADING, fails, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Example, Rule

_DATA = """{
  "val": { "type": "boolean", "__example__": true },
  "text": { "type": "string", "__example__": "x" },
  "num": { "type": "number", "__example__": 1 }
}"""
_AT = "screens[0].layout.children[0].condition"


def _page(condition: str) -> str:
    given = f'{{ "type": "If", "condition": "{condition}", "then": [{HEADING}] }}'
    return page(given, data=_DATA)


def _fails(condition: str, message: str) -> tuple[Example, ...]:
    return fails(_page(condition), message, _AT)


_GOOD = passes(
    _page("(${data.num} > -1) && !${data.val} || (${data.text} != 'a \\\\' b')"),
    _page("${data.val}"),
)
PARENTHESES = Rule(
    id="if-empty-parens",
    code="INVALID_PROPERTY_VALUE",
    title="Parentheses of a condition are not empty",
    message="Found invalid empty parentheses at column {col}.",
    why="There is nothing to decide on. Columns count the characters of the condition from 0.",
    help="Write an operand between them, or remove them.",
    since="4.0",
    failing=_fails("${data.val} && «()»", "Found invalid empty parentheses at column 15."),
    passing=_GOOD,
)
NEGATIVE = Rule(
    id="if-negative",
    code="INVALID_PROPERTY_VALUE",
    title="A minus sign belongs to a number",
    message="A numerical value is expected to follow the negative sign.",
    why="Conditions compare; they do not calculate.",
    help="Write the number right behind the sign: -1.",
    since="4.0",
    failing=_fails(
        "${data.num} > «-»a", "A numerical value is expected to follow the negative sign."
    ),
    passing=_GOOD,
)
SYNTAX = Rule(
    id="if-syntax",
    code="INVALID_PROPERTY_VALUE",
    title="A condition is well formed",
    wording={
        "unopened": "Missing opening parenthesis for the closing parenthesis at column {col}.",
        "unclosed": "Missing closing parenthesis.",
        "open-quote": "Missing closing quote for string.",
        "no-operator": "Missing operator between '{firstValue}' and '{secondValue}'.",
        "operator": "Invalid operator '{operator}' found at column {col}.",
        "operand": "Invalid operand format '{operand}' found at column {col}.",
        "character": "Unexpected character '{character}' found at column {col}.",
        "misplaced": (
            "Wrong positioning of operator '{operator}'. It cannot be used in concatenation with "
            "'{firstValue}'."
        ),
        "after": (
            "Wrong positioning of operator '{operator}'. It cannot be used after '{operand}' at "
            "column {col}."
        ),
        "mismatch": (
            "Type mismatch in an equality operation between '{firstValue}' and '{secondValue}' at "
            "column {col}."
        ),
        "literal": "Invalid literal '{literal}'.",
        "no-operand": "Missing operand after last operator '{operator}'.",
    },
    why="Operands are bindings, numbers, true, false and 'text'; operators are ( ) == != && || ! "
    "> >= < <=. Both sides of == and != have one type, > and the like compare numbers, && and || "
    "join booleans. Columns count the characters of the condition from 0. Only the first problem "
    "of a condition is reported.",
    help="Correct the condition, for example: (${data.num} > 1) && (${data.text} != 'x').",
    since="4.0",
    failing=_fails(
        "${data.val}«)»", "Missing opening parenthesis for the closing parenthesis at column 11."
    )
    + _fails("«(»${data.val}", "Missing closing parenthesis.")
    + _fails("${data.text} == «'x»", "Missing closing quote for string.")
    + _fails(
        "${data.val} «${data.val}»", "Missing operator between '${data.val}' and '${data.val}'."
    )
    + _fails("${data.val} «=» true", "Invalid operator '=' found at column 12.")
    + _fails("«${val}» == true", "Invalid operand format '${val}' found at column 0.")
    + _fails("${data.val} «#» true", "Unexpected character '#' found at column 12.")
    + _fails(
        "${data.val} «||» ${data.text}",
        "Wrong positioning of operator '||'. It cannot be used in concatenation with "
        "'${data.text}'.",
    )
    + _fails(
        "${data.text} «||» ${data.val}",
        "Wrong positioning of operator '||'. It cannot be used after '${data.text}' at column 13.",
    )
    + _fails(
        "«${data.num} == 'x'»",
        "Type mismatch in an equality operation between '${data.num}' and 'x' at column 12.",
    )
    + _fails("${data.text} == «own»", "Invalid literal 'own'.")
    + _fails("${data.val} «&&»", "Missing operand after last operator '&&'."),
    passing=_GOOD,
)


def check_use(use: Use) -> Iterator[Finding]:
    """What keeps a condition from being one."""
    problem = use.problem
    assert problem is not None, "asked for by the traits"
    at = use.target(problem.span)
    if problem.kind == "empty-parentheses":
        yield PARENTHESES.finding(at, **problem.words)
    elif problem.kind == "negative":
        yield NEGATIVE.finding(at)
    elif problem.kind in SYNTAX.wording:
        ticked = use.text.strip().startswith("`")
        advice = "A condition stands without backticks: remove them." if ticked else None
        yield SYNTAX.finding(at, say=problem.kind, advice=advice, **problem.words)


FAMILY = Family(
    rules=(PARENTHESES, NEGATIVE, SYNTAX),
    checks=(OnUse(check_use, when=lambda use: use.wrong and use.kind == "condition"),),
)
