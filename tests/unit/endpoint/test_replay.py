"""Which requests count as seen before."""

from __future__ import annotations

from waflows.endpoint.replay import SeenExchanges


def test_a_fingerprint_is_new_once() -> None:
    seen = SeenExchanges(10)

    assert seen.is_new(b"a")
    assert seen.is_new(b"b")
    assert not seen.is_new(b"a")


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    seen = SeenExchanges(2)
    for fingerprint in (b"a", b"b", b"c"):
        assert seen.is_new(fingerprint)

    assert not seen.is_new(b"c")
    assert not seen.is_new(b"b")
    assert seen.is_new(b"a")
