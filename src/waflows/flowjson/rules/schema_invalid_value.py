"""Values that are none of the accepted alternatives: a component type, a layout."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Replacement, slashed
from waflows.flowjson.document import Component
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import UNKNOWN, Family, OnComponent, OnValue
from waflows.flowjson.near_misses import slip_of
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place
from waflows.flowjson.spec import components

RULE = Rule(
    id="schema-invalid-value",
    code="INVALID_PROPERTY_VALUE",
    title="Component types and layouts are those that exist",
    wording={
        "at-path": "Invalid value found for property '{propertyName}' at {errorPath}.",
        "plain": "Invalid value found for property '{propertyName}'.",
    },
    why="The client draws only the components it knows. One may also be newer than the "
    "document's version. Nothing is said about what stands inside an unknown component.",
    help="Use a value that exists.",
    failing=fails(
        page('{ "type": «"Banner"», "text": "Hi" }'),
        "Invalid value found for property 'type'.",
        "screens[0].layout.children[0].type",
    )
    + fails(
        '{\n  "version": "7.3",\n  "screens": [\n'
        '    { "id": "MAIN", "title": "Flow", "terminal": true, "layout": «"column"» }\n  ]\n}',
        "Invalid value found for property 'layout' at $root/screens/0.",
        "screens[0].layout",
    ),
    passing=passes(page('{ "type": "TextBody", "text": "Hi" }')),
)


def check_component(component: Component) -> Iterator[Finding]:
    """The type of a component that does not exist in this version."""
    if "type" in component.value:
        advice = _advice(component.type, component.screen.flow.spec.version)
        yield RULE.finding(
            component.target("type"),
            say="plain",
            advice=advice,
            fix=_meant(component),
            propertyName="type",
        )


def _meant(component: Component) -> Replacement | None:
    """The component whose name was misspelt or, as a guess, comes from another toolkit."""
    known = component.screen.flow.spec.components
    right = slip_of(component.type, known)
    if right is not None:
        return Replacement(f'"{right}"')
    right = _SYNONYMS.get(component.type.casefold())
    return Replacement(f'"{right}"', "unsafe") if right in known else None


def check_property(place: Place) -> Iterator[Finding]:
    """A layout that is not an object."""
    if place.slot and place.slot.entry.type == "layout" and not isinstance(place.value, dict):
        path = slashed(place.object_path)
        advice = 'A layout is { "type": "SingleColumnLayout", "children": [ … ] }.'
        yield RULE.finding(place.target(), advice=advice, propertyName=place.key, errorPath=path)


_SYNONYMS = {
    **dict.fromkeys(("textfield", "input", "textbox", "inputtext", "numberinput"), "TextInput"),
    **dict.fromkeys(("select", "picker", "combobox", "selectmenu"), "Dropdown"),
    **dict.fromkeys(("radio", "radiobutton", "radiobuttons", "radiogroup"), "RadioButtonsGroup"),
    **dict.fromkeys(("checkbox", "checkboxes", "checklist"), "CheckboxGroup"),
    **dict.fromkeys(("button", "submit", "submitbutton"), "Footer"),
    **dict.fromkeys(("text", "paragraph", "label", "body"), "TextBody"),
    **dict.fromkeys(("heading", "header", "title"), "TextHeading"),
    **dict.fromkeys(("multiline", "textareainput", "longtext"), "TextArea"),
    **dict.fromkeys(("date", "datepick", "dateinput"), "DatePicker"),
    **dict.fromkeys(("link", "hyperlink"), "EmbeddedLink"),
    **dict.fromkeys(("picture", "img"), "Image"),
    **dict.fromkeys(("chips", "tags"), "ChipsSelector"),
    **dict.fromkeys(("carousel",), "ImageCarousel"),
}
"""What other toolkits call a component, in lower case."""


def _advice(name: str, version: str) -> str:
    known = components.COMPONENTS.get(name)
    if known is not None:
        return f"{name} came with Flow JSON {known.since}; the document says {version}."
    if name.casefold() in _SYNONYMS:
        return f"Did you mean '{_SYNONYMS[name.casefold()]}'?"
    near = difflib.get_close_matches(name[:60], components.COMPONENTS, 1)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Components are: {', '.join(components.COMPONENTS)}."


FAMILY = Family(
    rules=(RULE,), checks=(OnComponent(check_component, types=(UNKNOWN,)), OnValue(check_property))
)
