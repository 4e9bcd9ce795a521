"""Forms as they arrive from a browser."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.console.forms import read_form
from waflows.errors import InvalidParameter


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
        b"&".join([b"a=1"] * 1001),
    ],
    ids=["no UTF-8", "no UTF-8 at all", "a null character", "no number", "too many fields"],
)
def test_a_form_that_cannot_be_read_is_refused(sent: bytes) -> None:
    with pytest.raises(InvalidParameter):
        read_form(Form, sent)
