"""Test vectors of the exchange between WhatsApp and a data endpoint, for endpoints in any language.

Each step of a request and its answer, as text to compare one's own with. Pure.
"""

from __future__ import annotations

import base64

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from waflows.security import flow_crypto

_TAG_BYTES = 16


class Vector(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A request and the right answer to it, step by step.

    Bytes are in hex where nothing else is said.
    """

    body: str
    """The body of the request: JSON, its three texts in Base64."""
    signature: str
    """X-Hub-Signature-256 of this body."""
    aes_key: str
    iv: str
    request: str
    """The request in the clear."""
    answer: str
    """The answer in the clear."""
    answer_iv: str
    answer_tag: str
    answer_body: str
    """The body of the answer: Base64."""

    def __repr__(self) -> str:
        """Nothing of the keys."""
        return "Vector(…)"


def make(private_key: RSAPrivateKey, app_secret: str, request: bytes, answer: bytes) -> Vector:
    """A vector for these texts, under an AES key and an IV of its own."""
    body, _ = flow_crypto.seal_request(private_key.public_key(), request)
    # Read back as an endpoint reads it, so that the private key is proved to fit.
    opened, keys = flow_crypto.open_request(private_key, body)
    sealed = flow_crypto.seal_answer(keys, answer)
    return Vector(
        body=body.decode(),
        signature=flow_crypto.sign(app_secret, body),
        aes_key=keys.aes_key.hex(),
        iv=keys.iv.hex(),
        request=opened.decode(),
        answer=answer.decode(),
        answer_iv=keys.answer_iv.hex(),
        answer_tag=base64.b64decode(sealed)[-_TAG_BYTES:].hex(),
        answer_body=sealed.decode(),
    )
