"""What stands where: in the branches of If and Switch, in a Form, and how deep."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component
from waflows.flowjson.examples import FOOTER, HEADING, fails, page, passes
from waflows.flowjson.family import Family, OnChild
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.spec.objects import MAX_IF_NESTING

_DATA = '{ "member": { "type": "boolean", "__example__": true } }'
_PHOTO = '{ "type": "PhotoPicker", "name": "photo", "label": "Photo" }'


def _if(then: str, more: str = "") -> str:
    return f'{{ "type": "If", "condition": "${{data.member}}", "then": [{then}]{more} }}'


CHILD = Rule(
    id="branch-child",
    code="INVALID_COMPONENT_PLACEMENT",
    evidence=("page", "names"),
    title="Components stand where they are allowed",
    message="{type} is not listed as a child of {parent}.",
    why="The documentation lists what may stand in If and Switch, and says that a Form is a child "
    "of the layout.",
    help="Move the {type} out of the {parent}.",
    failing=fails(
        page(_if(f"«{_PHOTO}»"), data=_DATA),
        "PhotoPicker is not listed as a child of If.",
        "screens[0].layout.children[0].then[0]",
    ),
    passing=passes(page(_if(HEADING), _PHOTO, data=_DATA)),
)
DEPTH = Rule(
    id="if-nesting",
    code="MAXIMUM_IF_NESTING",
    evidence=("page", "names"),
    title="If is nested at most three deep",
    message="If is nested {depth} deep; at most {limit} are allowed.",
    why="Meta's limit.",
    help="Join the conditions with &&.",
    since="4.0",
    failing=fails(
        page(_if(_if(_if(f"«{_if(HEADING)}»"))), data=_DATA),
        "If is nested 4 deep; at most 3 are allowed.",
        "screens[0].layout.children[0].then[0].then[0].then[0]",
    ),
    passing=passes(page(_if(_if(_if(HEADING))), data=_DATA)),
)
FOOTER_DEPTH = Gap(
    id="footer-nesting",
    code="WAFLOWS_FOOTER_NESTING",
    title="A Footer stands in the first level of If only",
    message="A Footer may stand in the first level of If, not in an If within one.",
    why="A documented rule without a documented error.",
    help="Move the Footer to the outer If.",
    since="4.0",
    failing=(),  # two footers, two findings; the rule's test shows both
    passing=passes(page(_if(FOOTER, f', "else": [{FOOTER}]'), data=_DATA, last="")),
)


def check_component(component: Component) -> Iterator[Finding]:
    """A component against what stands around it."""
    parent = component.parent
    assert parent is not None, "it is a child"
    if not _allowed(component, parent):
        yield CHILD.finding(component.target(), type=component.type, parent=parent.type)
        return
    ifs = 1 + component.ifs
    if component.type == "If" and ifs > MAX_IF_NESTING:
        yield DEPTH.finding(component.target(), depth=ifs, limit=MAX_IF_NESTING)
    elif component.type == "Footer" and ifs > 2:
        yield FOOTER_DEPTH.finding(component.target())


def _allowed(component: Component, parent: Component) -> bool:
    kind = component.shape.component if component.shape is not None else None
    if kind is None or component.type == "Form":
        return False
    if parent.type == "Switch" and component.type in {"If", "Switch"}:
        return False
    if parent.type in {"If", "Switch"}:
        since = kind.branch_since
        return since is not None and component.screen.flow.spec.since(since)
    return True


FAMILY = Family(rules=(CHILD, DEPTH, FOOTER_DEPTH), checks=(OnChild(check_component),))
