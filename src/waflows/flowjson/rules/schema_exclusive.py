"""Properties that need each other, or exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, Screen
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, page, passes
from waflows.flowjson.family import Family, OnComponent, OnScreen
from waflows.flowjson.rule import Rule

_LEFT = FOOTER.replace('"Done",', '"Done",\n  "left-caption": "Total",')
_BOTH = _LEFT.replace('"Total",', '"Total",\n  "right-caption": "EUR 40",')
_CENTRE = _LEFT.replace('"Total",', '"Total",\n  "center-caption": "EUR 40",')
_END = a_screen("END", FOOTER, head='"terminal": true')

NEEDS = Rule(
    id="schema-dependencies",
    code="INVALID_DEPENDENCIES",
    title="A footer's side captions come together",
    message=(
        "{componentName} should have property {requiredProperty} when property "
        "{presentProperty} is present."
    ),
    why="A footer shows either a caption in the middle, or one at each side.",
    help="Add {requiredProperty}, or use center-caption alone.",
    failing=fails(
        page(last=f"«{_LEFT}»"),
        "Footer should have property right-caption when property left-caption is present.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(last=_BOTH)),
)
EXCLUDES = Rule(
    id="schema-not",
    code="NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
    title="Properties that exclude each other are not given together",
    wording={
        "one": (
            "Properties '{propertyName}' and [{notRequiredProperties}] must be present exclusively "
            "at {componentName}."
        ),
        "several": (
            "Properties [{notRequiredProperties}] must be present exclusively at {componentName}."
        ),
        "success": "Property 'success' can only be specified on a terminal screen.",
        "other": "The NOT keyword schema validation failed. Please refer to the Flow JSON schema.",
    },
    why="A footer's middle caption stands alone, and only a terminal screen says whether the flow "
    "ended in success. The second and the last message are Meta's for cases not documented.",
    help="Remove one of them.",
    failing=fails(
        page(last=f"«{_CENTRE}»"),
        "Properties 'center-caption' and [left-caption] must be present exclusively at Footer.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(
        page(last=FOOTER.replace('"Done",', '"Done",\n  "center-caption": "EUR 40",')),
        page(head='"success": false', version="3.0").replace('"success": false,', '"title": "A",'),
        a_flow(a_screen("END", FOOTER, head='"terminal": true,\n"success": true')),
    ),
)


def check_component(component: Component) -> Iterator[Finding]:
    """A footer whose captions do not go together."""
    sides = [side for side in ("left-caption", "right-caption") if side in component.value]
    if "center-caption" in component.value and sides:
        yield EXCLUDES.finding(
            component.target(),
            propertyName="center-caption",
            notRequiredProperties=", ".join(sides),
            componentName="Footer",
        )
    elif len(sides) == 1:
        other = "right-caption" if sides == ["left-caption"] else "left-caption"
        yield NEEDS.finding(
            component.target(),
            componentName="Footer",
            requiredProperty=other,
            presentProperty=sides[0],
        )


def check_screen(screen: Screen) -> Iterator[Finding]:
    """`success` on a screen that does not end the flow."""
    if "success" in screen.value:
        ends = screen.value.get("terminal", False)
        if ends is False:
            advice = 'Add "terminal": true, or remove success.'
            yield EXCLUDES.finding(screen.target(), say="success", advice=advice)


FAMILY = Family(
    rules=(NEEDS, EXCLUDES),
    checks=(OnComponent(check_component, types=("Footer",)), OnScreen(check_screen, since="3.1")),
)
