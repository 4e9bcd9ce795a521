"""Account ids in all their spellings, names, and the limits of a key."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.errors import InvalidId
from waflows.services.accounts.accounts import Principal, canonical_account_id
from waflows.services.names import is_printable


@given(st.uuids(), st.booleans(), st.sets(st.sampled_from([8, 13, 18, 23])))
def test_every_documented_spelling_names_one_account(
    account: uuid.UUID, upper: bool, without_hyphens_at: set[int]
) -> None:
    text = "".join(c for at, c in enumerate(str(account)) if at not in without_hyphens_at)
    assert canonical_account_id(text.upper() if upper else text) == str(account)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "6f1c3d2a",
        "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4",
        "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e0",
        "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e\n",
        "{6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e}",
        "urn:uuid:6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e",
        "6f1c3d2a--8f1e-4b7a-9c55-0d6f3a2b1c4e",
        "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4g",
        "٦f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e",
    ],
)
def test_what_is_no_account_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidId, match="32 hexadecimal digits"):
        canonical_account_id(text)


def test_a_key_reaches_its_channels_and_a_key_without_limit_reaches_all() -> None:
    limited = Principal(
        account_id="a",
        key_id="k",
        last_six="abcdef",
        read_only=False,
        channel_ids=frozenset({"one"}),
        expires_at=None,
    )
    assert limited.may_use("one")
    assert not limited.may_use("two")
    assert Principal(
        account_id="a",
        key_id="k",
        last_six="abcdef",
        read_only=False,
        channel_ids=None,
        expires_at=None,
    ).may_use("any")
    assert not Principal(
        account_id="a",
        key_id="k",
        last_six="abcdef",
        read_only=False,
        channel_ids=frozenset(),
        expires_at=None,
    ).may_use("any")


@pytest.mark.parametrize("name", ["a", "Straße", "名前", "👩‍👩‍👧", "non\u00a0breaking", " padded "])
def test_a_name_may_be_any_text_that_can_be_shown(name: str) -> None:
    assert is_printable(name)


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "a\nb", "a\tb", "\0", "\x7f", "\ud800"])
def test_a_name_that_cannot_be_shown_is_none(name: str) -> None:
    assert not is_printable(name)
