"""Validate web URLs and database URLs as text, without look-ups.

Everything that accepts a URL uses these functions, so that all parts of the product agree on what
is valid. No message repeats any part of the URL, which may hold a password. Which addresses may be
*called* is decided by `waflows.upstream`.
"""

from __future__ import annotations

import ipaddress
import re

LONGEST_URL = 2048
"""In characters; storage and responses assume this limit."""

_HIGHEST_PORT = 65535
_MALFORMED = "its host or its port is malformed"

# RFC 3986, sections 3.2 to 3.5, but a host must be a DNS name or an IP address.
_HTTP = re.compile(r"(?i:https?)://")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_HOST_CHARACTERS = re.compile(r"[A-Za-z0-9._\-:\[\]\\]*")
_PORT = re.compile(r"[0-9]{0,5}")
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_AFTER_HOST = re.compile(
    rf"(?:/(?:{_CHARACTER}|/)*)?(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
)

DATABASE_SCHEMES = ("postgresql", "postgres")
_SQLITE = "sqlite:///"
_EXPECTED = "expected postgresql://user:password@host/name or sqlite:///path"
_HIDDEN = "[^\\s\x00-\x1f\x7f\ud800-\udfff]"
# libpq, section 34.1.1.2 of PostgreSQL's manual, without its ambiguous spellings: an @ or / in a
# password would turn the rest of it into a host or a name, which error messages show.
_POSTGRES = re.compile(
    rf"(?:(?P<user>(?:(?![:@/]){_HIDDEN})*)(?::(?P<password>(?:(?![@/]){_HIDDEN})*))?@)?"
    r"(?P<hosts>[^/?@\s]*)"
    rf"(?:/(?P<name>(?:(?![/?@]){_HIDDEN})*))?"
    rf"(?:\?(?P<query>{_HIDDEN}*))?"
)
_POSTGRES_HOST = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*)(?::(?P<port>[0-9]{1,5})?)?"
)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")


def problem_of_http_url(text: str) -> str | None:
    """Why a text is not an absolute http or https URL; None when it is one."""
    if len(text) > LONGEST_URL:
        return f"The URL is longer than {LONGEST_URL} characters."
    scheme = _HTTP.match(text)
    if scheme is None:
        return "The URL must start with https:// or http://."
    rest = text[scheme.end() :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not authority:
        return "The URL has no host."
    if "\\" in authority:
        return f"The URL is invalid: {_MALFORMED}."
    if "@" in authority:
        return "The URL contains a user name or password; send credentials in a header."
    if not _HOST_CHARACTERS.fullmatch(authority):
        return (
            "The host in the URL contains an invalid character; write an international name in"
            " its ASCII form, xn--…"
        )
    if not _is_host_and_port(authority):
        return f"The URL is invalid: {_MALFORMED}."
    if not _AFTER_HOST.fullmatch(rest[len(authority) :]):
        return "The URL contains a character that must be percent-encoded."
    return None


def is_http_url(text: str) -> bool:
    """Whether a text is an absolute http or https URL."""
    return problem_of_http_url(text) is None


def is_loopback_host(host: str) -> bool:
    """Whether a host name or an address always means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def problem_of_database_url(text: str) -> str | None:
    """Why a text is not a valid database URL; None when it is one."""
    if text.startswith(_SQLITE):
        return None if len(text) > len(_SQLITE) and "\0" not in text else _EXPECTED
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in DATABASE_SCHEMES:
        return _EXPECTED
    parts = _POSTGRES.fullmatch(rest)
    if parts is None or not all(map(_is_postgres_host, parts["hosts"].split(","))):
        return (
            f"{_MALFORMED}; in a user name, password or database name, write"
            " @ as %40, / as %2F, : as %3A and % as %25"
        )
    if _BROKEN_ESCAPE.search(rest):
        return "a % that does not begin a percent-encoded character; write % itself as %25"
    return None


def _is_host_and_port(authority: str) -> bool:
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        if not bracket or (port and not port.startswith(":")) or not _is_ipv6(host):
            return False
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
        if not _HOST.fullmatch(host):
            return False
    return bool(_PORT.fullmatch(port)) and int(port or 0) <= _HIGHEST_PORT


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _is_postgres_host(text: str) -> bool:
    match = _POSTGRES_HOST.fullmatch(text)
    return match is not None and 0 <= int(match["port"] or 0) <= _HIGHEST_PORT
