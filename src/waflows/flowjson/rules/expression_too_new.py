"""Expressions and references that the document's version does not know yet."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse, OnValue
from waflows.flowjson.rule import Gap
from waflows.flowjson.shape import Place

_TEXT = '{ "type": "TextBody", "text": TEXT }'
_NESTED = "\"`'Hello ' ${form.city}`\""

EXPRESSION = Gap(
    id="expression-too-new",
    code="WAFLOWS_EXPRESSION_BEFORE_6_0",
    evidence=("page", "reading"),
    title="Backtick expressions came with 6.0",
    message="Expressions in backticks came with Flow JSON 6.0; the document says {version}.",
    why="An older client shows the text as it is written, with the backticks.",
    help='Move to "version": "6.0" or later, or send the finished text.',
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", f"«{_NESTED}»"), version="5.1"),
        "Expressions in backticks came with Flow JSON 6.0; the document says 5.1.",
        "screens[0].layout.children[1].text",
    ),
    passing=passes(page(INPUT, _TEXT.replace("TEXT", _NESTED), version="6.0")),
)
GLOBAL = Gap(
    id="global-too-new",
    code="WAFLOWS_GLOBAL_REFERENCE_BEFORE_4_0",
    evidence=("page", "reading"),
    title="References to other screens came with 4.0",
    message="References to other screens came with Flow JSON 4.0; the document says {version}.",
    why="An older client does not look at other screens.",
    help='Move to "version": "4.0" or later, or hand the value over in the payload.',
    failing=(),  # an older version is frozen, which is reported too; the rule's test shows both
    passing=passes(page(INPUT)),
)


def check_property(place: Place) -> Iterator[Finding]:
    """An expression before 6.0."""
    slot, value = place.slot, place.value
    if slot is None or not slot.dynamic or not isinstance(value, str):
        return
    if expressions.classify(value) == "nested" and "${" in value:
        yield EXPRESSION.finding(place.target(), version=place.flow.spec.version)


def check_use(use: Use) -> Iterator[Finding]:
    """A global reference before 4.0."""
    yield GLOBAL.finding(use.target(), version=use.screen.flow.spec.version)


FAMILY = Family(
    rules=(EXPRESSION, GLOBAL),
    checks=(
        OnValue(check_property, until="6.0"),
        OnUse(check_use, when=lambda use: use.elsewhere, until="4.0"),
    ),
)
