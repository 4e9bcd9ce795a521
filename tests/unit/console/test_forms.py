"""Forms as they arrive from a browser."""

from __future__ import annotations

import tracemalloc
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.console import forms
from waflows.console.forms import read_form
from waflows.errors import InvalidParameter, PayloadTooLarge


class Form(msgspec.Struct, frozen=True, rename="camel"):
    flow_json: str = ""
    categories: list[str] = []
    revision: int = 0


def encoded(*pairs: tuple[str, str]) -> bytes:
    return urlencode(pairs).encode()


@given(st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])))
def test_a_text_comes_back_as_it_was_typed_line_breaks_included(text: str) -> None:
    # A browser sends each line break of a text area as CRLF.
    sent = encoded(("flowJson", text.replace("\n", "\r\n")))
    assert read_form(Form, sent).flow_json == text


def test_a_list_takes_every_value_and_a_text_the_last() -> None:
    sent = encoded(("categories", "A"), ("categories", "B"), ("flowJson", "1"), ("flowJson", "2"))
    assert read_form(Form, sent) == Form("2", ["A", "B"])


def test_a_number_is_read_from_its_text_and_unknown_fields_are_left_alone() -> None:
    assert read_form(Form, encoded(("revision", "7"), ("other", "x"))) == Form(revision=7)


@pytest.mark.parametrize(
    "sent",
    [
        b"flowJson=%ff",
        b"\xff=1",
        b"flowJson=%00",
        encoded(("revision", "seven")),
    ],
    ids=["no UTF-8", "no UTF-8 at all", "a null character", "no number"],
)
def test_a_form_that_cannot_be_read_is_refused(sent: bytes) -> None:
    with pytest.raises(InvalidParameter):
        read_form(Form, sent)


def test_a_form_of_too_many_fields_is_too_large() -> None:
    with pytest.raises(PayloadTooLarge, match="at most 1000"):
        read_form(Form, b"&".join([b"a=1"] * 1001))


@given(st.lists(st.sampled_from(["a", "é", "%", "+", " ", "&", "=", "\n", "漢"]), max_size=60))
def test_a_text_is_read_as_it_was_wherever_its_blocks_end(parts: list[str]) -> None:
    text = "".join(parts)
    whole = forms._BLOCK
    forms._BLOCK = 5
    try:
        assert read_form(Form, encoded(("flowJson", text))).flow_json == text
    finally:
        forms._BLOCK = whole


def test_a_text_of_escapes_takes_no_many_times_its_size_in_memory() -> None:
    sent = b"flowJson=" + b"%41" * 1_000_000
    tracemalloc.start()
    try:
        read_form(Form, sent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(sent)
