"""How many there may be: screens in a flow, components of a kind on a screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, Target, places
from waflows.flowjson.document import Component, FlowStructure, Screen
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, page, passes
from waflows.flowjson.family import Family, OnFlow, OnScreen
from waflows.flowjson.render_paths import most_at_once
from waflows.flowjson.rule import Rule
from waflows.flowjson.spec.objects import MAX_SCREENS

_PER_SCREEN = (
    "Maximum number of {componentName} allowed per screen is {maxAllowedCount} but found "
    "{actualCount}."
)
_LINK = """{
  "type": "EmbeddedLink", "text": "More",
  "on-click-action": { "name": "open_url", "url": "https://example.com" }
}"""
_IMAGE = '{ "type": "Image", "src": "iVBORw0KGgo=" }'
_OPT_IN = '{ "type": "OptIn", "name": "NAME", "label": "I agree" }'


def _name(index: int) -> str:
    return "S_" + "ABCDEFGHIJ"[index // 10] + "ABCDEFGHIJ"[index % 10]


def _chain(count: int) -> str:
    middle = [a_screen(_name(i), go(_name(i + 1))) for i in range(count - 1)]
    return a_flow(*middle, a_screen(_name(count - 1), FOOTER, head='"terminal": true'))


SCREENS = Rule(
    id="max-screens",
    code="MAX_SCREENS_NUMBER",
    title="A flow has at most 100 screens",
    message="Maximum number of screens allowed per Flow is 100 but found {actualCount}.",
    why="Meta's limit.",
    help="Merge screens, or split the flow.",
    failing=(),  # a hundred and one screens would fill the page; the rule's test builds them
    passing=passes(_chain(2)),
)


def _limit(kind: str, code: str, examples: list[str], limit: int) -> Rule:
    extra = range(limit, len(examples))
    marked = [f"«{one}»" if i in extra else one for i, one in enumerate(examples)]
    message = _PER_SCREEN.replace("{componentName}", kind)
    return Rule(
        id=code.lower().replace("_", "-"),
        code=code,
        title=f"A screen shows at most {limit} {kind}",
        message=_PER_SCREEN,
        why="Meta's limit, counted on every path through If and Switch.",
        help="Remove some, or move them to another screen.",
        failing=fails(
            page(*marked, last="" if kind == "Footer" else FOOTER),
            message.replace("{maxAllowedCount}", str(limit)).replace(
                "{actualCount}", str(len(examples))
            ),
            *(f"screens[0].layout.children[{i}]" for i in extra),
        ),
        passing=passes(page(*examples[:limit], last="" if kind == "Footer" else FOOTER)),
    )


_LIMITS = {
    "EmbeddedLink": _limit("EmbeddedLink", "MAX_EMBEDDED_LINK_PER_SCREEN", [_LINK] * 3, 2),
    "Footer": _limit("Footer", "MAX_FOOTER_PER_SCREEN", [FOOTER] * 2, 1),
    "Image": _limit("Image", "MAX_IMAGE_PER_SCREEN", [_IMAGE] * 4, 3),
    "OptIn": _limit(
        "OptIn", "MAX_OPT_IN_PER_SCREEN", [_OPT_IN.replace("NAME", n) for n in "abcdef"], 5
    ),
}


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Too many screens."""
    screens = flow.value.get("screens")
    if isinstance(screens, list) and len(screens) > MAX_SCREENS:
        yield SCREENS.finding(Target(("screens",), key=True), actualCount=len(screens))


def check_screen(screen: Screen) -> Iterator[Finding]:
    """Too many components of a kind at once."""
    for kind, rule in _LIMITS.items():
        found = [component for component in screen.components if component.type == kind]
        limit = _most(found)
        if len(found) <= limit:
            continue
        if kind == "Footer":  # footers in branches have rules of their own
            found = [one for one in found if one.bare]
        count = most_at_once(screen, kind) if kind != "Footer" else len(found)
        if count > limit:
            targets = (component.target() for component in found[limit:])
            words: dict[str, Any] = {
                "componentName": kind,
                "maxAllowedCount": limit,
                "actualCount": count,
            }
            yield rule.finding(*places(targets), **words)


def _most(found: list[Component]) -> int:
    shape = found[0].shape if found else None
    kind = shape.component if shape is not None else None
    return (kind.most_per_screen if kind is not None else None) or 0 if found else 0


FAMILY = Family(
    rules=(SCREENS, *_LIMITS.values()), checks=(OnFlow(check_flow), OnScreen(check_screen))
)
