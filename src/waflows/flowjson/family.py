"""Families of rules, and what each of their checks looks at.

A module of `waflows.flowjson.rules` ends with its `FAMILY`: the rules it documents and the checks
that find what breaks them. A check is a function that yields findings, wrapped in the class that
says what it is called for (the flow, a screen, components of some types, actions of some names,
uses of bindings, values, unknown or missing properties) and for which versions. Checks do not call
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from waflows.flowjson.diagnostics import Finding, Path
from waflows.flowjson.document import Action, Component, FlowStructure, Screen, Use
from waflows.flowjson.expressions import Kind
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place
from waflows.flowjson.spec import versions

UNKNOWN = ""
"""The type of a component whose own type the version does not know."""


class Traits(NamedTuple):
    """What a use is, so that the many sound ones are not looked at by every check.

    `payload`: it stands in an action's payload. `typed`: the types its property takes are known.
    `wants_items`: it should bring a list of items. `wrong`: it is not an expression, or its
    operands do not fit. `unsound`: it refers to something missing, or globally to its own screen.
    `elsewhere`: it refers to another screen. `picker`: it refers to a photo or document picker.
    """

    kind: Kind
    payload: bool
    typed: bool
    wants_items: bool
    wrong: bool
    unsound: bool
    elsewhere: bool
    picker: bool


class _Check(msgspec.Struct, frozen=True, kw_only=True):
    """`since` and `until`: the first version a check is made for, and the first it no longer is."""

    since: str | None = None
    until: str | None = None

    def holds_in(self, version: str) -> bool:
        """Whether the check is made for documents of a version."""
        if self.since is not None and not versions.at_least(version, self.since):
            return False
        return self.until is None or not versions.at_least(version, self.until)


class OnFlow(_Check, frozen=True):
    """Called once, when every screen has been looked at."""

    run: Callable[[FlowStructure], Iterable[Finding]]


class OnSound(_Check, frozen=True):
    """Called once, last, and only for a document without errors.

    For what an error may be the cause of, such as an input that is not used.
    """

    run: Callable[[FlowStructure], Iterable[Finding]]


class OnScreen(_Check, frozen=True):
    """Called for every screen, when its properties have been looked at."""

    run: Callable[[Screen], Iterable[Finding]]


class OnComponent(_Check, frozen=True):
    """Called for every component of one of the types; without types, for every component.

    A component whose type the version does not know is of the type `UNKNOWN`.
    """

    run: Callable[[Component], Iterable[Finding]]
    types: tuple[str, ...] | None = None


class OnChild(_Check, frozen=True):
    """Called for every component of a known type that stands in another: Form, If or Switch."""

    run: Callable[[Component], Iterable[Finding]]


class OnField(_Check, frozen=True):
    """Called for every declaration of a screen's data model, at every depth.

    The path leads to it from the screen.
    """

    run: Callable[[Screen, Path, dict[str, Any]], Iterable[Finding]]


class OnAction(_Check, frozen=True):
    """Called for every action with one of the names; without names, for every action."""

    run: Callable[[Action], Iterable[Finding]]
    names: tuple[str, ...] | None = None


class OnUse(_Check, frozen=True):
    """Called for every binding and expression with traits that `when` selects."""

    run: Callable[[Use], Iterable[Finding]]
    when: Callable[[Traits], bool]


class OnValue(_Check, frozen=True):
    """Called for every value that is not plainly what its property takes."""

    run: Callable[[Place], Iterable[Finding]]


class OnUnknown(_Check, frozen=True):
    """Called for every property that its object does not have."""

    run: Callable[[Place], Iterable[Finding]]


class OnMissing(_Check, frozen=True):
    """Called for every required property that its object lacks."""

    run: Callable[[Place], Iterable[Finding]]


Check = (
    OnFlow
    | OnSound
    | OnScreen
    | OnField
    | OnComponent
    | OnChild
    | OnAction
    | OnUse
    | OnValue
    | OnUnknown
    | OnMissing
)


class Family(msgspec.Struct, frozen=True):
    """The rules of one module, and the checks that find what breaks them."""

    rules: tuple[Rule, ...]
    checks: tuple[Check, ...] = ()
