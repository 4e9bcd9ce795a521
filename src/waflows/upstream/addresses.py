"""Which addresses outgoing calls may reach: the public internet, and nothing near the server.

A customer's URL must not make the server talk to its own network: a database, a cloud's metadata
service, an admin page. So only global unicast addresses pass. Pure; resolves nothing.

Source of the ranges: IANA's special-purpose registries for IPv4 and IPv6; the metadata addresses
outside them from the clouds' own documentation.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address


class Refused(OSError):
    """An address that must not be called; the form in which it travels through an HTTP library."""


_IPV4 = [
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified"),
        ("10.0.0.0/8", "a private"),
        ("100.64.0.0/10", "a carrier's shared"),
        ("127.0.0.0/8", "a loopback"),
        ("168.63.129.16/32", "a metadata"),
        ("169.254.0.0/16", "a link-local"),
        ("172.16.0.0/12", "a private"),
        ("192.0.0.0/24", "a reserved"),
        ("192.0.2.0/24", "a documentation"),
        ("192.31.196.0/24", "a reserved"),
        ("192.52.193.0/24", "a reserved"),
        ("192.88.99.0/24", "a relay"),
        ("192.168.0.0/16", "a private"),
        ("192.175.48.0/24", "a reserved"),
        ("198.18.0.0/15", "a benchmarking"),
        ("198.51.100.0/24", "a documentation"),
        ("203.0.113.0/24", "a documentation"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
    )
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_IPV6 = [
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "an unspecified"),
        ("::1/128", "a loopback"),
        ("::/96", "a reserved"),
        ("64:ff9b:1::/48", "a translated"),
        ("2001::/23", "a reserved"),
        ("2001:db8::/32", "a documentation"),
        ("2002::/16", "a relay"),
        ("2620:4f:8000::/48", "a reserved"),
        ("3fff::/20", "a documentation"),
        ("5f00::/16", "a reserved"),
        ("fc00::/7", "a private"),
        ("fe80::/10", "a link-local"),
        ("fec0::/10", "a private"),
        ("ff00::/8", "a multicast"),
    )
]
# The well-known prefix of NAT64: the last four bytes are an IPv4 address that is really called.
_NAT64 = IPv6Network("64:ff9b::/96")
# What the system's resolver would take for an IPv4 address: numbers in any base, one to four.
_NUMBER = r"(?:0[xX][0-9a-fA-F]*|[0-9]+)"
_NUMERIC_HOST = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*\.?")


def refusal(address: Address, allow_loopback: bool) -> str | None:
    """Why this address must not be called, as a kind ("a private"); None when it may be."""
    kind = _kind(address)
    return None if kind == "a loopback" and allow_loopback else kind


def read(host: str) -> Address | None:
    """The address a host is written as, or None when it is a name.

    Raises ValueError for anything the system's resolver would take for an address that is written
    in another than the one usual form: 0x7f.1, 017700000001, 2130706433, 127.1, fe80::1%eth0.
    """
    if ":" in host:
        if "%" in host:
            raise ValueError("an address with a zone")
        return IPv6Address(host)
    if _NUMERIC_HOST.fullmatch(host):
        return IPv4Address(host)
    return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very spelling."""
    try:
        address = read(host)
    except ValueError:
        return False
    if address is None:
        # RFC 6761: localhost and every name below it.
        return host.rstrip(".").lower().rpartition(".")[2] == "localhost"
    return _kind(address) == "a loopback"


def parse(text: str) -> Address:
    """An address as a resolver or a socket gives it. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def refuse(host: str, address: str, allow_loopback: bool) -> None:
    """Raises for an address, as a resolver or a socket names it, that must not be called."""
    try:
        kind = refusal(parse(address), allow_loopback)
    except ValueError:
        kind = "an unreadable"
    if kind:
        raise Refused(refused(host, kind))


def refused(host: str, kind: str) -> str:
    """The sentence about a host at an address that must not be called."""
    return f"The host {host!r} is at {kind} address, which must not be called."


def _kind(address: Address) -> str | None:
    """What is special about an address; None for nothing."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _IPV4 if address in network), None)
    if address.ipv4_mapped:
        return _kind(address.ipv4_mapped)
    if address in _NAT64:
        return _kind(IPv4Address(address.packed[-4:])) and "a translated"
    kind = next((kind for network, kind in _IPV6 if address in network), None)
    return kind or (None if address in _GLOBAL_UNICAST else "a reserved")
