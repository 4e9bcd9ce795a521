"""References to other screens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import FOOTER, INPUT, a_flow, a_screen, fails, go, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Rule

_TEXT = '{ "type": "TextBody", "text": TEXT }'
_USED = (
    "Global dynamic data '{expression}' used on screen '{screenId}' for {componentType} property "
    "'{property}' is invalid since screen '{referencedScreenId}' "
)


def _flow(text: str) -> str:
    end = a_screen("END", _TEXT.replace("TEXT", text), FOOTER, head='"terminal": true')
    return a_flow(a_screen("ONE", INPUT, go("END")), end)


_GOOD = passes(_flow('"${screen.ONE.form.city}"'))

MISSING = Rule(
    id="global-missing",
    code="INVALID_SCREEN_DATA",
    title="Other screens have what is referred to",
    message=(
        "Global Dynamic data '{expression}' on screen {referencedScreenId} does not exist, but is "
        "used on screen {screenId}."
    ),
    why="The screen exists, but has no such input or data field.",
    help="Correct the name, or add it to screen {referencedScreenId}.",
    since="4.0",
    failing=fails(
        _flow('«"${screen.ONE.form.town}"»'),
        "Global Dynamic data '${screen.ONE.form.town}' on screen ONE does not exist, but is used "
        "on screen END.",
        "screens[1].layout.children[0].text",
    ),
    passing=_GOOD,
)
SCREEN = Rule(
    id="global-own-or-missing-screen",
    code="INVALID_SCREEN_DATA",
    title="A global reference names another screen",
    wording={
        "own": (
            _USED
            + "represents current screen. Convert expression to local referencing of the form "
            "${data.{property}}."
        ),
        "missing": _USED + "is missing in the Flow JSON.",
    },
    why="A component refers to its own screen by the short form. In payloads the long form is "
    "accepted for the own screen too.",
    help="Write the short form for the same screen, or the id of a screen that exists.",
    since="4.0",
    failing=fails(
        page(INPUT, _TEXT.replace("TEXT", '«"${screen.MAIN.form.city}"»')),
        "Global dynamic data '${screen.MAIN.form.city}' used on screen 'MAIN' for TextBody "
        "property 'text' is invalid since screen 'MAIN' represents current screen. Convert "
        "expression to local referencing of the form ${data.text}.",
        "screens[0].layout.children[1].text",
    )
    + fails(
        _flow('«"${screen.TWO.form.city}"»'),
        "Global dynamic data '${screen.TWO.form.city}' used on screen 'END' for TextBody property "
        "'text' is invalid since screen 'TWO' is missing in the Flow JSON.",
        "screens[1].layout.children[0].text",
    ),
    passing=_GOOD,
)


def check_use(use: Use) -> Iterator[Finding]:
    """The references of one value to other screens."""
    nested = use.in_payload and use.expression.kind == "nested"
    if nested and not use.screen.flow.spec.since("7.2"):
        return
    for reference, found in use.found:
        if reference.screen is None:
            continue
        words: dict[str, Any] = {
            "expression": reference.text,
            "referencedScreenId": reference.screen,
            "screenId": use.screen.name,
            "componentType": use.owner,
            "property": use.property_name,
        }
        at = use.target(use.span_of(reference))
        if found.own and not use.in_payload:
            yield SCREEN.finding(at, **words)
        elif found.outcome == "no-screen":
            yield SCREEN.finding(at, say="missing", **words)
        elif found.outcome in {"missing", "form-itself"} and not found.own:
            yield MISSING.finding(at, **words)


FAMILY = Family(
    rules=(MISSING, SCREEN), checks=(OnUse(check_use, when=lambda use: use.unsound, since="4.0"),)
)
