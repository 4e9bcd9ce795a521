"""Links that carry their own permission: the download of a Flow JSON and the preview page.

A link's token is an HMAC over what it opens and until when, so no link can be guessed, moved to
another flow or given a longer life. Times are whole seconds since the epoch.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import msgspec

_MEDIA = re.compile(r"([0-9]{1,12})\.([a-z]{1,10})\.([0-9a-f]{32})\.[A-Za-z0-9_-]{43}")
_DOWNLOAD = re.compile(r"([0-9]{1,12})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})")


class MediaClaim(msgspec.Struct, frozen=True):
    """What the token of a made-up file says: of which kind it is, and a name of its own."""

    kind: str
    nonce: str


class DownloadClaim(msgspec.Struct, frozen=True):
    """What a download token says of itself; to be believed only after `download_is_genuine`."""

    expires_at: int
    revision: int


class PreviewGrant(msgspec.Struct, frozen=True):
    """What a preview link allows beyond looking at the flow and playing it.

    An `interactive` link may call the flow's endpoint. `flow_token` and `flow_action_payload` are
    those that the server itself put into the link; empty where it did not.
    """

    interactive: bool = False
    flow_token: str = ""
    flow_action_payload: str = ""


def preview_token(
    secret: bytes,
    account_id: str,
    flow_id: str,
    nonce: str,
    expires_at: int,
    grant: PreviewGrant,
) -> str:
    """The token of a flow's preview link; a new nonce ends the life of the one before."""
    powers = "interactive" if grant.interactive else "look"
    texts = (_digest(grant.flow_token.encode()), _digest(grant.flow_action_payload.encode()))
    return _mac(secret, "preview", account_id, flow_id, nonce, str(expires_at), powers, *texts)


def state_seal(secret: bytes, holder: tuple[str, ...], state: bytes) -> str:
    """The mark of a state of play as this server's own work, for those who hold `holder` alone."""
    return _mac(secret, "state", *(_digest(part.encode()) for part in holder), _digest(state))


def download_token(
    secret: bytes, account_id: str, flow_id: str, revision: int, expires_at: int
) -> str:
    """The token of a link to one revision of a flow's JSON."""
    mac = _mac(secret, "flow-json", account_id, flow_id, str(revision), str(expires_at))
    return f"{expires_at}.{revision}.{mac}"


def read_download_token(token: str) -> DownloadClaim | None:
    """The claim inside a download token, or None when it has not that form."""
    match = _DOWNLOAD.fullmatch(token)
    return DownloadClaim(int(match[1]), int(match[2])) if match else None


def download_is_genuine(
    secret: bytes, token: str, account_id: str, flow_id: str, claim: DownloadClaim
) -> bool:
    """Whether this server made the token for this very flow."""
    made = download_token(secret, account_id, flow_id, claim.revision, claim.expires_at)
    return same(token, made)


def media_token(secret: bytes, claim: MediaClaim, expires_at: int) -> str:
    """The token of a link to a made-up file, as an endpoint is given one."""
    mac = _mac(secret, "media", claim.kind, claim.nonce, str(expires_at))
    return f"{expires_at}.{claim.kind}.{claim.nonce}.{mac}"


def read_media_token(secret: bytes, token: str, now: int) -> MediaClaim | None:
    """What a media token opens, or None when this server did not make it or it has expired."""
    match = _MEDIA.fullmatch(token)
    if match is None or int(match[1]) <= now:
        return None
    claim = MediaClaim(match[2], match[3])
    return claim if same(token, media_token(secret, claim, int(match[1]))) else None


def same(presented: str, expected: str) -> bool:
    """Equality of two tokens in a time that does not depend on where they differ."""
    return hmac.compare_digest(presented.encode("utf-8", "replace"), expected.encode())


def _digest(part: bytes) -> str:
    """A part of any content and length in a form that cannot be taken for another part."""
    return hashlib.sha256(part).hexdigest()


def _mac(secret: bytes, *parts: str) -> str:
    raw = hmac.digest(secret, "\n".join(parts).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
