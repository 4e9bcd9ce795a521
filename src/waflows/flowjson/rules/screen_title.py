"""The title of a screen."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Screen
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnScreen
from waflows.flowjson.near_misses import is_misspelt
from waflows.flowjson.rule import Gap

RULE = Gap(
    id="screen-title-missing",
    code="WAFLOWS_MISSING_TITLE",
    evidence=("reports",),
    title="A screen has a title",
    message="Screen '{screen}' has no title.",
    why="The documentation does not require it; two independent reports say that the validator "
    "does, and none of several hundred published screens lacks one.",
    help='Add "title" with what the top bar of the screen shows.',
    failing=fails(
        page().replace('"title": "Flow",\n      ', "").replace('"MAIN"', '«"MAIN"»'),
        "Screen 'MAIN' has no title.",
        "screens[0].id",
    ),
    passing=passes(page()),
)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """A screen without a title."""
    if "title" in screen.value:
        return
    if not is_misspelt("title", screen.value, screen.flow.spec.screen.slots):
        yield RULE.finding(screen.id_target, screen=screen.name)


FAMILY = Family(rules=(RULE,), checks=(OnScreen(check_screen),))
