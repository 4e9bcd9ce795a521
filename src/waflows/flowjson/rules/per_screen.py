"""Documented limits of a screen that have no documented error."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import PICKERS, FlowStructure, Screen
from waflows.flowjson.examples import HEADING, fails, page, passes
from waflows.flowjson.family import Family, OnFlow, OnScreen
from waflows.flowjson.rule import Rule
from waflows.flowjson.spec import objects

_PHOTO = '{ "type": "PhotoPicker", "name": "NAME", "label": "Photo" }'
_CAROUSEL = """{
  "type": "ImageCarousel",
  "images": [{ "src": "iVBORw0KGgo=", "alt-text": "Room" }]
}"""
_LIMIT = objects.MAX_COMPONENTS_PER_SCREEN

COMPONENTS = Rule(
    id="components-per-screen",
    code="MAX_ALLOWED_COMPONENTS_PER_SCREEN",
    evidence=("page", "names"),
    title="A screen has at most 50 components",
    message="At most {limit} components are allowed per screen, but found {count}.",
    why="Meta's limit. Whether components in branches of If and Switch count is not "
    "documented; waflows leaves them, and a Form itself, out.",
    help="Move some to another screen.",
    failing=fails(
        page(*[HEADING] * _LIMIT).replace('"MAIN"', '«"MAIN"»'),
        f"At most {_LIMIT} components are allowed per screen, but found {_LIMIT + 1}.",
        "screens[0].id",
    ),
    passing=passes(page(*[HEADING] * (_LIMIT - 1))),
)
FILES = Rule(
    id="pickers-per-screen",
    code="COMPONENT_TYPE_MAX_NUMBER_PER_SCREEN",
    evidence=("page", "names"),
    title="A screen has one photo or document picker",
    wording={
        "same": "You can only have a maximum of 1 component of type {type} per screen.",
        "mixed": (
            "You can only have a maximum of 1 component of type PhotoPicker or DocumentPicker per "
            "screen."
        ),
    },
    why="The page on media documents these messages; the code is that of the public list.",
    help="Move one of them to another screen.",
    since="4.0",
    failing=fails(
        page(_PHOTO.replace("NAME", "one"), f"«{_PHOTO.replace('NAME', 'two')}»"),
        "You can only have a maximum of 1 component of type PhotoPicker per screen.",
        "screens[0].layout.children[1]",
    ),
    passing=passes(page(_PHOTO.replace("NAME", "one"))),
)
CAROUSELS = Rule(
    id="carousels-per-screen",
    code="COMPONENT_TYPE_MAX_NUMBER_PER_SCREEN",
    evidence=("page", "names"),
    other_codes=("INVALID_PROPERTY_VALUE",),
    title="A screen has at most two carousels, a flow three",
    message="At most {limit} ImageCarousel are allowed per {where}, but found {count}.",
    why="Meta's limit.",
    help="Show fewer images.",
    since="7.1",
    failing=fails(
        page(_CAROUSEL, _CAROUSEL, f"«{_CAROUSEL}»"),
        "At most 2 ImageCarousel are allowed per screen, but found 3.",
        "screens[0].layout.children[2]",
    ),
    passing=passes(page(_CAROUSEL, _CAROUSEL)),
)


def check_screen(screen: Screen) -> Iterator[Finding]:
    """What stands on one screen."""
    plain = [
        component for component in screen.components if component.type != "Form" and component.bare
    ]
    if len(plain) > _LIMIT:
        yield COMPONENTS.finding(screen.id_target, limit=_LIMIT, count=len(plain))
    pickers = [component for component in screen.components if component.type in PICKERS]
    if len(pickers) > 1 and screen.flow.spec.since("4.0"):
        types = {picker.type for picker in pickers}
        targets = (picker.target() for picker in pickers[1:])
        yield FILES.finding(
            *places(targets), say="same" if len(types) == 1 else "mixed", type=pickers[0].type
        )
    carousels = [one for one in screen.components if one.type == "ImageCarousel" and one.shape]
    limit = objects.MAX_CAROUSELS_PER_SCREEN
    if len(carousels) > limit:
        targets = (carousel.target() for carousel in carousels[limit:])
        yield CAROUSELS.finding(*places(targets), limit=limit, where="screen", count=len(carousels))


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Carousels of all screens together."""
    carousels = [
        one for screen in flow.screens for one in screen.components if one.type == "ImageCarousel"
    ]
    limit = objects.MAX_CAROUSELS_PER_FLOW
    if len(carousels) > limit and flow.spec.since("7.1"):
        targets = (carousel.target() for carousel in carousels[limit:])
        yield CAROUSELS.finding(
            *places(targets),
            code="INVALID_PROPERTY_VALUE",
            limit=limit,
            where="flow",
            count=len(carousels),
        )


FAMILY = Family(
    rules=(COMPONENTS, FILES, CAROUSELS), checks=(OnScreen(check_screen), OnFlow(check_flow))
)
