"""Expressions larger than any author writes."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import HEADING, fails, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Rule

_DATA = '{ "val": { "type": "boolean", "__example__": true } }'


def _page(condition: str) -> str:
    given = f'{{ "type": "If", "condition": "{condition}", "then": [{HEADING}] }}'
    return page(given, data=_DATA)


RULE = Rule(
    id="expression-size",
    code="WAFLOWS_EXPRESSION_TOO_COMPLEX",
    evidence=("reading",),
    title="Expressions are of a sensible size",
    wording={
        "one": "The expression has more than {limit} {what}.",
        "together": (
            "The expressions of the Flow JSON have more than {limit} characters together, up "
            "to here."
        ),
    },
    why="Reading an expression without end could exhaust the reader. The limits are our own.",
    help="Write it in fewer steps.",
    since="4.0",
    failing=fails(
        _page("(" * 25 + "«(»${data.val}" + ")" * 26),
        "The expression has more than 25 parentheses and signs within each other.",
        "screens[0].layout.children[0].condition",
    ),
    passing=passes(_page("(" * 25 + "${data.val}" + ")" * 25)),
)
_WHAT = {
    "too-deep": "parentheses and signs within each other",
    "too-long": "operators",
    "too-many": "parts",
}


def check_use(use: Use) -> Iterator[Finding]:
    """A condition or an expression that the parser gave up on."""
    problem = use.problem
    if problem is not None and problem.kind == "too-much":
        yield RULE.finding(use.target(), say="together", **problem.words)
    elif problem is not None and problem.kind in _WHAT:
        yield RULE.finding(use.target(problem.span), what=_WHAT[problem.kind], **problem.words)


FAMILY = Family(rules=(RULE,), checks=(OnUse(check_use, when=lambda use: use.wrong),))
