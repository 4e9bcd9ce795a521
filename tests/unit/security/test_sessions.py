"""What a session's cookie says, and that nobody else can say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.security import sessions
from waflows.security.sessions import Session

SECRET = b"instance secret"
SESSION = Session("6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e", "AbC123dEf456-_AbC123dE", 1_900_000_000)


def test_a_session_is_read_back_until_its_end() -> None:
    cookie = sessions.sign(SECRET, SESSION)
    assert sessions.read(SECRET, cookie, SESSION.expires_at - 0.5) == SESSION
    assert sessions.read(SECRET, cookie, SESSION.expires_at) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_cookie_with_a_character_changed_says_nothing(at: int, character: str) -> None:
    cookie = sessions.sign(SECRET, SESSION)
    at %= len(cookie)
    altered = cookie[:at] + character + cookie[at + 1 :]
    expected = SESSION if altered == cookie else None
    assert sessions.read(SECRET, altered, 0) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(cookie: str) -> None:
    assert sessions.read(SECRET, cookie, 0) is None


@pytest.mark.parametrize("length", [0, 42])
def test_another_secret_or_a_shorter_proof_opens_nothing(length: int) -> None:
    cookie = sessions.sign(SECRET, SESSION)
    assert sessions.read(b"another", cookie, 0) is None
    stated, _, proof = cookie.rpartition(".")
    assert sessions.read(SECRET, f"{stated}.{proof[:length]}", 0) is None
