"""Signed links: a token is good for exactly what it was made for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from waflows.security import links
from waflows.security.links import DownloadClaim, PreviewGrant

_SECRET = b"s" * 32
_FACTS = st.tuples(
    st.uuids().map(str),
    st.integers(10**15, 10**16 - 1).map(str),
    st.integers(1, 999_999_999),
    st.integers(0, 10**12 - 1),
)


@given(_FACTS)
def test_a_download_token_says_its_claim_and_proves_it(facts: tuple[str, str, int, int]) -> None:
    account, flow, revision, expires_at = facts
    token = links.download_token(_SECRET, *facts)
    claim = links.read_download_token(token)
    assert claim == DownloadClaim(expires_at, revision)
    assert links.download_is_genuine(_SECRET, token, account, flow, claim)


@given(_FACTS, _FACTS)
def test_a_download_token_proves_nothing_else(
    facts: tuple[str, str, int, int], others: tuple[str, str, int, int]
) -> None:
    token = links.download_token(_SECRET, *facts)
    for at in range(4):
        mixed: list[Any] = [*facts]
        mixed[at] = others[at]
        account, flow, revision, expires_at = mixed
        mac = token.rsplit(".", 1)[1]
        forged = f"{expires_at}.{revision}.{mac}"
        claim = links.read_download_token(forged)
        assert claim is not None
        genuine = links.download_is_genuine(_SECRET, forged, account, flow, claim)
        assert genuine == (mixed == [*facts])
    claim = links.read_download_token(token)
    assert claim is not None
    assert not links.download_is_genuine(b"t" * 32, token, facts[0], facts[1], claim)


@given(_FACTS, st.text(max_size=3), st.text(max_size=3))
def test_a_token_with_anything_added_is_not_read(
    facts: tuple[str, str, int, int], before: str, after: str
) -> None:
    token = links.download_token(_SECRET, *facts)
    changed = before + token + after
    claim = links.read_download_token(changed)
    if changed != token and claim is not None:
        # Digits in front make another expiry, which the proof does not cover.
        assert not links.download_is_genuine(_SECRET, changed, facts[0], facts[1], claim)


@given(st.text())
def test_what_is_no_token_has_no_claim(text: str) -> None:
    assert links.read_download_token(text) is None


def test_each_part_of_a_preview_link_is_covered_by_its_token() -> None:
    grant = PreviewGrant(True, "token", '{"screen": "FIRST"}')
    facts = ("account", "1234567890123456", "nonce", 1_800_000_000, grant)
    token = links.preview_token(_SECRET, *facts)
    assert links.same(token, links.preview_token(_SECRET, *facts))
    others = (
        ("account2", *facts[1:]),
        (facts[0], "6543210987654321", *facts[2:]),
        (*facts[:2], "nonce2", *facts[3:]),
        (*facts[:3], facts[3] + 1, grant),
        (*facts[:4], PreviewGrant(False, grant.flow_token, grant.flow_action_payload)),
        (*facts[:4], PreviewGrant(True, "token2", grant.flow_action_payload)),
        (*facts[:4], PreviewGrant(True, grant.flow_token)),
        (*facts[:4], PreviewGrant(True, grant.flow_action_payload, grant.flow_token)),
    )
    for other in others:
        assert not links.same(token, links.preview_token(_SECRET, *other))
    assert not links.same(token, links.preview_token(b"t" * 32, *facts))


def test_a_preview_token_is_no_download_token() -> None:
    preview = links.preview_token(_SECRET, "a", "1", "2", 3, PreviewGrant())
    mac = links.download_token(_SECRET, "a", "1", 2, 3).rsplit(".", 1)[1]
    assert preview != mac


@given(st.text(), st.text(alphabet="abc123-_."))
def test_tokens_are_the_same_only_when_they_are(presented: str, expected: str) -> None:
    assert links.same(presented, expected) == (presented == expected)
