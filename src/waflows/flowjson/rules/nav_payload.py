"""What a navigate action hands over: exactly the fields the next screen declares."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from waflows.flowjson.diagnostics import MOST_PLACES, Finding, listed
from waflows.flowjson.document import Action
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, passes
from waflows.flowjson.family import Family, OnAction
from waflows.flowjson.rule import Rule

_CITY = '"data": { "city": { "type": "string", "__example__": "Porto" } },\n'
_LAST = '"terminal": true'


def _flow(payload: str, head: str) -> str:
    return a_flow(a_screen("ONE", go("END", payload)), a_screen("END", FOOTER, head=head + _LAST))


_GOOD = _flow('{ "city": "Lisbon" }', _CITY)

NO_MODEL = Rule(
    id="nav-no-data-model",
    code="INVALID_NAVIGATE_ACTION_PAYLOAD",
    title="A screen that is handed data declares it",
    message="No data model is defined in the next screen '{screenName}'.",
    why="The next screen has no data property, so that what it is handed is lost.",
    help='Declare the payload\'s fields in "data" of {screenName}, or hand over {}.',
    failing=fails(
        _flow('«{ "city": "Lisbon" }»', ""),
        "No data model is defined in the next screen 'END'.",
        "screens[0].layout.children[0].on-click-action.payload",
    ),
    passing=passes(_GOOD, _flow("{}", "")),
)
UNDECLARED = Rule(
    id="nav-fields-missing-in-model",
    code="INVALID_NAVIGATE_ACTION_PAYLOAD",
    title="A payload has no fields the next screen does not declare",
    message="Following fields are missing in the next screen's data model: [{fieldNames}].",
    why="A field the next screen does not declare cannot be used there.",
    help="Declare {fieldNames} in the data of the next screen, or leave it out.",
    failing=fails(
        _flow('{ "city": "Lisbon", «"zip"»: "1000" }', _CITY),
        "Following fields are missing in the next screen's data model: [zip].",
        "screens[0].layout.children[0].on-click-action.payload.zip",
    ),
    passing=passes(_GOOD),
)
MISSING = Rule(
    id="nav-fields-missing-in-payload",
    code="INVALID_NAVIGATE_ACTION_PAYLOAD",
    title="A payload has every field the next screen declares",
    message=(
        "Following fields are expected in the next screen's data model but missing in payload: "
        "[{fieldNames}]."
    ),
    why="Every declared field must arrive; there are no optional ones.",
    help="Add {fieldNames} to the payload.",
    failing=fails(
        _flow("«{}»", _CITY),
        "Following fields are expected in the next screen's data model but missing in payload: "
        "[city].",
        "screens[0].layout.children[0].on-click-action.payload",
    ),
    passing=passes(_GOOD),
)


def check_action(action: Action) -> Iterator[Finding]:
    """The keys of the payload against those of the next screen's data model."""
    payload, name = action.payload, action.destination
    following = action.screen.flow.by_id.get(name or "")
    if payload is None or following is None or following is action.screen:
        return
    if "data" not in following.value:
        if payload:
            yield NO_MODEL.finding(action.target("payload"), screenName=name)
        return
    if following.data is None:
        return
    # Looked for no further than they are listed: many actions may lead to one long data model.
    extra = list(islice((field for field in payload if field not in following.data), MOST_PLACES))
    if extra:
        targets = (action.target("payload", field, key=True) for field in extra)
        yield UNDECLARED.finding(*targets, fieldNames=listed(extra))
    missing = listed(field for field in following.data if field not in payload)
    if missing:
        yield MISSING.finding(action.target("payload"), fieldNames=missing)


FAMILY = Family(
    rules=(NO_MODEL, UNDECLARED, MISSING), checks=(OnAction(check_action, names=("navigate",)),)
)
