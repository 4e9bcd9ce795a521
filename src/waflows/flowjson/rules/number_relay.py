"""Numbers handed from screen to screen."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, FlowStructure, Use
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, passes
from waflows.flowjson.expressions import Reference
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.rule import Gap

_AGE = '{ "type": "TextInput", "name": "age", "label": "Age", "input-type": "number" }'
_DATA = '"data": { "age": { "type": "number", "__example__": 30 } }'
_LAST = a_screen("THREE", FOOTER, head=f'"terminal": true,\n{_DATA}')


def _flow(value: str) -> str:
    return a_flow(
        a_screen("ONE", _AGE, go("TWO", '{ "age": "${form.age}" }')),
        a_screen("TWO", go("THREE", f'{{ "age": {value} }}'), head=_DATA),
        _LAST,
    )


RULE = Gap(
    id="number-relay",
    code="WAFLOWS_NUMBER_RELAY",
    evidence=("reports",),
    title="The value of a number input is not handed on twice",
    message="{expression} is the number typed on screen '{origin}', handed on a second time.",
    why="Phones keep the typed number as text: reports say that the second screen it is handed to "
    "does not open, with a schema error.",
    help="Refer to the input itself: ${screen.{origin}.form.{name}}.",
    since="4.0",
    failing=fails(
        _flow('«"${data.age}"»'),
        "${data.age} is the number typed on screen 'ONE', handed on a second time.",
        "screens[1].layout.children[0].on-click-action.payload.age",
    ),
    passing=passes(_flow('"${screen.ONE.form.age}"')),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Values of number and passcode inputs that two navigate actions carry, one after another."""
    carried: dict[tuple[str, str], tuple[str, str]] = {}
    uses = [use for screen in flow.screens for use in screen.uses if _is_carried(use)]
    for use in uses:
        reference, found = use.found[0]
        field = found.field
        if reference.source == "form" and field is not None and _is_numeric(field):
            at = (_destination(use), str(use.steps[1]))
            carried.setdefault(at, (field.screen.name, reference.path[0]))
    for use in uses if carried else ():
        reference = use.found[0][0]
        if reference.source == "data" and reference.screen is None:
            origin = carried.get((use.screen.name, reference.path[0]))
            if origin is not None:
                screen, name = origin
                yield RULE.finding(use.target(), expression=use.text, origin=screen, name=name)


def _is_carried(use: Use) -> bool:
    """Whether a use is the whole value of a field that a navigate action hands over."""
    action = use.action
    return (
        action is not None
        and action.name == "navigate"
        and len(use.steps) == 2
        and isinstance(use.expression.tree, Reference)
        and use.expression.kind == "binding"
    )


def _is_numeric(field: Component) -> bool:
    kind = field.value.get("input-type")
    return field.type == "TextInput" and kind in ("number", "passcode")


def _destination(use: Use) -> str:
    return (use.action.destination if use.action is not None else None) or ""


FAMILY = Family(rules=(RULE,), checks=(OnFlow(check_flow, since="4.0"),))
