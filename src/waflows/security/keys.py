"""API keys: how they are made, recognised and kept.

A key is `wf_<id>_<secret>`: the id finds the record, the secret is 32 random bytes. Only a keyed
hash of the whole key is stored. The secret has 256 bits of entropy, so a fast hash is right;
a slow one would only make every request slow.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string

import msgspec

_ID_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 12
_FORM = re.compile(r"wf_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_DIGEST_BYTES = 32


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made; the only moment at which its text is known."""

    id: str
    text: str

    @property
    def last_six(self) -> str:
        """What tells keys apart in a list."""
        return self.text[-6:]


def make() -> NewKey:
    """A fresh random key."""
    key_id = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
    return NewKey(key_id, f"wf_{key_id}_{secrets.token_urlsafe(32)}")


def id_of(presented: str) -> str | None:
    """The id inside a key, or None when the text does not have the form of a key."""
    match = _FORM.fullmatch(presented)
    return match[1] if match else None


def digest(instance_secret: bytes, text: str) -> str:
    """The keyed hash under which a key is stored, in hex."""
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, key=instance_secret, digest_size=_DIGEST_BYTES).hexdigest()


def matches(instance_secret: bytes, presented: str, stored_digest: str | None) -> bool:
    """Whether a presented key is the stored one.

    Takes the same time with no stored digest, a wrong one and the right one, so that an answer's
    delay does not tell which ids exist.
    """
    expected = stored_digest or "0" * (2 * _DIGEST_BYTES)
    return hmac.compare_digest(digest(instance_secret, presented), expected)
