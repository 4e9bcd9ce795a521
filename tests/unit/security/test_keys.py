"""API keys: their form, their digest, and how a presented one is compared."""

from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from waflows.security import keys

_SECRET = b"s" * 32


def test_a_key_tells_its_id_and_ends_in_its_last_six() -> None:
    made = keys.make()
    assert re.fullmatch(r"wf_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", made.text)
    assert keys.id_of(made.text) == made.id
    assert made.last_six == made.text[-6:]


def test_no_two_keys_are_alike() -> None:
    made = [keys.make() for _ in range(1000)]
    assert len({key.id for key in made}) == len({key.text[-43:] for key in made}) == 1000
    used = set("".join(key.text[-43:] for key in made))
    assert used == set(string.ascii_letters + string.digits + "-_")


@given(st.text())
def test_what_has_not_the_form_of_a_key_has_no_id(text: str) -> None:
    assert keys.id_of(text) is None


@given(st.integers(0, 58), st.characters(exclude_categories=["Cs"]))
def test_a_key_with_one_character_changed_does_not_match(at: int, other: str) -> None:
    text = keys.make().text
    changed = text[:at] + other + text[at + 1 :]
    assert keys.matches(_SECRET, changed, keys.digest(_SECRET, text)) == (changed == text)


def test_a_key_matches_its_digest_under_the_same_secret_only() -> None:
    text = keys.make().text
    digest = keys.digest(_SECRET, text)
    assert keys.matches(_SECRET, text, digest)
    assert not keys.matches(b"t" * 32, text, digest)
    assert not keys.matches(_SECRET, text, None)
    assert not keys.matches(_SECRET, "", None)


def test_a_digest_tells_nothing_of_its_key() -> None:
    text = keys.make().text
    digest = keys.digest(_SECRET, text)
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert digest != keys.digest(_SECRET, text[:-1] + ("A" if text[-1] != "A" else "B"))


@given(st.text(max_size=200))
def test_any_text_can_be_presented(text: str) -> None:
    assert not keys.matches(_SECRET, text, None)


@given(st.text(alphabet=st.characters(categories=["Cs"]), min_size=1, max_size=5))
def test_even_text_that_is_no_unicode_can_be_presented(text: str) -> None:
    assert not keys.matches(_SECRET, text, None)
