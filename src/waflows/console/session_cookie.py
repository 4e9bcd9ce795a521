"""The cookie that identifies a browser's session in the console.

Over HTTPS its name begins with `__Host-`: a browser then accepts it from this host only, for every
path, and never over plain HTTP, so that neither another host of the domain nor anyone on the
network can set it. Over plain HTTP, as on a developer's machine, browsers reject such a name.
"""

from __future__ import annotations

from starlette.requests import cookie_parser

PLAIN = "waflows_console"
HOST_ONLY = f"__Host-{PLAIN}"


def name(base_url: str) -> str:
    """Returns the cookie's name for a server with this address."""
    return HOST_ONLY if _is_secure(base_url) else PLAIN


def read(cookies: str, base_url: str) -> str:
    """Returns the cookie's value from a Cookie header; empty if it is missing."""
    return cookie_parser(cookies).get(name(base_url), "")


def written(base_url: str, value: str, seconds: int) -> str:
    """Returns the Set-Cookie header; 0 seconds delete the cookie."""
    where = "Path=/; Secure" if _is_secure(base_url) else "Path=/console"
    return f"{name(base_url)}={value}; {where}; Max-Age={seconds}; HttpOnly; SameSite=Strict"


def _is_secure(base_url: str) -> bool:
    return base_url.lower().startswith("https:")
