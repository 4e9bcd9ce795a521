"""Generated files in place of those picked on a simulated phone, for endpoints to download.

A picked file never leaves the user's browser; the flow knows only its name and size. To let an
endpoint work as in production, it gets a link to an encrypted file of the same kind, with the
metadata to decrypt it, as WhatsApp provides them. Nothing is stored: the file is generated from its
link for each download, and its keys are derived from the server's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import mimetypes
import struct
import zlib
from typing import Any

import msgspec

from waflows.security import flow_crypto, links
from waflows.security.flow_crypto import MediaMetadata
from waflows.security.links import MediaClaim
from waflows.services import clock

LIFE_SECONDS = 20 * 24 * 3600
"""How long WhatsApp keeps an uploaded file."""

PATH = "/media/{token}"
_NAMES = {"media_id", "cdn_url", "file_name", "encryption_metadata"}
_SIDE = 64


def fill_in(data: dict[str, Any], secret: bytes, base_url: str) -> dict[str, Any]:
    """Adds link and metadata to each file in a request's data that has no link yet."""
    return {name: _filled(value, secret, base_url) for name, value in data.items()}


def cdn_file(secret: bytes, token: str) -> bytes | None:
    """The encrypted file of a link; None if the link expired or was not issued by this server."""
    claim = links.read_media_token(secret, token, clock.now_ms() // 1000)
    return None if claim is None else _sealed(secret, claim)[0]


def _filled(value: Any, secret: bytes, base_url: str) -> Any:
    if isinstance(value, list):
        return [_filled(each, secret, base_url) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == _NAMES and not value["cdn_url"]:
        return _with_link(value, secret, base_url)
    return {name: _filled(each, secret, base_url) for name, each in value.items()}


def _with_link(file: dict[str, Any], secret: bytes, base_url: str) -> dict[str, Any]:
    named = f"{file['media_id']}\n{file['file_name']}".encode()
    claim = MediaClaim(_kind(str(file["file_name"])), hashlib.sha256(named).hexdigest()[:32])
    token = links.media_token(secret, claim, clock.now_ms() // 1000 + LIFE_SECONDS)
    metadata = msgspec.to_builtins(_sealed(secret, claim)[1])
    url = base_url.rstrip("/") + PATH.format(token=token)
    return {**file, "cdn_url": url, "encryption_metadata": metadata}


def _sealed(secret: bytes, claim: MediaClaim) -> tuple[bytes, MediaMetadata]:
    """Generates the same file with the same keys each time; a nonce has one content."""
    label = f"made-up file {claim.kind} {claim.nonce}".encode()
    material = b"".join(
        hmac.digest(secret, label + bytes([number]), hashlib.sha256) for number in range(3)
    )
    content = _CONTENTS[claim.kind]
    return flow_crypto.seal_media(content, material[: flow_crypto.MEDIA_MATERIAL_BYTES])


def _kind(file_name: str) -> str:
    guessed = mimetypes.guess_type(file_name)[0] or ""
    if guessed.startswith("image/"):
        return "image"
    return "pdf" if guessed == "application/pdf" else "text"


def _png() -> bytes:
    """A small grey picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x99" * _SIDE) * _SIDE
    pixels = zlib.compress(rows)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _pdf() -> bytes:
    """A document of one empty page."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 4\n0000000000 65535 f \n%b" % table
    trailer = b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + end + trailer


_CONTENTS = {
    "image": _png(),
    "pdf": _pdf(),
    "text": b"This file stands in for one that was picked on a simulated phone.\n",
}
