"""No place of a Flow JSON trusts that what stands in it is of the right type."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from harness.misplaced import STRANGERS, Step, check_and_play, documents, places, replaced

_EVERY = 43
"""In the short form one of so many; a prime, so that all strangers have their turn."""

Case = tuple[str, Any, tuple[Step, ...], str]


def cases() -> Iterator[Case]:
    for name, value in documents().items():
        for path in places(value):
            for stranger in STRANGERS:
                yield name, value, path, stranger


def survive(chosen: Iterator[Case]) -> int:
    count = 0
    for name, value, path, stranger in chosen:
        try:
            check_and_play(replaced(value, path, stranger))
        except Exception as error:
            raise AssertionError(f"{stranger[:20]} at {path} of {name}: {error!r}") from error
        count += 1
    return count


def test_any_json_in_any_place_is_linted_and_played_or_refused() -> None:
    assert survive(islice(cases(), 0, None, _EVERY)) > 2_000


@pytest.mark.soak
def test_any_json_in_every_place_is_linted_and_played_or_refused() -> None:
    assert survive(cases()) > 90_000


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_pattern_beside_an_input_type_of_any_kind(stranger: str) -> None:
    check_and_play(
        '{"version":"7.1","screens":[{"id":"A","terminal":true,"layout":{"children":['
        f'{{"type":"TextInput","name":"a","label":"A","pattern":"x","input-type":{stranger}}}]}}}}]}}'
    )


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_declared_type_of_any_kind(stranger: str) -> None:
    check_and_play(
        f'{{"version":"7.1","screens":[{{"id":"A","data":{{"a":{{"type":{stranger}}}}}}}]}}'
    )
