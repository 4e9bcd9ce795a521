"""What the head of a request must be like: its size, its Host and how its body is delimited."""

from __future__ import annotations

import re

import httptools

from waflows.errors import HeadTooLarge, MalformedHttp, Unsupported, WaflowsError

MOST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 200
"""Each takes a hundred bytes and more of memory, however short it is."""
_HOST = re.compile(rb"[A-Za-z0-9._~%:\[\]!$&'()*+,;=-]*")

Headers = list[tuple[bytes, bytes]]


def body_length(headers: Headers, http_version: str) -> int | None:
    """The length of the body that a head announces, None for a body in chunks.

    Raises what is wrong with the head: links are made from the Host, so it must be one name.
    """
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
    """The refusal of a head beyond the limits."""
    return HeadTooLarge(
        f"The request line and headers must be at most {MOST_HEAD_BYTES} bytes long together, and"
        f" at most {MOST_HEADERS} headers."
    )


def explain(error: httptools.HttpParserError) -> WaflowsError:
    """The refusal of a request that the parser does not understand."""
    cause = error.__context__
    if isinstance(cause, WaflowsError):
        return cause
    if isinstance(error, httptools.HttpParserCallbackError):
        return MalformedHttp("The request's target must be a path in ASCII, such as /docs.")
    return MalformedHttp(f"The request is not well-formed HTTP: {error}.")


def _check_codings(codings: list[bytes], http_version: str) -> None:
    """Refuses bodies in another transfer coding than chunks (RFC 9112, 6.1)."""
    if http_version == "1.0":
        raise MalformedHttp("A request of HTTP/1.0 cannot have a Transfer-Encoding.")
    if len(codings) > 1 or codings[0].strip().lower() != b"chunked":
        raise Unsupported(
            "The only Transfer-Encoding that waflows takes is chunked, once and alone."
        )
