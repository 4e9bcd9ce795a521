"""If and Switch have something to decide on and something to show."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, slashed
from waflows.flowjson.examples import HEADING, fails, page, passes
from waflows.flowjson.family import Family, OnValue
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.shape import Place

_DATA = '{ "member": { "type": "boolean", "__example__": true } }'
_PET = '{ "pet": { "type": "string", "__example__": "cat" } }'
_IF = '{ "type": "If", "condition": CONDITION, "then": THEN }'
_SWITCH = '{ "type": "Switch", "value": "${data.pet}", "cases": CASES }'
_GOOD = page(
    _IF.replace("CONDITION", '"${data.member}"').replace("THEN", f"[{HEADING}]"), data=_DATA
)

THEN = Rule(
    id="if-then-empty",
    code="INVALID_PROPERTY_VALUE",
    title="then has a component",
    message="Expected array to contain at least one component.",
    why="An If that shows nothing when its condition holds has no use.",
    help="Add a component, or turn the condition round.",
    since="4.0",
    failing=fails(
        page(_IF.replace("CONDITION", '"${data.member}"').replace("THEN", "«[]»"), data=_DATA),
        "Expected array to contain at least one component.",
        "screens[0].layout.children[0].then",
    ),
    passing=passes(_GOOD),
)
CONDITION = Rule(
    id="if-cond-empty",
    code="INVALID_PROPERTY_VALUE",
    title="A condition is not blank",
    message="Expected property 'condition' to contain at least one operand.",
    why="There is nothing to decide on.",
    help="Write a condition such as ${data.member} or (${form.age} >= 18).",
    since="4.0",
    failing=fails(
        page(_IF.replace("CONDITION", '«" "»').replace("THEN", f"[{HEADING}]")),
        "Expected property 'condition' to contain at least one operand.",
        "screens[0].layout.children[0].condition",
    ),
    passing=passes(_GOOD),
)
CASES = Rule(
    id="switch-cases-empty",
    code="INVALID_PROPERTY_VALUE",
    title="A Switch has a case",
    message='Invalid empty property found at: "{errorPath}".',
    why="A Switch without a case shows nothing. The message is that of the components page, which "
    "names no code.",
    help='Add a case: "cases": { "value": [ … ] }.',
    since="4.0",
    failing=fails(
        page(_SWITCH.replace("CASES", "«{}»"), data=_PET),
        'Invalid empty property found at: "$root/screens/0/layout/children/0/cases".',
        "screens[0].layout.children[0].cases",
    ),
    passing=passes(page(_SWITCH.replace("CASES", f'{{ "cat": [{HEADING}] }}'), data=_PET)),
)
EMPTY_CASE = Gap(
    id="switch-case-empty",
    code="WAFLOWS_EMPTY_CASE",
    evidence=("page", "reports"),
    title="A case has a component",
    message="Case '{case}' has no component.",
    why="The documentation asks for at least one component in each case; a sample of its own has "
    "an empty one.",
    help="Add a component, or remove the case.",
    since="4.0",
    failing=fails(
        page(_SWITCH.replace("CASES", '{ "cat": «[]» }'), data=_PET),
        "Case 'cat' has no component.",
        "screens[0].layout.children[0].cases.cat",
    ),
    passing=passes(page(_SWITCH.replace("CASES", f'{{ "cat": [{HEADING}] }}'), data=_PET)),
)


def check_property(place: Place) -> Iterator[Finding]:
    """Conditions, branches and cases that are empty."""
    value, owner = place.value, place.owner.name
    if owner == "If" and place.key == "then" and value == []:
        yield THEN.finding(place.target())
    elif owner == "If" and place.key == "condition":
        if isinstance(value, str) and not value.strip():
            yield CONDITION.finding(place.target())
    elif owner == "Switch" and place.key == "cases" and isinstance(value, dict):
        if not value:
            yield CASES.finding(place.target(), errorPath=slashed(place.path))
        for case, children in value.items():
            if children == []:
                yield EMPTY_CASE.finding(place.below(case), case=case)


FAMILY = Family(rules=(THEN, CONDITION, CASES, EMPTY_CASE), checks=(OnValue(check_property),))
