"""Checks of a request's head: its size, its Host and how its body is delimited."""

from __future__ import annotations

import re

import httptools

from waflows.errors import HeadTooLarge, MalformedHttp, Unsupported, WaflowsError

MOST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 200
"""Each takes at least a hundred bytes of memory, however short it is."""
MOST_BYTES_WITHOUT_DATA = MOST_HEAD_BYTES
"""The most a chunked body may have in one stretch without data. The parser collects a trailer."""
_VERSIONS = {"1.0", "1.1"}
# What the parser says of the first bytes of a connection for HTTP/2.
_HTTP_2 = "Pause on PRI/Upgrade"
_ONLY_HTTP_1 = "waflows supports HTTP/1.1 and HTTP/1.0, and no other version of HTTP."
_HOST = re.compile(rb"[A-Za-z0-9._~%:\[\]!$&'()*+,;=-]*")

Headers = list[tuple[bytes, bytes]]


def body_length(headers: Headers, http_version: str) -> int | None:
    """Checks a head; returns the length of the body that it announces, None for chunks.

    Raises MalformedHttp, Unsupported. Links are made from the Host, so there must be exactly one.
    """
    if http_version not in _VERSIONS:
        raise MalformedHttp(_ONLY_HTTP_1)
    hosts: list[bytes] = []
    codings: list[bytes] = []
    length = b""
    for name, value in headers:
        if name == b"host":
            hosts.append(value)
        elif name == b"transfer-encoding":
            codings.append(value)
        elif name == b"content-length":
            length = value
    if len(hosts) > 1 or (not hosts and http_version == "1.1"):
        raise MalformedHttp("A request must have one Host header.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise MalformedHttp("The Host header must be a host's name, with a port or without.")
    if codings:
        _check_codings(codings, http_version)
        return None
    return int(length) if length.strip(b"0") else 0


def head_too_large() -> HeadTooLarge:
    """Makes the error for a head beyond the limits."""
    return HeadTooLarge(
        f"The request line and headers must be at most {MOST_HEAD_BYTES} bytes long together, and"
        f" at most {MOST_HEADERS} headers."
    )


def trailers_too_large() -> HeadTooLarge:
    """Makes the error for a chunked body with more than data in it."""
    return HeadTooLarge(
        "The trailers of a request, and the extensions of a chunk, must be at most"
        f" {MOST_BYTES_WITHOUT_DATA} bytes long together."
    )


def explain(error: httptools.HttpParserError) -> WaflowsError:
    """Makes the error for a request that cannot be parsed."""
    cause = error.__context__
    if isinstance(cause, WaflowsError):
        return cause
    if isinstance(error, httptools.HttpParserCallbackError):
        return MalformedHttp("The request's target must be a path in ASCII, such as /docs.")
    if str(error) == _HTTP_2:
        return MalformedHttp(_ONLY_HTTP_1)
    return MalformedHttp(f"The request is not well-formed HTTP: {error}.")


def _check_codings(codings: list[bytes], http_version: str) -> None:
    """Refuses bodies in another transfer coding than chunks (RFC 9112, 6.1)."""
    if http_version == "1.0":
        raise MalformedHttp("A request of HTTP/1.0 cannot have a Transfer-Encoding.")
    if len(codings) > 1 or codings[0].strip().lower() != b"chunked":
        raise Unsupported(
            "The only Transfer-Encoding that waflows supports is chunked, once and alone."
        )
