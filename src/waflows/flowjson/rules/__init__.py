"""The rules, in the order in which they are asked, and the registry made of them.

Rules for values go from the most particular to the most general, and the first that objects to a
value is the last one asked about it: what is wrong with a value is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from types import ModuleType

from waflows.flowjson import shape
from waflows.flowjson.diagnostics import Fault
from waflows.flowjson.document import PICKERS, Flow, Screen, Use
from waflows.flowjson.expressions import Problem, typing
from waflows.flowjson.resolve import resolve
from waflows.flowjson.rule import Rule
from waflows.flowjson.rules import (
    allowed_values,
    binding_schemas,
    binding_types,
    bindings,
    branch_contents,
    branch_footers,
    complete_action,
    condition_sense,
    condition_syntax,
    conditional_shape,
    counts,
    data_examples,
    data_model,
    endpoint,
    exclusive,
    expression_size,
    expression_type,
    form_scope,
    generated_connections,
    generated_routes,
    global_bindings,
    initial_values,
    inputs,
    invalid_value,
    json_text,
    list_sizes,
    missing_property,
    mixed_text,
    names,
    navigate_form,
    navigate_payload,
    navigate_target,
    navigate_types,
    navigation_list,
    nested_expression,
    payload_references,
    pickers_at_top,
    pickers_in_complete,
    pickers_in_navigate,
    plain_text_value,
    ranges,
    rich_text,
    routing_edges,
    routing_graph,
    routing_names,
    screen_limits,
    terminal_screens,
    too_new,
    too_short,
    undetermined,
    unknown_property,
    update_data,
    version,
    wrong_type,
)

__all__ = [
    "PROPERTY_CHECKS",
    "RULES",
    "flow_faults",
    "not_an_object",
    "screen_faults",
    "text_faults",
    "version_faults",
]

_MODULES: tuple[ModuleType, ...] = (
    json_text,
    version,
    unknown_property,
    navigate_form,
    missing_property,
    conditional_shape,
    nested_expression,
    expression_type,
    mixed_text,
    too_new,
    plain_text_value,
    invalid_value,
    wrong_type,
    too_short,
    allowed_values,
    ranges,
    list_sizes,
    exclusive,
    terminal_screens,
    endpoint,
    names,
    form_scope,
    counts,
    branch_footers,
    routing_names,
    routing_graph,
    routing_edges,
    generated_connections,
    generated_routes,
    navigate_target,
    navigate_payload,
    navigate_types,
    payload_references,
    update_data,
    pickers_in_navigate,
    pickers_at_top,
    pickers_in_complete,
    initial_values,
    complete_action,
    data_model,
    data_examples,
    bindings,
    global_bindings,
    binding_types,
    binding_schemas,
    condition_syntax,
    condition_sense,
    expression_size,
    screen_limits,
    branch_contents,
    rich_text,
    navigation_list,
    inputs,
    undetermined,
)


def _registry() -> dict[str, Rule]:
    rules: list[Rule] = []
    for module in _MODULES:
        rules += module.RULES if hasattr(module, "RULES") else [module.RULE]
    return {rule.id: rule for rule in rules}


def _hooks(name: str) -> tuple[Callable[..., Iterator[Fault]], ...]:
    return tuple(getattr(module, name) for module in _MODULES if hasattr(module, name))


RULES: dict[str, Rule] = _registry()
"""Every rule by its id."""

PROPERTY_CHECKS = shape.Checks(
    _hooks("check_property"), _hooks("check_unknown"), _hooks("check_missing")
)
_FLOW = _hooks("check_flow")
_SCREEN = _hooks("check_screen")
_ACTION = _hooks("check_action")

_TRAITS = {
    "condition": 1,
    "nested": 2,
    "text": 4,
    "payload": 8,  # stands in an action's payload
    "typed": 16,  # is a property whose types are known
    "item": 32,  # is to bring a list of items
    "problem": 64,
    "unsound": 128,  # refers to what is not there, or globally to its own screen
    "global": 256,
    "picker": 512,  # refers to a photo or document picker
}
"""What a `check_use` can name in its `USES`."""
_KINDS = {"binding": 0, "condition": 1, "nested": 2, "text": 4}

text_faults = json_text.text_faults
not_an_object = wrong_type.not_an_object
version_faults = version.version_faults


@lru_cache(maxsize=64)
def _component_checks(kind: str) -> tuple[Callable[..., Iterator[Fault]], ...]:
    """The rules for a type of component: those for all types, and those that name it."""
    return tuple(
        module.check_component
        for module in _MODULES
        if hasattr(module, "check_component") and kind in getattr(module, "TYPES", (kind,))
    )


def screen_faults(screen: Screen) -> Iterator[Fault]:
    """What the rules find on a screen whose properties have been walked."""
    for use in screen.uses:
        references = use.expression.references
        use.found = tuple((each, resolve(each, use.screen)) for each in references)
        use.problem = _problem(use)
        for check in _use_checks(_traits(use)):
            yield from check(use)
    for check_screen in _SCREEN:
        yield from check_screen(screen)
    for component in screen.components:
        for check in _component_checks(component.type if component.shape else ""):
            yield from check(component)
    for action in screen.actions:
        for check in _ACTION:
            yield from check(action)


def flow_faults(flow: Flow) -> Iterator[Fault]:
    """What the rules find between screens that have been walked, and in the document as a whole."""
    for check in _FLOW:
        yield from check(flow)


@lru_cache(maxsize=256)
def _use_checks(traits: int) -> tuple[Callable[..., Iterator[Fault]], ...]:
    """The rules that have something to say about a use with these traits."""
    return tuple(
        module.check_use
        for module in _MODULES
        if hasattr(module, "check_use") and any(_TRAITS[name] & traits for name in module.USES)
    )


def _traits(use: Use) -> int:
    """What a use is, so that the many sound ones are not looked at by every rule."""
    payload = use.in_payload
    found = _KINDS[use.expression.kind]
    if payload:
        found |= _TRAITS["payload"]
    elif use.types:
        found |= _TRAITS["typed"]
    if use.item is not None:
        found |= _TRAITS["item"]
    if use.problem is not None:
        found |= _TRAITS["problem"]
    for reference, resolution in use.found:
        if resolution.outcome != "found" or resolution.own:
            found |= _TRAITS["unsound"]
        if reference.screen is not None:
            found |= _TRAITS["global"]
        if resolution.field is not None and resolution.field.type in PICKERS:
            found |= _TRAITS["picker"]
    return found


def _problem(use: Use) -> Problem | None:
    """Why a use is no expression, or where its operands do not go together."""
    expression = use.expression
    if expression.tree is None or expression.kind == "binding":
        return expression.problem
    return typing.check(expression.tree, use.text, use.type_of)
