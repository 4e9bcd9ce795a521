"""Running uvicorn, as `dev` and `serve` both do."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

from waflows.errors import OperatorError
from waflows.http.traffic import raise_descriptor_limit
from waflows.settings import Settings

# Where this machine reaches a server that listens on every address.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def listen(settings: Settings) -> socket.socket:
    """A bound socket; raises OperatorError when the address or port cannot be had.

    As every connection needs a descriptor, this process and its workers may have more of them.
    """
    raise_descriptor_limit()
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise OperatorError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror};"
            " choose another with --port (0 takes any free one)."
        ) from None
    listening.set_inheritable(True)
    return listening


def address_of(listening: socket.socket, settings: Settings) -> str:
    """The URL at which a bound socket can be reached from this machine."""
    port = listening.getsockname()[1]
    host = _REACHED_AT.get(settings.host, settings.host)
    return settings.public_url.rstrip("/") or f"http://{_bracketed(host)}:{port}"


def uvicorn_config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """How waflows runs uvicorn: no log lines of its own, errors in the envelope."""
    return uvicorn.Config(
        app,
        loop="auto",
        # By name: a process that only looks after workers has no use for the whole server.
        http="waflows.http.protocol:EnvelopeProtocol",
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        **more,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
