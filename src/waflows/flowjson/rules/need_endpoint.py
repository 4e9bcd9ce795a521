"""What an endpoint flow needs, and what only an endpoint flow may do."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Target, places
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import a_screen, ask, endpoint_flow, fails, page, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.rule import Rule
from waflows.flowjson.spec.versions import DATA_API_VERSIONS

_END = '"terminal": true'
_GOOD = endpoint_flow('{ "MAIN": [] }', a_screen("MAIN", ask(), head=_END))

NEEDS_VERSION = Rule(
    id="need-data-api-version",
    code="MISSING_REQUIRED_PROPERTY",
    title="A data_exchange action needs data_api_version",
    message="The property 'data_api_version' is required for data_exchange action.",
    why="data_exchange calls the endpoint, and data_api_version is what makes a flow have one.",
    help=f'Add "data_api_version": "{DATA_API_VERSIONS[-1]}" and a routing_model.',
    failing=fails(
        page(last=ask().replace('"data_exchange"', '«"data_exchange"»')),
        "The property 'data_api_version' is required for data_exchange action.",
        "screens[0].layout.children[0].on-click-action.name",
    ),
    passing=passes(_GOOD),
)
NEEDS_ROUTES = Rule(
    id="need-routing-model",
    code="MISSING_REQUIRED_PROPERTY",
    title="An endpoint flow needs a routing model",
    message="The property 'routing_model' is required for property 'data_api_version'.",
    why="The endpoint chooses the next screen; the client checks the choice against the model.",
    help='Add "routing_model": { "SCREEN": ["NEXT", …], … }.',
    failing=fails(
        page(last=ask(), top='«"data_api_version"»: "3.0"'),
        "The property 'routing_model' is required for property 'data_api_version'.",
        "data_api_version",
    ),
    passing=passes(_GOOD),
)
REFRESH = Rule(
    id="refresh-on-back",
    code="INVALID_PROPERTY_VALUE",
    title="Only an endpoint can refresh a screen on the way back",
    message="Property 'refresh_on_back' can be true only when property 'data_api_version' is set.",
    why="Going back then asks the endpoint, so there has to be one.",
    help="Remove refresh_on_back, or add data_api_version.",
    failing=fails(
        page(head='"refresh_on_back": «true»'),
        "Property 'refresh_on_back' can be true only when property 'data_api_version' is set.",
        "screens[0].refresh_on_back",
    ),
    passing=passes(
        page(head='"refresh_on_back": false'),
        endpoint_flow(
            '{ "M": [] }', a_screen("M", ask(), head=f'{_END},\n"refresh_on_back": true')
        ),
    ),
)
UNKNOWN_VERSION = Rule(
    id="no-data-api-version",
    code="NO_SUPPORTED_DATA_API_VERSION",
    title="The Data API version exists",
    message="No supported Data API version found for given Flow JSON version.",
    why="The endpoint protocol of a flow is one of the published ones.",
    help=f"Use one of: {', '.join(DATA_API_VERSIONS)}.",
    failing=fails(
        _GOOD.replace('"3.0"', '«"9.0"»'),
        "No supported Data API version found for given Flow JSON version.",
        "data_api_version",
    ),
    passing=passes(_GOOD.replace('"3.0"', '"4.0"')),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Endpoint properties that are missing, unknown or out of place."""
    if flow.endpoint:
        version = flow.value["data_api_version"]
        if isinstance(version, str) and version not in DATA_API_VERSIONS:
            yield UNKNOWN_VERSION.finding(Target(("data_api_version",)))
        if "routing_model" not in flow.value:
            yield NEEDS_ROUTES.finding(Target(("data_api_version",), key=True))
        return
    asking = [each for each in flow.actions if each.name == "data_exchange" and each.allowed]
    if asking:
        yield NEEDS_VERSION.finding(*places(action.target("name") for action in asking))
    for screen in flow.screens:
        if screen.value.get("refresh_on_back") is True:
            yield REFRESH.finding(screen.target("refresh_on_back"))


FAMILY = Family(
    rules=(NEEDS_VERSION, NEEDS_ROUTES, REFRESH, UNKNOWN_VERSION), checks=(OnFlow(check_flow),)
)
