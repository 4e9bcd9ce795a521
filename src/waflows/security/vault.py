"""Secrets at rest: sealed under one key that is kept apart from the database.

    sealed = vault.seal("private key of channel 7", secret)
    secret = vault.unseal("private key of channel 7", sealed)

`purpose` names the one place where a secret belongs: sealed text that is moved to another place
does not open. What is sealed may be stored and backed up; no message here repeats any of it. Pure;
where the key comes from is known to `waflows.services.accounts.sealing`.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from waflows.errors import WaflowsError

KEY_BYTES = 32
"""The length of a vault's key: AES-256-GCM."""

_VERSION = "v1:"
# Drawn at random for each secret: with 2**32 secrets under one key, the chance that two share one
# is still below 2**-32 (NIST SP 800-38D, 8.3). A server seals some thousands.
_NONCE_BYTES = 12


class SealBroken(WaflowsError):
    """A stored secret cannot be unsealed: the secrets key or the record changed."""


class Vault:
    """Seals and unseals with one key of 32 random bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a vault's key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        """Nothing of the key."""
        return "Vault(…)"

    def seal(self, purpose: str, text: bytes) -> str:
        """A secret as it may be stored, for one purpose; different each time."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text, purpose.encode())
        return _VERSION + base64.b64encode(nonce + sealed).decode()

    def unseal(self, purpose: str, sealed: str) -> bytes:
        """The secret that `seal` was given. Raises SealBroken."""
        version, text = sealed[: len(_VERSION)], sealed[len(_VERSION) :]
        try:
            raw = base64.b64decode(text, validate=True)
            if version != _VERSION or len(raw) < _NONCE_BYTES:
                raise SealBroken
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
        except (ValueError, InvalidTag):
            raise SealBroken from None


def make_key() -> bytes:
    """A fresh key for a vault."""
    return os.urandom(KEY_BYTES)
