"""The rules, in the order in which they are checked, and the registry made of them.

Checks of values go from the most particular to the most general, and the first that objects to a
value is the last one called for it: what is wrong with a value is reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from waflows.flowjson.data_model import entries
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import PICKERS, Action, Component, FlowStructure, Screen, Use
from waflows.flowjson.expressions import Problem, typing
from waflows.flowjson.family import (
    UNKNOWN,
    Family,
    OnAction,
    OnChild,
    OnComponent,
    OnField,
    OnFlow,
    OnMissing,
    OnScreen,
    OnSound,
    OnUnknown,
    OnUse,
    OnValue,
    Traits,
)
from waflows.flowjson.resolve import resolve
from waflows.flowjson.rule import Rule
from waflows.flowjson.rules import (
    branch_contents,
    calendar_modes,
    complete_action,
    dates,
    dm_declarations,
    dm_examples,
    dup_names,
    dyn_fields,
    dyn_schemas,
    dyn_types,
    expression_size,
    expression_syntax,
    expression_too_new,
    expression_type,
    form_scope,
    forms,
    global_references,
    if_footers,
    if_sense,
    if_shape,
    if_syntax,
    images,
    init_values,
    inputs,
    json_text,
    list_size,
    max_counts,
    min_and_max,
    mixed_text,
    native_in_complete,
    native_in_navigate,
    native_top_level,
    nav_payload,
    nav_target,
    nav_types,
    navigate_form,
    navigation_list,
    need_endpoint,
    number_relay,
    oc_references,
    open_url,
    option_items,
    pattern_text,
    per_screen,
    rich_text,
    rm_edges,
    rm_graph,
    rm_names,
    rm_navigate_branches,
    rm_navigate_connections,
    schema_enum,
    schema_exclusive,
    schema_invalid_value,
    schema_minimum,
    schema_pattern,
    schema_required,
    schema_unknown_property,
    schema_wrong_type,
    screen_title,
    terminal_screens,
    undetermined,
    unreachable,
    unused_input,
    update_data,
    version,
)
from waflows.flowjson.rules.json_text import text_findings
from waflows.flowjson.rules.schema_unknown_property import wrapper_findings
from waflows.flowjson.rules.schema_wrong_type import not_an_object
from waflows.flowjson.rules.version import version_findings
from waflows.flowjson.shape import Checks

__all__ = [
    "FAMILIES",
    "RULES",
    "Dispatch",
    "dispatch",
    "not_an_object",
    "text_findings",
    "version_findings",
    "wrapper_findings",
]

FAMILIES: dict[str, Family] = {
    module.__name__.rpartition(".")[2]: module.FAMILY
    for module in (
        json_text,
        version,
        schema_unknown_property,
        navigate_form,
        schema_required,
        if_shape,
        expression_syntax,
        expression_type,
        mixed_text,
        expression_too_new,
        schema_pattern,
        schema_invalid_value,
        schema_wrong_type,
        schema_minimum,
        schema_enum,
        min_and_max,
        dates,
        calendar_modes,
        option_items,
        list_size,
        schema_exclusive,
        terminal_screens,
        need_endpoint,
        dup_names,
        form_scope,
        max_counts,
        if_footers,
        rm_names,
        rm_graph,
        rm_edges,
        rm_navigate_connections,
        rm_navigate_branches,
        nav_target,
        nav_payload,
        nav_types,
        oc_references,
        update_data,
        open_url,
        native_in_navigate,
        native_top_level,
        native_in_complete,
        init_values,
        complete_action,
        dm_declarations,
        dm_examples,
        dyn_fields,
        global_references,
        dyn_types,
        dyn_schemas,
        if_syntax,
        if_sense,
        expression_size,
        per_screen,
        branch_contents,
        rich_text,
        navigation_list,
        inputs,
        images,
        pattern_text,
        number_relay,
        screen_title,
        forms,
        undetermined,
        unreachable,
        unused_input,
    )
}
"""Every family by the name of its module."""

RULES: dict[str, Rule] = {rule.id: rule for family in FAMILIES.values() for rule in family.rules}
"""Every rule by its id."""


class Dispatch:
    """The checks for one version, by what they are called for."""

    def __init__(self, version: str) -> None:
        checks = [
            check
            for family in FAMILIES.values()
            for check in family.checks
            if check.holds_in(version)
        ]
        self.places = Checks(
            tuple(check.run for check in checks if isinstance(check, OnValue)),
            tuple(check.run for check in checks if isinstance(check, OnUnknown)),
            tuple(check.run for check in checks if isinstance(check, OnMissing)),
        )
        self._flow = tuple(check.run for check in checks if isinstance(check, OnFlow))
        self._sound = tuple(check.run for check in checks if isinstance(check, OnSound))
        self._screen = tuple(check.run for check in checks if isinstance(check, OnScreen))
        self._fields = tuple(check.run for check in checks if isinstance(check, OnField))
        self._components = [check for check in checks if isinstance(check, OnComponent)]
        self._children = tuple(check.run for check in checks if isinstance(check, OnChild))
        self._actions = [check for check in checks if isinstance(check, OnAction)]
        self._uses = [check for check in checks if isinstance(check, OnUse)]
        self._by_type: dict[str, tuple[Callable[[Component], Iterable[Finding]], ...]] = {}
        self._by_name: dict[str, tuple[Callable[[Action], Iterable[Finding]], ...]] = {}
        self._by_traits: dict[Traits, tuple[Callable[[Use], Iterable[Finding]], ...]] = {}

    def screen_findings(self, screen: Screen) -> Iterator[Finding]:
        """What is wrong on a screen whose properties have been walked."""
        yield from self._use_findings(screen)
        for check_screen in self._screen:
            yield from check_screen(screen)
        if screen.data:
            for steps, entry in entries(screen):
                for check_field in self._fields:
                    yield from check_field(screen, steps, entry)
        yield from self._component_findings(screen)
        for action in screen.actions:
            for check_action in self._for_action(action.name):
                yield from check_action(action)

    def _use_findings(self, screen: Screen) -> Iterator[Finding]:
        for use in screen.uses:
            references = use.expression.references
            use.found = tuple([(each, resolve(each, screen)) for each in references])
            if use.expression.kind != "binding":
                use.problem = _problem(use)
            for check in self._for_use(_traits(use)):
                yield from check(use)

    def _component_findings(self, screen: Screen) -> Iterator[Finding]:
        for component in screen.components:
            known = component.shape is not None
            for check in self._for_type(component.type if known else UNKNOWN):
                yield from check(component)
            if known and component.parent is not None:
                for check_child in self._children:
                    yield from check_child(component)

    def flow_findings(self, flow: FlowStructure) -> Iterator[Finding]:
        """What is wrong between screens that have been walked, and in the document as a whole."""
        for check in self._flow:
            yield from check(flow)

    def sound_findings(self, flow: FlowStructure) -> Iterator[Finding]:
        """What is doubtful in a document without errors."""
        for check in self._sound:
            yield from check(flow)

    def _for_type(self, kind: str) -> tuple[Callable[[Component], Iterable[Finding]], ...]:
        found = self._by_type.get(kind)
        if found is None:
            found = tuple(
                check.run
                for check in self._components
                if check.types is None or kind in check.types
            )
            self._by_type[kind] = found
        return found

    def _for_action(self, name: str) -> tuple[Callable[[Action], Iterable[Finding]], ...]:
        found = self._by_name.get(name)
        if found is None:
            found = tuple(
                check.run for check in self._actions if check.names is None or name in check.names
            )
            self._by_name[name] = found
        return found

    def _for_use(self, traits: Traits) -> tuple[Callable[[Use], Iterable[Finding]], ...]:
        found = self._by_traits.get(traits)
        if found is None:
            found = tuple(check.run for check in self._uses if check.when(traits))
            self._by_traits[traits] = found
        return found


@cache
def dispatch(version: str) -> Dispatch:
    """The checks for a known version."""
    return Dispatch(version)


def _traits(use: Use) -> Traits:
    payload = use.in_payload
    unsound = elsewhere = picker = False
    for reference, resolution in use.found:
        unsound = unsound or resolution.outcome != "found" or resolution.own
        elsewhere = elsewhere or reference.screen is not None
        field = resolution.field
        picker = picker or (field is not None and field.type in PICKERS)
    return Traits(
        use.expression.kind,
        payload,
        not payload and bool(use.types),
        use.item is not None,
        use.problem is not None,
        unsound,
        elsewhere,
        picker,
    )


def _problem(use: Use) -> Problem | None:
    """Why a use is not an expression, or where its operands do not go together."""
    expression = use.expression
    if expression.tree is None:
        return expression.problem
    return typing.check(expression.tree, use.text, use.type_of)
