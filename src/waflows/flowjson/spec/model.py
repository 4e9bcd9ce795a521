"""The vocabulary of the tables: what can be said of a property, an object and a component.

A property whose rules changed with a version has one line per range of versions: `since` is the
first version a line holds for, `until` the first it no longer holds for.
"""

from __future__ import annotations

import msgspec

from waflows.flowjson.spec import versions

ANY = ("data", "form", "screen")
"""Every family of binding: `${data.x}`, `${form.x}` and, from 4.0, `${screen.ID.…}`."""
NOT_FORM = ("data", "screen")
"""The families a property takes whose value is not typed by the user."""
FIXED: tuple[str, ...] = ()
"""No binding: the value is part of the document's shape."""


class _Line(msgspec.Struct, frozen=True):
    """What nearly every line of the tables says, so that it is said by position."""

    name: str
    type: str = "string"
    required: bool = False


class Property(_Line, frozen=True, kw_only=True):
    """One property of an object.

    `type` lists alternatives with `|`: string, integer, number, boolean, object, action,
    components, cases, expression, binding, array<string>, array<an item table>, and `dates` for
    an object with start-date and end-date. `dynamic` names the families of binding it accepts.
    `longest` is the number of characters the client shows. `most_items` and `least_items` are
    documented without an error of their own.
    """

    dynamic: tuple[str, ...] = FIXED
    since: str | None = None
    until: str | None = None
    allowed: tuple[str, ...] = ()
    longest: int | None = None
    least_items: int | None = None
    most_items: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    actions: tuple[str, ...] = ()
    format: str | None = None

    def holds_in(self, version: str) -> bool:
        """Whether this line is the one for a version."""
        return _in_range(self.since, self.until, version)


class ObjectType(msgspec.Struct, frozen=True):
    """An object that is not a component: the flow itself, a screen, a list item, an action."""

    name: str
    properties: tuple[Property, ...]
    since: str | None = None


class _Kind(msgspec.Struct, frozen=True):
    """What every component has, given by position."""

    name: str
    category: str
    properties: tuple[Property, ...]


class ComponentType(_Kind, frozen=True, kw_only=True):
    """One kind of component.

    `value` is the type of its `${form.name}`, None when it has none. `branch_since` is the first
    version in which it may stand inside If and Switch, None when it never may.
    """

    since: str | None = None
    until: str | None = None
    value: tuple[str, ...] = ()
    branch_since: str | None = None
    outside_form_since: str | None = None
    most_per_screen: int | None = None

    def holds_in(self, version: str) -> bool:
        """Whether the component exists in a version."""
        return _in_range(self.since, self.until, version)


def _in_range(since: str | None, until: str | None, version: str) -> bool:
    if since is not None and not versions.at_least(version, since):
        return False
    return until is None or not versions.at_least(version, until)
