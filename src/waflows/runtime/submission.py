"""What a footer waits for."""

from __future__ import annotations

from typing import Any

from waflows.flowjson import expressions
from waflows.runtime import fields
from waflows.runtime.flow import Component
from waflows.runtime.scope import Scope
from waflows.runtime.validation import Problem, problem


def problems(scope: Scope, shown: list[Component]) -> dict[str, Problem]:
    """What is wrong on the screen, by the component's key. Hidden inputs are not looked at."""
    found = {}
    for component in shown:
        if component.type in fields.INPUTS:
            wrong = problem(scope, component)
            if wrong is not None:
                found[component.key] = wrong
    return found


def waits_for(
    scope: Scope, footer: Component, wrong: dict[str, Problem], shown: list[Component]
) -> str:
    """Why a footer is disabled; empty when it can be tapped."""
    if not scope.flag(footer, "enabled", default=True):
        return "The flow disables it."
    for component in shown:
        if component.key in wrong and wrong[component.key].code == "required":
            return f"{_called(scope, component)} is required."
    missing = _missing(scope, footer.value.get("on-click-action"))
    return f"The data for {missing} is not there yet." if missing else ""


def _called(scope: Scope, component: Component) -> str:
    label = scope.get(component, "label")
    return f"{label[:100]!r}" if isinstance(label, str) and label else component.name


def _missing(scope: Scope, action: Any) -> str:
    """The key of a `navigate` payload whose binding finds nothing."""
    if not isinstance(action, dict) or action.get("name") != "navigate":
        return ""
    payload = action.get("payload")
    for key, value in payload.items() if isinstance(payload, dict) else ():
        bound = isinstance(value, str) and expressions.classify(value) == "binding"
        if bound and scope.resolve(value) is None:
            return str(key)
    return ""
