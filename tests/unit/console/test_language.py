"""What the editor proposes is what the validator knows."""

from __future__ import annotations

import msgspec
import pytest

from waflows.console.language import vocabulary
from waflows.flowjson.spec import for_version
from waflows.flowjson.spec.versions import VERSIONS, at_least


def holds(since: str | None, until: str | None, version: str) -> bool:
    return (since is None or at_least(version, since)) and (
        until is None or not at_least(version, until)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_components_and_their_properties_are_those_of_the_validators_tables(version: str) -> None:
    spec = for_version(version)
    words = vocabulary()
    offered = {
        name: {word.name for word in kind.words if holds(word.since, word.until, version)}
        for name, kind in words.components.items()
        if holds(kind.since, kind.until, version)
    }
    assert offered == {name: set(kind.slots) for name, kind in spec.components.items()}


def test_every_kind_of_object_a_property_names_is_there() -> None:
    words = vocabulary()
    named = {
        word.type.removeprefix("array<").removesuffix(">")
        for kind in (*words.objects.values(), *words.components.values(), *words.actions.values())
        for word in kind.words
    }
    assert {name for name in named if name[:1].isupper()} <= set(words.objects)


def test_the_vocabulary_is_small_enough_to_be_fetched_by_every_page() -> None:
    assert len(msgspec.json.encode(vocabulary())) < 64 * 1024
