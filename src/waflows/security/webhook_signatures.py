"""Signatures of webhooks by the Standard Webhooks specification, version 1.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The signature covers id, time and body, so that neither can be changed and an old delivery cannot
be played again later. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def headers(
    secrets: Iterable[bytes], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The headers of one delivery; a signature for each secret, and none without one.

    `timestamp` is in seconds since the epoch.
    """
    named = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = " ".join(_signature(secret, content) for secret in secrets)
    return {**named, "webhook-signature": signatures} if signatures else named


def _signature(secret: bytes, content: bytes) -> str:
    digest = hmac.new(secret, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
