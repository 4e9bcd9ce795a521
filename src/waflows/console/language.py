"""The words of Flow JSON, from which the code editor suggests what is allowed where.

They come from the same tables that the validator uses.
"""

from __future__ import annotations

import functools

import msgspec

from waflows.flowjson.spec import objects
from waflows.flowjson.spec.components import COMPONENTS
from waflows.flowjson.spec.model import ComponentType, ObjectType, Property
from waflows.flowjson.spec.versions import DATA_API_VERSIONS, VERSIONS


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A property; `since` and `until` are the first and last version that have it."""

    name: str
    type: str
    required: bool = False
    since: str | None = None
    until: str | None = None
    values: list[str] = []
    actions: list[str] = []


class Kind(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object and its properties; only components have a `category`."""

    words: list[Word]
    category: str = ""
    since: str | None = None
    until: str | None = None


class Vocabulary(msgspec.Struct, frozen=True, rename="camel"):
    """All of Flow JSON; `objects` are those that are neither components nor actions."""

    versions: list[str]
    objects: dict[str, Kind]
    components: dict[str, Kind]
    actions: dict[str, Kind]
    data_types: list[str]


@functools.cache
def vocabulary() -> Vocabulary:
    """Returns the words of every version."""
    named = {
        "flow": objects.FLOW,
        "screen": objects.SCREEN,
        "layout": objects.LAYOUT,
        "NextScreen": objects.NEXT_SCREEN,
        **objects.ITEMS,
    }
    own_values = {
        ("flow", "version"): list(VERSIONS),
        ("flow", "data_api_version"): list(DATA_API_VERSIONS),
    }
    return Vocabulary(
        list(VERSIONS),
        {name: _kind(name, kind, own_values) for name, kind in named.items()},
        {name: _component(kind) for name, kind in COMPONENTS.items()},
        {name: _kind(name, kind, {}) for name, kind in objects.ACTIONS.items()},
        list(objects.DATA_TYPES),
    )


def _component(kind: ComponentType) -> Kind:
    words = [_word(line, []) for line in kind.properties]
    return Kind(words, kind.category, kind.since, kind.until)


def _kind(name: str, kind: ObjectType, values: dict[tuple[str, str], list[str]]) -> Kind:
    words = [_word(line, values.get((name, line.name), [])) for line in kind.properties]
    return Kind(words, since=kind.since)


def _word(line: Property, values: list[str]) -> Word:
    return Word(
        name=line.name,
        type=line.type,
        required=line.required,
        since=line.since,
        until=line.until,
        values=values or [str(value) for value in line.allowed],
        actions=list(line.actions),
    )
