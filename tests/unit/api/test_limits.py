"""The values of a JSON text are counted without decoding it, and what is in strings is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows import bounds
from waflows.api import limits
from waflows.errors import PayloadTooLarge

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab,[{"\\é\u0000'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='a,[{"\\'), inner),
    max_leaves=30,
)


def _marks(value: Any) -> int:
    """Commas, brackets and braces of a value written as JSON."""
    if isinstance(value, dict):
        return 1 + max(len(value) - 1, 0) + sum(map(_marks, value.values()))
    if isinstance(value, list):
        return 1 + max(len(value) - 1, 0) + sum(map(_marks, value))
    return 0


def _passes(text: bytes, most: int) -> bool:
    try:
        limits.check_values(text, most)
    except PayloadTooLarge:
        return False
    return True


@given(_JSON, st.integers(1, 9))
def test_exactly_the_marks_outside_of_strings_count(value: Any, block: int) -> None:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    marks = _marks(value)
    whole = bounds._BLOCK
    bounds._BLOCK = block
    try:
        assert _passes(text, marks)
        assert marks == 0 or not _passes(text, marks - 1)
    finally:
        bounds._BLOCK = whole


@pytest.mark.parametrize(
    "text",
    [b"[]," * 200_000, b"{}," * 200_000, b'"",' * 200_000, b'"' * 500_000 + b"[" * 200_000],
)
def test_too_many_values_are_refused(text: bytes) -> None:
    with pytest.raises(PayloadTooLarge, match="at most 100,000 commas"):
        limits.check_values(text, 100_000)


def test_a_flow_json_in_a_string_is_one_value() -> None:
    inner = json.dumps([{"a": ["b,", '"']}] * 100_000)
    limits.check_values(json.dumps({"flowJson": inner}).encode(), 10)


def test_many_strings_are_not_taken_for_more_values_than_they_are() -> None:
    text = json.dumps({f"name {number}": "one, two, three" for number in range(600)}).encode()
    limits.check_values(text, 600)
    with pytest.raises(PayloadTooLarge):
        limits.check_values(text, 599)
