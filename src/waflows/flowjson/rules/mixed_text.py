"""Text around a binding."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Fault
from waflows.flowjson.document import Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Gap

_TEXT = '{ "type": "TextBody", "text": TEXT }'

RULE = Gap(
    id="mixed-text",
    code="WAFLOWS_BINDING_IN_TEXT",
    evidence=("page", "reports"),
    title="A binding is the whole value",
    message="'{text}' mixes text and a binding.",
    why="The documentation calls this an error; in practice the value is accepted and shown as it "
    "is written, with the dollar sign and the braces.",
    help="From 6.0 write an expression: `'…' ${data.field}`; before, send the finished text.",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '«"In ${form.city}"»')),
        "'In ${form.city}' mixes text and a binding.",
        "screens[0].layout.children[1].text",
    ),
    passing=passes(page(INPUT, _TEXT.replace("TEXT", '"${form.city}"'))),
)
_LONGEST = 60


def check_use(use: Use) -> Iterator[Fault]:
    """A string that holds a binding and more."""
    text = use.text if len(use.text) <= _LONGEST else f"{use.text[:_LONGEST]}…"
    yield RULE.fault(use.target(), text=text)


FAMILY = Family(rules=(RULE,), checks=(OnUse(check_use, when=lambda use: use.kind == "text"),))
