"""Sessions of the console: what a signed cookie says and how it is known to be genuine.

A session names an account, the id of one of its API keys and an end; it holds no key. It proves
only that a key was shown once: whether that key is still alive is asked on every request.
Times are whole seconds since the epoch.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import msgspec

_FORM = re.compile(r"([0-9a-f-]{36})\.([a-z0-9]{12})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class Session(msgspec.Struct, frozen=True):
    """Who signed in with which key, and until when."""

    account_id: str
    key_id: str
    expires_at: int


def sign(secret: bytes, session: Session) -> str:
    """The session as a cookie's value."""
    stated = f"{session.account_id}.{session.key_id}.{session.expires_at}"
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
