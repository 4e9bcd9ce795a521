"""Photos and documents in what complete sends: one file of one picker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, Screen, Use
from waflows.flowjson.examples import fails, finish, page, passes
from waflows.flowjson.family import Family, OnScreen
from waflows.flowjson.rule import Example, Rule

_PHOTO = '{ "type": "PhotoPicker", "name": "photo", "label": "Photo"MORE }'
_AT = "screens[0].layout.children[1].on-click-action.payload"
_BINDING = '{ "photo": «"${form.photo}"» }'
_WHY = (
    "From Meta's error table. Its release notes of August 2024, the month of 5.0, and the page on "
    "media allow up to 10 files in a response, so that from 5.0 this is a warning."
)


def _photo(limit: str, payload: str = _BINDING, kind: str = "Photo") -> str:
    text = page(_PHOTO.replace("MORE", limit), last=finish(payload))
    if kind == "Photo":
        return text
    return text.replace("PhotoPicker", "DocumentPicker").replace("-photos", "-documents")


_GOOD: tuple[Example, ...] = passes(
    _photo(', "max-uploaded-photos": 1', '{ "photo": "${form.photo}" }')
)
_EXPLICIT = (
    "In the complete action payload, {type} can only be used if the value of the '{property}' "
    "property doesn't exceed 1."
)
_DEFAULT = (
    "{type} can only be used in complete action payload if value of property '{property}' "
    "doesn't exceed 1. Default value is 30."
)


def _explicit(name: str, kind: str, files: str) -> Rule:
    message = _EXPLICIT.replace("{type}", kind).replace("{property}", f"max-uploaded-{files}")
    marked = _photo(', "max-uploaded-photos": 3', kind=kind[:-6])
    return Rule(
        id=name,
        code="INVALID_ON_CLICK_ACTION_PAYLOAD",
        title=f"complete sends one file of a {kind}",
        message=message,
        why=_WHY,
        warning_since="5.0",
        help=f'Set "max-uploaded-{files}": 1, or send the files with data_exchange.',
        since="4.0",
        failing=fails(marked, message, f"{_AT}.photo"),
        passing=_GOOD,
    )


PHOTO = _explicit("oc-photo-max-complete", "PhotoPicker", "photos")
DOCUMENT = _explicit("oc-doc-max-complete", "DocumentPicker", "documents")
DEFAULT = Rule(
    id="native-default-30",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="complete sends one file, and the default is 30",
    message=_DEFAULT,
    why=_WHY,
    warning_since="5.0",
    help='Set "{property}": 1, or send the files with data_exchange.',
    since="4.0",
    failing=fails(
        _photo(""),
        _DEFAULT.replace("{type}", "PhotoPicker").replace("{property}", "max-uploaded-photos"),
        f"{_AT}.photo",
    ),
    passing=_GOOD,
)
SINGLE = Rule(
    id="native-single",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="complete sends the files of one picker",
    message=(
        "Complete action payload can contain either a single PhotoPicker or a single "
        "DocumentPicker component."
    ),
    why=_WHY,
    warning_since="5.0",
    help="Keep one of them, or send the files with data_exchange.",
    since="4.0",
    failing=fails(
        _photo(
            ', "max-uploaded-photos": 1',
            '«{ "photo": "${form.photo}", "again": "${form.photo}" }»',
        ),
        "Complete action payload can contain either a single PhotoPicker or a single "
        "DocumentPicker component.",
        _AT,
    ),
    passing=_GOOD,
)
_LIMITS = {
    "PhotoPicker": ("max-uploaded-photos", PHOTO),
    "DocumentPicker": ("max-uploaded-documents", DOCUMENT),
}


def check_screen(screen: Screen) -> Iterator[Finding]:
    """The pickers in the payloads of complete actions."""
    sent: dict[int, list[Use]] = defaultdict(list)
    for use in screen.uses:
        sole = use.expression.kind == "binding" and use.in_payload and len(use.steps) == 2
        if sole and use.action is not None and use.action.name == "complete" and use.pickers:
            sent[id(use.action)].append(use)
    for uses in sent.values():
        if len(uses) > 1 and uses[0].action is not None:
            yield SINGLE.finding(uses[0].action.target("payload"))
        for use in uses:
            yield from _too_many(use, use.pickers[0])


def _too_many(use: Use, picker: Component) -> Iterator[Finding]:
    name, rule = _LIMITS[picker.type]
    limit: Any = picker.value.get(name)
    if name not in picker.value:
        yield DEFAULT.finding(use.target(), type=picker.type, property=name)
    elif isinstance(limit, int | float) and not isinstance(limit, bool) and limit > 1:
        yield rule.finding(use.target())


FAMILY = Family(rules=(PHOTO, DOCUMENT, DEFAULT, SINGLE), checks=(OnScreen(check_screen),))
