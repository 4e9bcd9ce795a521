"""Bindings that the client does not see as such: inside longer text, or misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Screen, Use
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnUse, OnValue
from waflows.flowjson.rule import Gap
from waflows.flowjson.shape import Place

_TEXT = '{ "type": "TextBody", "text": TEXT }'
_AT = "screens[0].layout.children[1].text"
_GOOD = passes(page(INPUT, _TEXT.replace("TEXT", '"${form.city}"')))

MIXED = Gap(
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
        _AT,
    ),
    passing=_GOOD,
)
SOURCE = Gap(
    id="binding-source",
    code="WAFLOWS_NOT_A_BINDING",
    evidence=("page", "reports"),
    title="A binding begins with data, form or screen",
    message="'{text}' is not a binding.",
    why="The client knows three sources and shows everything else as it is written.",
    help="A binding begins with data., form. or screen.ID.data. or screen.ID.form.",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '«"${city}"»')),
        "'${city}' is not a binding.",
        _AT,
    ),
    passing=_GOOD,
)
LOOKALIKE = Gap(
    id="binding-lookalike",
    code="WAFLOWS_BINDING_LOOKALIKE",
    evidence=("reading",),
    title="A binding is written ${…}",
    message="'{text}' looks like a binding.",
    why="Other template languages write bindings with other signs; the client shows them as they "
    "are written.",
    help="Write ${{path}}.",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '«"{{form.city}}"»')),
        "'{{form.city}}' looks like a binding.",
        _AT,
    ),
    passing=_GOOD,
)
_MEANT = f"Did you mean '${{{{near}}}}'? {SOURCE.help}"
_LONGEST = 60
_WHOLE = re.compile(r"\$\{([^{}]*)\}")
_PATH = r"((?:data|form|screen)\.\w[\w.-]*)"
_LIKE = re.compile(rf"(?<!\$)\{{\{{?\s{{0,9}}{_PATH}\s{{0,9}}\}}\}}?|(?<![\w$])\${_PATH}")


def check_use(use: Use) -> Iterator[Finding]:
    """A string that holds a binding and more, or what is not a binding."""
    whole = _WHOLE.fullmatch(use.text)
    if whole is None or use.expression.references:
        yield MIXED.finding(use.target(), text=_shortened(use.text))
        return
    near = _meant(whole[1], use.screen)
    advice = _MEANT if near is not None else None
    yield SOURCE.finding(use.target(), text=_shortened(use.text), advice=advice, near=near)


def check_property(place: Place) -> Iterator[Finding]:
    """A string in the signs of another template language."""
    slot, value = place.slot, place.value
    if slot is None or not slot.dynamic or not isinstance(value, str):
        return
    found = _LIKE.search(value) if expressions.classify(value) is None else None
    if found is not None:
        path = found[1] or found[2]
        yield LOOKALIKE.finding(place.target(), text=_shortened(value), path=path)


def _meant(written: str, screen: Screen) -> str | None:
    """The binding that a misspelt one stands for, as far as the screen shows it."""
    source, _, rest = written.partition(".")
    if source.casefold() in {"data", "form", "screen"} and source != source.casefold():
        return f"{source.casefold()}.{rest}"
    if not rest:
        return _named(screen, source)
    if source == "screen" and rest.count(".") == 1:
        name, _, field = rest.partition(".")
        other = screen.flow.by_id.get(name)
        found = _named(other, field) if other is not None else None
        return f"screen.{name}.{found}" if found is not None else None
    return None


def _named(screen: Screen, name: str) -> str | None:
    if name in (screen.data or {}):
        return f"data.{name}"
    return f"form.{name}" if name in screen.fields else None


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


FAMILY = Family(
    rules=(MIXED, SOURCE, LOOKALIKE),
    checks=(OnValue(check_property), OnUse(check_use, when=lambda use: use.kind == "text")),
)
