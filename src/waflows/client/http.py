"""Connect exchanges to httpx2: send requests and read responses, for both clients.

The key is set on single requests, never on the HTTP client, which also fetches links to other
servers.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import httpx2

from waflows.client.errors import UnexpectedAnswer
from waflows.client.exchange import Answer, NoAnswer, Request

_USER_AGENT = f"waflows/{version('waflows')}"
# Shorter than the 5 s after which many servers close an idle connection: a write that is sent into
# a closing connection is lost and must not be sent again.
_IDLE_SECONDS = 3.0
# After one of these, the request cannot have reached the server.
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


def settings(timeout: float) -> dict[str, Any]:
    """The options of both HTTP clients."""
    return {
        "timeout": timeout,
        "headers": {"User-Agent": _USER_AGENT, "Accept": "*/*"},
        "limits": httpx2.Limits(keepalive_expiry=_IDLE_SECONDS),
    }


def arguments(request: Request, authorization: str) -> dict[str, Any]:
    """The arguments of a request for the HTTP client."""
    headers = {"Authorization": authorization} if request.with_key else {}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return {
        "method": request.method,
        "url": request.url,
        "content": request.body,
        "headers": headers,
        "follow_redirects": not request.with_key,
    }


def answer(response: httpx2.Response) -> Answer:
    """Reads a response."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def no_answer(error: httpx2.RequestError) -> NoAnswer:
    """Interprets a failure; raises UnexpectedAnswer if there was a response after all."""
    if isinstance(error, httpx2.DecodingError | httpx2.TooManyRedirects):
        raise UnexpectedAnswer(f"The server's answer cannot be read: {error}", 0) from error
    return NoAnswer(
        _ERRNO.sub("", str(error)) or type(error).__name__,
        not isinstance(error, _NOT_SENT),
        isinstance(error, httpx2.TimeoutException),
        error,
    )
