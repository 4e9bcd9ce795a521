"""Photos and documents are not handed to the next screen."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, Use
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Example, Rule

_PICKER = '{ "type": "TYPE", "name": "file", "label": "File" }'
_LAST = (
    '"terminal": true,\n"data": { "file": { "type": "array", "items": true, "__example__": [] } }'
)
_WHY = (
    "Files stay on the phone until they are sent. The page has two wordings: one seen in live "
    "answers for a photo picker of the same screen, the other used for the rest."
)
_HELP = "Leave it out: any later screen can refer to ${screen.ID.form.{name}}."


def _flow(kind: str, binding: str) -> str:
    start = a_screen("ONE", _PICKER.replace("TYPE", kind), go("END", f'{{ "file": {binding} }}'))
    return a_flow(start, a_screen("END", FOOTER, head=_LAST))


def _fails(kind: str, binding: str, message: str) -> tuple[Example, ...]:
    at = "screens[0].layout.children[1].on-click-action.payload.file"
    return fails(_flow(kind, f'«"{binding}"»'), message, at)


_GOOD = passes(
    a_flow(
        a_screen("ONE", _PICKER.replace("TYPE", "PhotoPicker"), go("END")),
        a_screen("END", FOOTER, head='"terminal": true'),
    )
)
PHOTO = Rule(
    id="oc-photo-navigate",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="navigate hands over no photos",
    message=(
        "The PhotoPicker component's value is not allowed in the payload of the navigate action."
    ),
    why=_WHY,
    help=_HELP,
    since="4.0",
    failing=_fails(
        "PhotoPicker",
        "${screen.ONE.form.file}",
        "The PhotoPicker component's value is not allowed in the payload of the navigate action.",
    ),
    passing=_GOOD,
)
DOCUMENT = Rule(
    id="oc-doc-navigate",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="navigate hands over no documents",
    message=(
        "The DocumentPicker component's value is not allowed in the payload of the navigate action."
    ),
    why=_WHY,
    help=_HELP,
    since="4.0",
    failing=_fails(
        "DocumentPicker",
        "${form.file}",
        "The DocumentPicker component's value is not allowed in the payload of the navigate "
        "action.",
    ),
    passing=_GOOD,
)
ANY = Rule(
    id="native-navigate",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="navigate hands over no files",
    message=(
        "The value of {componentType} component is not allowed in the payload of navigate action."
    ),
    why=_WHY,
    help=_HELP,
    since="4.0",
    failing=_fails(
        "PhotoPicker",
        "${form.file}",
        "The value of PhotoPicker component is not allowed in the payload of navigate action.",
    ),
    passing=_GOOD,
)


def check_use(use: Use) -> Iterator[Finding]:
    """A picker in the payload of a navigate action."""
    if use.action is None or use.action.name != "navigate" or not use.in_payload:
        return
    for picker in use.pickers:
        rule = _rule(picker, local=use.found[0][0].screen is None)
        yield rule.finding(
            use.target(), componentType=picker.type, name=picker.value.get("name", "name")
        )


def _rule(picker: Component, *, local: bool) -> Rule:
    if picker.type == "DocumentPicker":
        return DOCUMENT
    return ANY if local else PHOTO


FAMILY = Family(
    rules=(PHOTO, DOCUMENT, ANY), checks=(OnUse(check_use, when=lambda use: use.picker),)
)
