"""The host names that a development server accepts.

A development server prints its key and may call this machine, so it must not be reachable through
DNS rebinding: a web page on a foreign name that resolves to 127.0.0.1. The name in the Host header
must be a loopback name or one from the settings. IP addresses are always accepted, since a page
loaded from an address comes from the server itself.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from waflows.errors import Forbidden
from waflows.settings import Settings

_LOOPBACK = "localhost"


class OwnHosts:
    """Loopback names, IP addresses, the host to listen on, and the host of the public URL."""

    def __init__(self, settings: Settings) -> None:
        names = {_LOOPBACK, settings.host, urlsplit(settings.public_url).hostname or ""}
        self._names = {name.lower() for name in names if name}

    def check(self, host: str) -> None:
        """Raises Forbidden for any other name; browsers never omit the Host header."""
        if not host:
            return
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            name = ""
        if name in self._names or name.endswith(f".{_LOOPBACK}") or _is_address(name):
            return
        raise Forbidden(
            "This development server accepts only localhost and IP addresses as its host; start it"
            " with --public-url to accept another name."
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
