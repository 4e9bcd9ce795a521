"""Bodies become Structs, or errors that say what would be right."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from waflows.errors import InvalidParameter
from waflows.http.reading import read_body


class Item(msgspec.Struct, frozen=True):
    name: str = ""
    data: Any = None


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (rb'[{"name": "a"}, {"name": "b\u0000"}]', "[1].name"),
        (rb'[{"data": {"a": ["", "\\\u0000"]}}]', "[0].data.a[1]"),
        (rb'[{"data": {"\u0000": 1}}]', "A name in [0].data"),
    ],
)
def test_a_null_character_is_refused_with_its_place(body: bytes, place: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        read_body(list[Item], body)
    assert refusal.value.message == f"{place} must not have a null character in it."


def test_what_only_reads_like_a_null_character_is_taken() -> None:
    [item] = read_body(list[Item], rb'[{"name": "\\u0000", "unknown": "\u0000"}]')
    assert item.name == r"\u0000"
