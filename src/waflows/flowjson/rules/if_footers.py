"""Footers in If and Switch: in every branch or in none, and never two at once."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Path, places
from waflows.flowjson.document import Component, Screen
from waflows.flowjson.examples import FOOTER, HEADING, fails, page, passes
from waflows.flowjson.family import Family, OnScreen
from waflows.flowjson.render_paths import branch, most_at_once
from waflows.flowjson.rule import Rule

_DATA = '{ "member": { "type": "boolean", "__example__": true } }'
_PET = '{ "pet": { "type": "string", "__example__": "cat" } }'


def _if(branches: str, mark: tuple[str, str] = ("", "")) -> str:
    return f'{mark[0]}{{ "type": "If", "condition": "${{data.member}}", {branches} }}{mark[1]}'


def _switch(cases: str, mark: tuple[str, str] = ("", "")) -> str:
    switch = f'{{ "type": "Switch", "value": "${{data.pet}}", "cases": {{ {cases} }} }}'
    return f"{mark[0]}{switch}{mark[1]}"


_MARK = ("«", "»")
NO_ELSE = Rule(
    id="if-footer-no-else",
    code="MISSING_FOOTER_IN_IF_ELSE_BRANCHES",
    title="An If with a footer has an else",
    message=(
        "Missing Footer inside one of the 'If' component branches. Branch 'else' should exist "
        "and contain one Footer."
    ),
    why="Otherwise the screen has no button when the condition is false.",
    help="Add an else with a Footer.",
    since="4.0",
    failing=fails(
        page(_if(f'"then": [{FOOTER}]', _MARK), data=_DATA, last=""),
        "Missing Footer inside one of the 'If' component branches. Branch 'else' should exist "
        "and contain one Footer.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(_if(f'"then": [{FOOTER}], "else": [{FOOTER}]'), data=_DATA, last="")),
)
ONE_BRANCH = Rule(
    id="if-footer-one-branch",
    code="MISSING_FOOTER_IN_IF_ELSE_BRANCHES",
    title="Both branches of an If have a footer, or none",
    message=(
        "Footer component must be present in all branches of 'If' component if it exists in any "
        "one branch."
    ),
    why="Otherwise the screen has no button in the other branch.",
    help="Add a Footer to the other branch.",
    since="4.0",
    failing=fails(
        page(_if(f'"then": [{FOOTER}], "else": [{HEADING}]', _MARK), data=_DATA, last=""),
        "Footer component must be present in all branches of 'If' component if it exists in any "
        "one branch.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(_if(f'"then": [{HEADING}], "else": [{HEADING}]'), data=_DATA)),
)
SWITCH = Rule(
    id="switch-footer",
    code="MISSING_FOOTER_IN_SWITCH_BRANCHES",
    title="Every case of a Switch has a footer, or none",
    wording={
        "one": (
            "Footer component must be present in all switch cases if it exists in one of the cases."
        ),
        "any": "Footer component must be present in all switch cases if it exists in any one case.",
    },
    why="Otherwise the screen has no button in the other cases.",
    help="Add a Footer to every case.",
    since="4.0",
    failing=fails(
        page(_switch(f'"cat": [{FOOTER}], "dog": [{HEADING}]', _MARK), data=_PET, last=""),
        "Footer component must be present in all switch cases if it exists in one of the cases.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page(_switch(f'"cat": [{FOOTER}], "dog": [{FOOTER}]'), data=_PET, last="")),
)
TWO = Rule(
    id="more-than-one-footer",
    code="MORE_THAN_ONE_FOOTER",
    title="No path through the branches shows two footers",
    message="Maximum number of Footer component allowed per screen is 1.",
    why="A screen has one button at its foot.",
    help="Keep the Footer in the branches, or the one outside.",
    since="4.0",
    failing=fails(
        page(
            _if(f'"then": [«{FOOTER}»], "else": [«{FOOTER}»]'), f"«{FOOTER}»", data=_DATA, last=""
        ),
        "Maximum number of Footer component allowed per screen is 1.",
        "screens[0].layout.children[0].then[0]",
        "screens[0].layout.children[0].else[0]",
        "screens[0].layout.children[1]",
    ),
    passing=passes(page(_if(f'"then": [{HEADING}]'), data=_DATA)),
)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """The footers of a screen, wherever they stand."""
    footers = [component for component in screen.components if component.type == "Footer"]
    with_footer = _branches(footers)
    for component in screen.components:
        if component.type == "If" and with_footer:
            found = [(id(component), (name,)) in with_footer for name in ("then", "else")]
            if found == [True, False] and "else" not in component.value:
                yield NO_ELSE.finding(component.target())
            elif any(found) and not all(found):
                yield ONE_BRANCH.finding(component.target())
        elif component.type == "Switch" and isinstance(component.value.get("cases"), dict):
            cases = component.value["cases"]
            found = [(id(component), ("cases", case)) in with_footer for case in cases]
            if any(found) and not all(found):
                yield SWITCH.finding(component.target())
    outside = sum(1 for footer in footers if footer.bare)
    if outside < 2 and most_at_once(screen, "Footer") > 1:
        yield TWO.finding(*places(footer.target() for footer in footers))


def _branches(footers: list[Component]) -> set[tuple[int, Path]]:
    """The branches that a footer stands in, at whatever depth: the parent's id and the steps."""
    found: set[tuple[int, Path]] = set()
    for footer in footers:
        child = footer
        for ancestor in footer.ancestors:
            place = (id(ancestor), branch(child))
            if place in found:
                break
            found.add(place)
            child = ancestor
    return found


FAMILY = Family(rules=(NO_ELSE, ONE_BRANCH, SWITCH, TWO), checks=(OnScreen(check_screen),))
