"""Flow tokens: what is read back is what was issued, and nothing else passes for genuine."""

from __future__ import annotations

import base64
import string
import uuid

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from waflows.security import flow_tokens
from waflows.security.flow_tokens import FlowTokenClaim

_SECRET, _ACCOUNT = b"s" * 32, "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e"
_CLAIM = FlowTokenClaim("5788859254198285", 3, str(uuid.UUID(int=7)), "+6581234567")
_TOKEN = flow_tokens.issue(_SECRET, _ACCOUNT, _CLAIM)

_claims = st.builds(
    FlowTokenClaim,
    flow_id=st.integers(10**14, 10**17 - 1).map(str),
    revision=st.integers(1, 2**31 - 1),
    umid=st.uuids().map(str),
    msisdn=st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
)


@given(_claims, st.binary(min_size=32, max_size=32), st.uuids())
def test_what_was_issued_is_read_back(
    claim: FlowTokenClaim, secret: bytes, account: uuid.UUID
) -> None:
    token = flow_tokens.issue(secret, str(account), claim)

    assert flow_tokens.read(secret, str(account), token) == claim
    assert len(token) == 75


@given(st.integers(5, 74), st.sampled_from(string.ascii_letters + string.digits + "-_"))
def test_a_token_with_one_character_changed_is_forged(position: int, other: str) -> None:
    assume(_TOKEN[position] != other)
    altered = _TOKEN[:position] + other + _TOKEN[position + 1 :]

    assert flow_tokens.read(_SECRET, _ACCOUNT, altered) == "forged"


@given(st.binary(min_size=52, max_size=52))
def test_a_token_that_is_made_up_is_forged(raw: bytes) -> None:
    made_up = "wft1_" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    assert flow_tokens.read(_SECRET, _ACCOUNT, made_up) == "forged"


@pytest.mark.parametrize(
    "token",
    [_TOKEN[:-1], f"{_TOKEN}A", f"{_TOKEN}\n", f"{_TOKEN}=", "wft1_", f"wft1_{'!' * 70}"],
    ids=["shorter", "longer", "line break", "padded", "empty", "no base64"],
)
def test_a_token_of_another_form_is_forged(token: str) -> None:
    assert flow_tokens.read(_SECRET, _ACCOUNT, token) == "forged"


def test_a_token_is_worth_nothing_to_another_account_or_installation() -> None:
    assert flow_tokens.read(_SECRET, str(uuid.UUID(int=1)), _TOKEN) == "forged"
    assert flow_tokens.read(b"t" * 32, _ACCOUNT, _TOKEN) == "forged"


@given(st.text().filter(lambda text: not text.startswith("wft1_")))
def test_a_clients_own_token_is_told_from_ours(token: str) -> None:
    assert flow_tokens.read(_SECRET, _ACCOUNT, token) == "foreign"
