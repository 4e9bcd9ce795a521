"""Inputs whose value nothing uses.

Said only where nothing else explains it: in a document without errors, and not for a screen with a
reference that is wrong or a payload that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, FlowStructure, Screen, Use
from waflows.flowjson.examples import INPUT, fails, finish, page, passes
from waflows.flowjson.family import Family, OnSound
from waflows.flowjson.rule import Gap

_WHOLE_FORM = re.compile(r"\$\{(?:screen\.[^.}]+\.)?form(?:\.\*)?\}")
_WORD = re.compile(r"[\w-]+")

RULE = Gap(
    id="unused-input",
    code="WAFLOWS_UNUSED_INPUT",
    evidence=("reports",),
    title="What is typed or chosen is used",
    message="The value of '{name}' goes nowhere: no payload, condition or text uses it.",
    why="Only what a payload names is handed to the next screen, the endpoint or the chat; an "
    "answer that none names is lost when the user moves on.",
    help='Hand it on in the payload of an action, "{name}": "${form.{name}}", or remove the input.',
    failing=fails(
        page(INPUT.replace('"city"', '«"city"»')),
        "The value of 'city' goes nowhere: no payload, condition or text uses it.",
        "screens[0].layout.children[0].name",
    ),
    passing=passes(page(INPUT, last=finish('{ "city": "${form.city}" }'))),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Inputs that no reference of any screen leads to."""
    uses = [use for screen in flow.screens for use in screen.uses]
    used = {found.field for use in uses for _, found in use.found}
    unused = [
        (screen, name, field)
        for screen in flow.screens
        for name, field in screen.fields.items()
        if field not in used and _is_asked(field)
    ]
    if not unused:
        return
    doubtful = _doubtful_screens(flow, uses)
    texts = list(_other_texts(flow, uses))
    if any(_WHOLE_FORM.search(text) for text in texts):
        return
    words = {word for text in texts for word in _WORD.findall(text)}
    for screen, name, field in unused:
        if screen not in doubtful and not words.issuperset(_WORD.findall(name) or [name]):
            yield RULE.finding(field.target("name"), name=name)


def _is_asked(field: Component) -> bool:
    """Whether an input is there for its value: it is shown, and its choice is not itself a step."""
    value = field.value
    if not field.has_value or value.get("enabled") is False or value.get("visible") is False:
        return False
    if field.type == "OptIn":
        return value.get("required", False) is False
    return "on-select-action" not in value and "on-click-action" not in value


def _doubtful_screens(flow: FlowStructure, uses: list[Use]) -> set[Screen | None]:
    """The screens where another rule reports what may be why an input is not used."""
    found: set[Screen | None] = {
        action.screen
        for action in flow.actions
        if action.name in {"navigate", "complete", "data_exchange"} and action.payload is None
    }
    for use in uses:
        for reference, resolution in use.found:
            if reference.source == "form" and resolution.outcome != "found":
                other = reference.screen
                found.add(use.screen if other is None else flow.by_id.get(other))
    return found


def _other_texts(flow: FlowStructure, uses: list[Use]) -> Iterator[str]:
    """Texts that look like bindings and lead nowhere: what they mean may be any input."""
    sound = {use.text for use in uses if use.found and _is_sound(use)}
    pending: list[Any] = [screen.value.get("layout") for screen in flow.screens]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str) and ("{" in value or "$" in value) and value not in sound:
            yield value


def _is_sound(use: Use) -> bool:
    return use.expression.kind != "text" and all(found.outcome == "found" for _, found in use.found)


FAMILY = Family(rules=(RULE,), checks=(OnSound(check_flow),))
