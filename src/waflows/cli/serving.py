"""Configure uvicorn and its socket, for `dev`, `serve` and `preview`."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

from waflows.errors import OperatorError
from waflows.http.traffic import raise_descriptor_limit
from waflows.settings import Settings

# By name: a process that only supervises workers does not need the whole server.
HTTP_PROTOCOL = "waflows.http.protocol:EnvelopeProtocol"
# Loopback addresses of servers that listen on every address.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def listen(settings: Settings) -> socket.socket:
    """Binds a socket; raises OperatorError if the address or port is not available.

    Also raises the limit of open files, as every connection needs a descriptor.
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
            " choose another with --port (0 picks a free one)."
        ) from None
    listening.set_inheritable(True)
    return listening


def address_of(listening: socket.socket, settings: Settings) -> str:
    """The URL at which a bound socket can be reached from this machine."""
    port = listening.getsockname()[1]
    host = _REACHED_AT.get(settings.host, settings.host)
    return settings.public_url.rstrip("/") or f"http://{_bracketed(host)}:{port}"


def uvicorn_config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """The uvicorn configuration: no uvicorn log lines, errors in our envelope."""
    return uvicorn.Config(
        app,
        loop="auto",
        http=HTTP_PROTOCOL,
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
