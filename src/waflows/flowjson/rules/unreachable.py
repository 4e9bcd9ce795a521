"""Conditions that are decided before they are asked, and cases that never occur.

Only what the document itself shows: the same comparison again, two values for one reference, a case
that is none of the options of an input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Component, FlowStructure, Use
from waflows.flowjson.examples import HEADING, fails, page, passes
from waflows.flowjson.expressions import Binary, Literal, Node, Reference, Unary
from waflows.flowjson.family import Family, OnSound
from waflows.flowjson.rule import Gap

_DATA = """{
  "plan": { "type": "string", "__example__": "basic" },
  "member": { "type": "boolean", "__example__": true }
}"""
_BASIC, _PRO = "${data.plan} == 'basic'", "${data.plan} == 'pro'"
_AT = "screens[0].layout.children[0]"


def _if(condition: str, child: str = HEADING) -> str:
    return f'{{ "type": "If", "condition": "{condition}", "then": [{child}] }}'


def _switch(case: str) -> str:
    return (
        '{ "type": "Switch", "value": "${data.member}", "cases": {\n'
        f"  {case}: [{HEADING}] }} }}"
    )


NEVER = Gap(
    id="condition-never",
    code="WAFLOWS_CONDITION_NEVER_TRUE",
    evidence=("reading",),
    title="A condition can be true",
    message="'{condition}' is never true here.",
    why="Another part of the condition, or an If around it, already says the opposite: what stands "
    "under it is never shown.",
    help="Correct the condition, or remove what is never shown.",
    since="4.0",
    failing=fails(
        page(_if(f"({_BASIC}) && («{_PRO}»)"), data=_DATA),
        f"'{_PRO}' is never true here.",
        f"{_AT}.condition",
    )
    + fails(
        page(_if(_BASIC, _if(f"«{_PRO}»")), data=_DATA),
        f"'{_PRO}' is never true here.",
        f"{_AT}.then[0].condition",
    ),
    passing=passes(page(_if(f"({_BASIC}) || ({_PRO})"), data=_DATA)),
)
ALWAYS = Gap(
    id="condition-repeated",
    code="WAFLOWS_CONDITION_REPEATED",
    evidence=("reading",),
    title="A condition is asked once",
    message="'{condition}' is always true here.",
    why="Another part of the condition, or an If around it, already asks for it: what stands in "
    "its else is never shown.",
    help="Remove it, or correct it.",
    since="4.0",
    failing=fails(
        page(_if(_BASIC, _if(f"«{_BASIC}»")), data=_DATA),
        f"'{_BASIC}' is always true here.",
        f"{_AT}.then[0].condition",
    ),
    passing=passes(page(_if(_BASIC, _if("${data.member}")), data=_DATA)),
)
CASE = Gap(
    id="switch-case-never",
    code="WAFLOWS_CASE_NEVER_TAKEN",
    evidence=("reading",),
    title="Each case of a Switch can occur",
    message="'{value}' is never '{case}'.",
    why="The value is one of those the input or the type has: what stands in another case is never "
    "shown.",
    help="Use one of {known}.",
    since="4.0",
    failing=fails(
        page(_switch('«"yes"»'), data=_DATA),
        "'${data.member}' is never 'yes'.",
        f"{_AT}.cases.yes",
    ),
    passing=passes(page(_switch('"true"'), data=_DATA)),
)


class _Term(msgspec.Struct, frozen=True):
    """One operand of `&&`: it holds when `key` is `wanted`.

    `subject` and `value` are the two sides of a comparison with a literal.
    """

    key: str
    wanted: bool
    span: tuple[int, int]
    subject: str = ""
    value: Any = None


_Asked = dict[Component, tuple[Use, list[_Term]]]


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Conditions of every If, given those around it, and the cases of every Switch."""
    for screen in flow.screens:
        asked: _Asked = {}
        for use in screen.uses:
            if use.component is None or use.action is not None:
                continue
            if use.component.type == "If" and use.steps == ("condition",):
                if use.expression.tree is not None:
                    asked[use.component] = use, list(_terms(use.expression.tree, use.text))
            elif use.component.type == "Switch" and use.steps == ("value",):
                yield from _case_findings(use)
        for component, (use, terms) in asked.items():
            yield from _term_findings(use, terms, _given(component, asked))


def _terms(tree: Node, text: str) -> Iterator[_Term]:
    """The operands that all hold when a condition does."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Binary) and node.operator == "&&":
            pending += (node.right, node.left)
        else:
            yield _term(node, text)


def _term(node: Node, text: str) -> _Term:
    if isinstance(node, Unary) and node.operator == "!":
        return _Term(_written(node.operand, text), False, node.span)
    if isinstance(node, Binary) and node.operator in {"==", "!="}:
        sides = node.left, node.right
        reference = next((side for side in sides if isinstance(side, Reference)), None)
        literal = next((side for side in sides if isinstance(side, Literal)), None)
        if reference is not None and literal is not None:
            key = f"{reference.text} == {literal.text}"
            return _Term(key, node.operator == "==", node.span, reference.text, literal.value)
    return _Term(_written(node, text), True, node.span)


def _written(node: Node, text: str) -> str:
    start, end = node.span
    return "".join(text[start:end].split())


def _given(component: Component, asked: _Asked) -> list[_Term]:
    """What is certain where a component stands: the conditions of the Ifs around it."""
    found: list[_Term] = []
    inner = component
    for outer in component.ancestors:
        terms = asked[outer][1] if outer in asked else []
        if inner.steps[0] == "then":
            found += terms
        elif inner.steps[0] == "else" and len(terms) == 1:
            [term] = terms
            found.append(msgspec.structs.replace(term, wanted=not term.wanted))
        inner = outer
    return found


def _term_findings(use: Use, terms: list[_Term], given: list[_Term]) -> Iterator[Finding]:
    certain = {term.key: term.wanted for term in given}
    values = {term.subject: term.value for term in given if term.subject and term.wanted}
    for term in terms:
        holds = certain.get(term.key)
        if holds is None and term.subject in values and term.subject:
            same_type = type(values[term.subject]) is type(term.value)
            holds = False if same_type and values[term.subject] != term.value else None
        if holds is not None:
            rule = ALWAYS if holds == term.wanted else NEVER
            start, end = term.span
            yield rule.finding(use.target(term.span), condition=use.text[start:end])
            return
        certain[term.key] = term.wanted
        if term.subject and term.wanted:
            values[term.subject] = term.value


def _case_findings(use: Use) -> Iterator[Finding]:
    component = use.component
    assert component is not None
    cases, possible = component.value.get("cases"), _possible(use)
    if possible is None or not isinstance(cases, dict):
        return
    for case in cases:
        if case not in {*possible, "default", ""}:
            known = ", ".join(possible[:10])
            at = component.target("cases", case, key=True)
            yield CASE.finding(at, value=use.text, case=case, known=known)


def _possible(use: Use) -> list[str] | None:
    """The values a Switch may meet; None when the document does not say."""
    if use.types_given == ("boolean",):
        return ["true", "false"]
    field = use.found[0][1].field if len(use.found) == 1 else None
    if field is None or use.expression.kind != "binding":
        return None
    options = field.value.get("data-source")
    if field.type not in {"Dropdown", "RadioButtonsGroup"} or not isinstance(options, list):
        return None
    ids = [option.get("id") for option in options if isinstance(option, dict)]
    known = [each for each in ids if isinstance(each, str)]
    return known if len(known) == len(options) else None


FAMILY = Family(rules=(NEVER, ALWAYS, CASE), checks=(OnSound(check_flow, since="4.0"),))
