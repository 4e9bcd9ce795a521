"""The vault: what is sealed opens for its purpose and its key alone, and shows nothing."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.security.vault import KEY_BYTES, SealBroken, Vault, make_key

_VAULT = Vault(bytes(range(KEY_BYTES)))
_SECRET = b"the private key of a channel, or any other secret"
_SEALED = _VAULT.seal("channel 1", _SECRET)


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_is_sealed_opens_for_the_same_purpose(secret: bytes, purpose: str) -> None:
    assert _VAULT.unseal(purpose, _VAULT.seal(purpose, secret)) == secret


@pytest.mark.parametrize(
    ("vault", "purpose"),
    [(_VAULT, "channel 2"), (_VAULT, ""), (Vault(bytes(KEY_BYTES)), "channel 1")],
    ids=["another purpose", "no purpose", "another key"],
)
def test_a_sealed_secret_opens_for_no_other_purpose_and_no_other_key(
    vault: Vault, purpose: str
) -> None:
    with pytest.raises(SealBroken) as refusal:
        vault.unseal(purpose, _SEALED)

    assert "secrets key" in refusal.value.message
    assert _SEALED not in refusal.value.message


def test_a_sealed_secret_shows_nothing_of_it_and_differs_each_time() -> None:
    again = _VAULT.seal("channel 1", _SECRET)

    assert again != _SEALED
    raw = base64.b64decode(again.removeprefix("v1:"))
    assert not any(_SECRET[at : at + 4] in raw for at in range(len(_SECRET) - 4))


@pytest.mark.parametrize(
    "damage", ["", "v1:", "v1:AAAA", "v1:é", "nonsense", _SEALED[3:], "v2:" + _SEALED[3:]]
)
def test_what_was_never_sealed_is_refused(damage: str) -> None:
    with pytest.raises(SealBroken):
        _VAULT.unseal("channel 1", damage)


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_breaks_the_seal(at: int, by: int) -> None:
    raw = bytearray(base64.b64decode(_SEALED.removeprefix("v1:")))
    raw[at % len(raw)] ^= by

    with pytest.raises(SealBroken):
        _VAULT.unseal("channel 1", "v1:" + base64.b64encode(raw).decode())


def test_a_vault_does_not_show_its_key() -> None:
    key = make_key()

    assert repr(Vault(key)) == "Vault(…)"
    assert len(key) == KEY_BYTES
    assert key != make_key()


def test_a_key_of_another_length_makes_no_vault() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")
