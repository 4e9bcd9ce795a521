"""Inputs: patterns, and what a response summary must not show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, Screen
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnComponent, OnScreen
from waflows.flowjson.rule import Rule

_PATTERN = INPUT.replace(" }", ', "pattern": "[A-Z]+"MORE }')
_PATTERN_TYPES = ("text", "number", "password", "passcode")

HELP = Rule(
    id="pattern-helper-text",
    code="MISSING_REQUIRED_PROPERTY",
    evidence=("page", "names"),
    title="A pattern is explained",
    message="An input with a pattern needs a helper-text.",
    why="The documentation makes helper-text mandatory beside pattern: the user sees no other "
    "reason why the input is refused.",
    help='Add "helper-text" that says what is expected.',
    since="6.2",
    failing=fails(
        page(_PATTERN.replace('"pattern"', '«"pattern"»').replace("MORE", "")),
        "An input with a pattern needs a helper-text.",
        "screens[0].layout.children[0].pattern",
    ),
    passing=passes(page(_PATTERN.replace("MORE", ', "helper-text": "Capitals"'))),
)
KIND = Rule(
    id="pattern-input-type",
    code="WAFLOWS_PATTERN_INPUT_TYPE",
    title="A pattern goes with a text-like input",
    message="'pattern' cannot be used with input-type '{kind}'.",
    why=f"A pattern is documented for {', '.join(_PATTERN_TYPES)}.",
    help="Remove pattern, or use input-type text.",
    since="6.2",
    failing=fails(
        page(
            _PATTERN.replace('"pattern"', '«"pattern"»').replace(
                "MORE", ', "helper-text": "Capitals", "input-type": "email"'
            )
        ),
        "'pattern' cannot be used with input-type 'email'.",
        "screens[0].layout.children[0].pattern",
    ),
    passing=passes(page(_PATTERN.replace("MORE", ', "helper-text": "x", "input-type": "number"'))),
)
SENSITIVE = Rule(
    id="sensitive-unknown",
    code="INVALID_SENSITIVE_FIELD",
    evidence=("page", "names"),
    title="Sensitive fields exist",
    message="'{name}' in sensitive is not the name of an input on this screen.",
    why="A misspelt name leaves the value readable in the response summary.",
    help="Use the name of an input of this screen: {known}.",
    since="5.1",
    failing=fails(
        page(INPUT, head='"sensitive": [«"town"»]'),
        "'town' in sensitive is not the name of an input on this screen.",
        "screens[0].sensitive[0]",
    ),
    passing=passes(page(INPUT, head='"sensitive": ["city"]')),
)


def check_component(component: Component) -> Iterator[Finding]:
    """A text input with a pattern."""
    value = component.value
    if "pattern" not in value:
        return
    at = component.target("pattern", key=True)
    kind = value.get("input-type", "text")
    if kind in ("email", "phone"):  # which may be anything, a list too
        yield KIND.finding(at, kind=kind)
    elif "helper-text" not in value:
        yield HELP.finding(at)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """The names a screen calls sensitive."""
    names = screen.value.get("sensitive")
    if not isinstance(names, list):
        return
    for index, name in enumerate(names):
        if isinstance(name, str) and name not in screen.fields:
            known = ", ".join(islice(screen.fields, 10)) or "there is none"
            yield SENSITIVE.finding(screen.target("sensitive", index), name=name, known=known)


FAMILY = Family(
    rules=(HELP, KIND, SENSITIVE),
    checks=(
        OnComponent(check_component, types=("TextInput",), since="6.2"),
        OnScreen(check_screen, since="5.1"),
    ),
)
