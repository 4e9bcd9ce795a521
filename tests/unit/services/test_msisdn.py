"""Phone numbers: every way people write one means the same, and what is none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.errors import InvalidMessage, MessageProblem
from waflows.services import msisdn

_DIGITS = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@given(_DIGITS, st.booleans(), st.lists(st.tuples(st.integers(0, 20), st.sampled_from(" -.()"))))
def test_separators_and_a_missing_plus_sign_change_nothing(
    digits: str, plus: bool, separators: list[tuple[int, str]]
) -> None:
    written = digits
    for position, separator in separators:
        written = written[:position] + separator + written[position:]

    assert msisdn.normalised(f"{'+' if plus else ''}{written}") == f"+{digits}"


@given(_DIGITS)
def test_a_normalised_number_stays_as_it_is(digits: str) -> None:
    assert msisdn.normalised(msisdn.normalised(digits)) == f"+{digits}"


@given(st.text())
def test_what_is_taken_is_a_plus_sign_and_7_to_15_digits(text: str) -> None:
    try:
        number = msisdn.normalised(text)
    except InvalidMessage:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert number[1:].isdecimal()
    assert 7 <= len(number) - 1 <= 15


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "0812345678",
        "+0812345678",
        "006581234567",
        "123456",
        "1234567890123456",
        "+65812345a7",
        "++6581234567",
        "+65+81234567",
        "٦٥٨١٢٣٤٥٦٧",
        "+6581234567\n",
    ],
)
def test_what_is_no_international_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        msisdn.normalised(text)
    assert refused.value.problem is MessageProblem.INVALID_MSISDN


def test_a_national_number_is_not_taken_for_an_international_one() -> None:
    with pytest.raises(InvalidMessage, match="does not complete national numbers"):
        msisdn.normalised("81234567", country="SG")
    assert msisdn.normalised("+6581234567", country="SG") == "+6581234567"


def test_a_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(InvalidMessage) as refused:
        msisdn.normalised("0812345678")
    assert "0812345678" not in refused.value.message


def test_a_covered_number_ends_in_four_crosses() -> None:
    assert msisdn.covered("+6581234567") == "+658123xxxx"
