"""The values of a JSON text are counted without decoding it, and what is in strings is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows import bounds
from waflows.errors import PayloadTooLarge
from waflows.http import limits

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
        limits.check_json(text, limits.BodyLimit(0, most))
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
        limits.check_json(text, limits.BodyLimit(0, 100_000))


def test_a_flow_json_in_a_string_is_one_value() -> None:
    inner = json.dumps([{"a": ["b,", '"']}] * 100_000)
    limits.check_json(json.dumps({"flowJson": inner}).encode(), limits.BodyLimit(0, 10))


@pytest.mark.parametrize("text", ["a", "\\", '"', "\u00e9", "\U0001f600", "\\u0041", "\n", "/"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_text_is_never_taken_to_be_longer_than_it_is(text: str, ascii_only: bool) -> None:
    whole = text * (700_000 // len(text))
    written = json.dumps(whole, ensure_ascii=ascii_only).encode()
    least = bounds.least_text(written)
    assert least <= len(whole.encode()) + 2
    assert least > len(whole) / 6


def test_a_body_of_more_text_than_any_flow_json_has_is_refused_undecoded() -> None:
    limit = limits.BodyLimit(32 * 1024 * 1024, 10, text=1024)
    limits.check_json(b'"' + rb"\u0041" * 1000 + b'"', limit)
    with pytest.raises(PayloadTooLarge, match="comes to 1102 bytes of text"):
        limits.check_json(b'"' + b"a" * 1100 + b'"', limit)


def test_many_strings_are_not_taken_for_more_values_than_they_are() -> None:
    text = json.dumps({f"name {number}": "one, two, three" for number in range(600)}).encode()
    limits.check_json(text, limits.BodyLimit(0, 600))
    with pytest.raises(PayloadTooLarge):
        limits.check_json(text, limits.BodyLimit(0, 599))
