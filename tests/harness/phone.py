"""A phone written from the published wire rules alone, to ask endpoints with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import Any, NamedTuple

import httpx2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class Reply(NamedTuple):
    """What came back: the decrypted JSON for a 200, else None."""

    status: int
    json: Any
    response: httpx2.Response


class Sealed(NamedTuple):
    """The body of a request, and what opens its answer."""

    body: bytes
    aes_key: bytes
    iv: bytes


class Phone:
    """Asks one endpoint; nothing of it is shared with the product's code."""

    def __init__(self, url: str, public_key: RSAPublicKey, app_secret: str) -> None:
        self.url = url
        self.public_key = public_key
        self.app_secret = app_secret

    def ask(self, payload: Any, headers: dict[str, str] | None = None) -> Reply:
        """Encrypts, signs and sends one request."""
        sealed = self.seal(payload)
        return self.send(sealed, headers)

    def seal(self, payload: Any) -> Sealed:
        """One request, encrypted by the rules."""
        plaintext = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        aes_key, iv = os.urandom(16), os.urandom(16)
        encryptor = Cipher(algorithms.AES(aes_key), modes.GCM(iv)).encryptor()
        data = encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        envelope = {
            "encrypted_flow_data": base64.b64encode(data).decode(),
            "encrypted_aes_key": base64.b64encode(self.public_key.encrypt(aes_key, oaep)).decode(),
            "initial_vector": base64.b64encode(iv).decode(),
        }
        return Sealed(json.dumps(envelope).encode(), aes_key, iv)

    def send(self, sealed: Sealed, headers: dict[str, str] | None = None) -> Reply:
        """Sends what was sealed, which may be sent again."""
        mac = hmac.new(self.app_secret.encode(), sealed.body, hashlib.sha256).hexdigest()
        response = httpx2.post(
            self.url,
            content=sealed.body,
            headers={
                "Content-Type": "application/json",
                "X-Hub-Signature-256": f"sha256={mac}",
                **(headers or {}),
            },
            timeout=30,
            trust_env=False,
        )
        answer = _opened(sealed, response.content) if response.status_code == 200 else None
        return Reply(response.status_code, answer, response)


def _opened(sealed: Sealed, body: bytes) -> Any:
    raw = base64.b64decode(body, validate=True)
    flipped = bytes(byte ^ 0xFF for byte in sealed.iv)
    decryptor = Cipher(algorithms.AES(sealed.aes_key), modes.GCM(flipped, raw[-16:])).decryptor()
    return json.loads(decryptor.update(raw[:-16]) + decryptor.finalize())
