"""Sessions of the console: what a signed cookie says and how it is known to be genuine.

A cookie names an account, one of its sessions and an end; it holds no key. It proves only that
the session was begun here: whether it still goes on is asked of the database on every request.
Times are whole seconds since the epoch.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

import msgspec

_FORM = re.compile(r"([0-9a-f-]{36})\.([A-Za-z0-9_-]{22})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")
_ID_BYTES = 16


class Session(msgspec.Struct, frozen=True):
    """Which session of which account, and until when."""

    account_id: str
    id: str
    expires_at: int


def make_id() -> str:
    """A fresh id that nobody can guess."""
    return secrets.token_urlsafe(_ID_BYTES)


def sign(secret: bytes, session: Session) -> str:
    """The session as a cookie's value."""
    stated = f"{session.account_id}.{session.id}.{session.expires_at}"
    return f"{stated}.{_mac(secret, stated)}"


def read(secret: bytes, cookie: str, now: float) -> Session | None:
    """The session in a cookie's value; None when it was not made here, was altered or is over."""
    match = _FORM.fullmatch(cookie)
    if match is None:
        return None
    stated, _, mac = cookie.rpartition(".")
    session = Session(match[1], match[2], int(match[3]))
    genuine = hmac.compare_digest(mac, _mac(secret, stated))
    return session if genuine and now < session.expires_at else None


def _mac(secret: bytes, stated: str) -> str:
    raw = hmac.digest(secret, f"console session\n{stated}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
