"""Compressed texts come back exactly, and nothing longer than was noted is ever unpacked."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.storage import packing


@given(st.text(st.characters(codec="utf-8"), max_size=2000), st.integers(1, 40))
def test_a_text_comes_back_exactly(text: str, times: int) -> None:
    text = "\ufeff" + text * times
    packed = packing.pack(text)
    if packed is not None:
        assert len(packed) < len(text.encode())
        assert packing.unpack(packed, len(text.encode())) == text


def test_a_text_that_compressing_makes_longer_is_not_compressed() -> None:
    assert packing.pack('{"a":1}') is None
    assert packing.pack("") is None


@given(st.binary(max_size=200), st.integers(0, 300))
def test_what_is_damaged_is_never_taken_for_a_text(packed: bytes, length: int) -> None:
    with pytest.raises((packing.DamagedText, UnicodeDecodeError)):
        packing.unpack(packed, length)


@pytest.mark.parametrize("noted", [0, 999, 1001])
def test_a_text_of_another_length_than_was_noted_is_damaged(noted: int) -> None:
    packed = packing.pack("x" * 1000)
    assert packed is not None
    with pytest.raises(packing.DamagedText):
        packing.unpack(packed, noted)
    with pytest.raises(packing.DamagedText):
        packing.unpack(packed[:-1], 1000)


def test_a_bomb_is_not_unpacked_beyond_the_length_that_was_noted() -> None:
    bomb = zlib.compress(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(packing.DamagedText):
        packing.unpack(bomb, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
