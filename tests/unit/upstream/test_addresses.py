"""Which addresses may be called, and which spellings are taken for one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.upstream import addresses


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "an unspecified"),
        ("0.1.2.3", "an unspecified"),
        ("10.0.0.1", "a private"),
        ("100.64.0.1", "a carrier's shared"),
        ("100.100.100.200", "a carrier's shared"),
        ("127.0.0.1", "a loopback"),
        ("127.255.255.254", "a loopback"),
        ("168.63.129.16", "a metadata"),
        ("169.254.169.254", "a link-local"),
        ("172.16.0.1", "a private"),
        ("172.31.255.255", "a private"),
        ("192.0.0.192", "a reserved"),
        ("192.168.1.1", "a private"),
        ("198.19.0.1", "a benchmarking"),
        ("203.0.113.7", "a documentation"),
        ("224.0.0.1", "a multicast"),
        ("255.255.255.255", "a reserved"),
        ("::", "an unspecified"),
        ("::1", "a loopback"),
        ("::127.0.0.1", "a reserved"),
        ("::ffff:127.0.0.1", "a loopback"),
        ("::ffff:10.0.0.1", "a private"),
        ("::ffff:a9fe:a9fe", "a link-local"),
        ("::ffff:0:127.0.0.1", "a reserved"),
        ("64:ff9b::127.0.0.1", "a translated"),
        ("64:ff9b::10.0.0.1", "a translated"),
        ("64:ff9b:1::1", "a translated"),
        ("100::1", "a reserved"),
        ("2001::7f00:1", "a reserved"),
        ("2001:db8::1", "a documentation"),
        ("2002:7f00:1::", "a relay"),
        ("3fff::1", "a documentation"),
        ("fc00::1", "a private"),
        ("fd00:ec2::254", "a private"),
        ("fe80::1", "a link-local"),
        ("fec0::1", "a private"),
        ("ff02::1", "a multicast"),
    ],
)
def test_an_address_near_the_server_is_refused_for_what_it_is(address: str, kind: str) -> None:
    assert addresses.refusal(addresses.parse(address), allow_loopback=False) == kind


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "169.253.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606:4700:4700::1111",
        "2a00:1450:4001:82f::200e",
    ],
)
def test_a_public_address_passes(address: str) -> None:
    assert addresses.refusal(addresses.parse(address), allow_loopback=False) is None


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_no_ipv4_address_passes_that_python_does_not_call_global(number: int) -> None:
    address = IPv4Address(number)

    if addresses.refusal(address, allow_loopback=False) is None:
        assert address.is_global


@given(st.integers(0x2000 << 112, (0x4000 << 112) - 1))
@settings(deadline=None)
def test_no_global_unicast_ipv6_address_passes_that_python_does_not_call_global(
    number: int,
) -> None:
    address = IPv6Address(number)

    if addresses.refusal(address, allow_loopback=False) is None:
        assert address.is_global


@given(st.integers(1 << 120, (0x2000 << 112) - 1) | st.integers(0x4000 << 112, 2**128 - 1))
@settings(deadline=None)
def test_no_ipv6_address_outside_global_unicast_passes(number: int) -> None:
    assert addresses.refusal(IPv6Address(number), allow_loopback=False) is not None


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_an_ipv4_address_inside_an_ipv6_one_passes_only_if_it_passes_alone(number: int) -> None:
    alone = addresses.refusal(IPv4Address(number), allow_loopback=False)

    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        inside = addresses.refusal(IPv6Address(prefix + number), allow_loopback=False)
        assert (inside is None) == (alone is None)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_passes_only_where_it_is_allowed(address: str) -> None:
    assert addresses.refusal(addresses.parse(address), allow_loopback=True) is None
    assert addresses.refusal(addresses.parse(address), allow_loopback=False) == "a loopback"


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "::", "64:ff9b::127.0.0.1", "::127.0.0.1"]
)
def test_allowing_loopback_allows_nothing_else(address: str) -> None:
    assert addresses.refusal(addresses.parse(address), allow_loopback=True) is not None


@pytest.mark.parametrize(
    "host",
    [
        "0177.0.0.1",
        "017700000001",
        "0x7f000001",
        "0X7F.1",
        "0x7f.0x0.0x0.0x1",
        "2130706433",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "1.2.3.4.5",
        "256.1.1.1",
        "0",
        "fe80::1%eth0",
        "1:2",
        ":",
    ],
)
def test_an_address_in_an_unusual_spelling_is_no_host(host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        addresses.read(host)


@pytest.mark.parametrize("host", ["example.org", "1.example", "a1", "0x7f.example", "x0x7f"])
def test_a_name_is_no_address(host: str) -> None:
    assert addresses.read(host) is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("127.1", False),
        ("example.org", False),
        ("10.0.0.1", False),
    ],
)
def test_this_machine_is_recognised_by_its_spelling(host: str, loopback: bool) -> None:
    assert addresses.is_loopback(host) == loopback
