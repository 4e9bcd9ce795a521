"""The cookie that says which session of the console a browser is in.

Over HTTPS its name begins with `__Host-`: a browser then takes it from this very host only, for
every path, and never over plain HTTP, so that no neighbouring host and nobody on the way can plant
one. Over plain HTTP, as on one's own machine, browsers refuse such a name.
"""

from __future__ import annotations

from starlette.requests import cookie_parser

PLAIN = "waflows_console"
HOST_ONLY = f"__Host-{PLAIN}"


def name(base_url: str) -> str:
    """What the cookie is called at a server that is reached by this address."""
    return HOST_ONLY if _is_secure(base_url) else PLAIN


def read(cookies: str, base_url: str) -> str:
    """The cookie's value in a Cookie header; empty when it is not there."""
    return cookie_parser(cookies).get(name(base_url), "")


def written(base_url: str, value: str, seconds: int) -> str:
    """The Set-Cookie header that sets it; no seconds take it away."""
    where = "Path=/; Secure" if _is_secure(base_url) else "Path=/console"
    return f"{name(base_url)}={value}; {where}; Max-Age={seconds}; HttpOnly; SameSite=Strict"


def _is_secure(base_url: str) -> bool:
    return base_url.lower().startswith("https:")
