"""The names a development server answers to.

It has no sign-in of its own to hide behind: its key is printed, and it may call this machine. A
page from elsewhere whose name leads to 127.0.0.1 (DNS rebinding) must not reach it, so a name in
the Host header has to be one that only this machine or its owner can have given it. An address
needs no look: a page served from it can only be the server's own.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from waflows.errors import Forbidden
from waflows.settings import Settings

_LOOPBACK = "localhost"


class OwnHosts:
    """Names of loopback, addresses, the name it listens at, and that of its public URL."""

    def __init__(self, settings: Settings) -> None:
        names = {_LOOPBACK, settings.host, urlsplit(settings.public_url).hostname or ""}
        self._names = {name.lower() for name in names if name}

    def check(self, host: str) -> None:
        """Raises Forbidden for a Host header with any other name; no browser leaves it out."""
        if not host:
            return
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            name = ""
        if name in self._names or name.endswith(f".{_LOOPBACK}") or _is_address(name):
            return
        raise Forbidden(
            "This development server answers at localhost and at addresses only; start it with"
            " --public-url to have it answer at another name."
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
