"""The flow token that waflows issues when a message brings none.

A token says which flow, revision, message and person it was made for, so that an endpoint's
answer leads back to them, and carries an HMAC, so that nobody can make or change one. Its form:
`wft1_` and 52 bytes in base64url: flow id, revision, message id and phone number as big-endian
numbers of 8, 4, 16 and 8 bytes, and the first 16 bytes of an HMAC-SHA256. A token of a client's
own is any text that does not begin like one of ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
import uuid
from typing import Literal

import msgspec

_PREFIX = "wft1_"
_FORM = re.compile(_PREFIX + r"[A-Za-z0-9_-]{70}")
_CLAIM = struct.Struct(">QI16sQ")
_MAC_BYTES = 16
_PURPOSE = b"waflows flow token"


class FlowTokenClaim(msgspec.Struct, frozen=True):
    """What a token was made for. `umid` is the id of the message, `msisdn` the person's number."""

    flow_id: str
    revision: int
    umid: str
    msisdn: str


def issue(secret: bytes, account_id: str, claim: FlowTokenClaim) -> str:
    """A token for an account's message, signed with a key made from the instance's secret."""
    packed = _CLAIM.pack(
        int(claim.flow_id),
        claim.revision,
        uuid.UUID(claim.umid).bytes,
        int(claim.msisdn.removeprefix("+")),
    )
    raw = packed + _mac(secret, account_id, packed)
    return _PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(
    secret: bytes, account_id: str, token: str
) -> FlowTokenClaim | Literal["foreign", "forged"]:
    """What a token says: "foreign" for a client's own, "forged" for one of ours that is not.

    A token that another account or another instance issued is "forged" here.
    """
    if not token.startswith(_PREFIX):
        return "foreign"
    if not _FORM.fullmatch(token):
        return "forged"
    text = token.removeprefix(_PREFIX)
    try:
        raw = base64.urlsafe_b64decode(text + "==")
    except binascii.Error:
        return "forged"
    packed, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
    if not hmac.compare_digest(mac, _mac(secret, account_id, packed)) or not canonical:
        return "forged"
    flow_id, revision, umid, number = _CLAIM.unpack(packed)
    return FlowTokenClaim(str(flow_id), revision, str(uuid.UUID(bytes=umid)), f"+{number}")


def _mac(secret: bytes, account_id: str, packed: bytes) -> bytes:
    key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, account_id.encode() + packed, hashlib.sha256)[:_MAC_BYTES]
