"""RSA key pairs for data endpoints: made, and read in every form people paste.

The public key goes to WhatsApp, which encrypts each request with it; the private key stays with
the endpoint, or sealed in the vault. No message of this module repeats any part of a key or a
passphrase. Pure.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from waflows.security import pem
from waflows.security.pem import UnusableKey

__all__ = [
    "KEY_BITS",
    "UnusableKey",
    "fingerprint",
    "generate",
    "is_encrypted",
    "private_der",
    "private_pem",
    "public_pem",
    "read_private_der",
    "read_private_key",
    "read_public_key",
]

KEY_BITS = 2048
"""The one key size WhatsApp accepts."""

_PUBLIC_EXPONENT = 65537


def generate() -> RSAPrivateKey:
    """A fresh key pair; takes some tenths of a second."""
    return rsa.generate_private_key(_PUBLIC_EXPONENT, KEY_BITS)


def read_private_key(text: str | bytes, passphrase: str | None = None) -> RSAPrivateKey:
    """A private key from PKCS#1 or PKCS#8 PEM, however it was pasted.

    Raises UnusableKey with a sentence that says what the text is instead, and what to do. A
    passphrase for a key that is not encrypted is not used.
    """
    block = pem.find(text, "PRIVATE KEY")
    if block.label not in _PRIVATE_LABELS:
        raise UnusableKey(_INSTEAD_OF_PRIVATE.get(block.label) or _other(block.label))
    if block.headers or block.label == "ENCRYPTED PRIVATE KEY":
        key = _load_encrypted(block, passphrase)
    else:
        try:
            key = serialization.load_der_private_key(block.content, None)
        except TypeError:
            key = _load_encrypted(block, passphrase)
        except (ValueError, UnsupportedAlgorithm):
            raise UnusableKey(_damaged("private")) from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableKey(_NOT_RSA)
    _check_size(key.key_size)
    return key


def is_encrypted(text: str | bytes) -> bool:
    """Whether the text is a private key under a passphrase. Raises UnusableKey for no PEM."""
    block = pem.find(text, "PRIVATE KEY")
    return bool(block.headers) or block.label == "ENCRYPTED PRIVATE KEY"


def read_public_key(text: str | bytes) -> RSAPublicKey:
    """A public key from PEM, however it was pasted. Raises UnusableKey as `read_private_key`."""
    block = pem.find(text, "PUBLIC KEY")
    if block.label.endswith("PRIVATE KEY"):
        raise UnusableKey(_PRIVATE_AS_PUBLIC)
    if block.label not in _PUBLIC_LABELS:
        raise UnusableKey(_INSTEAD_OF_PUBLIC.get(block.label) or _other(block.label))
    try:
        key = serialization.load_der_public_key(block.content)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey(_damaged("public")) from None
    if not isinstance(key, RSAPublicKey):
        raise UnusableKey(_NOT_RSA)
    _check_size(key.key_size)
    return key


def public_pem(key: RSAPublicKey) -> str:
    """The form in which WhatsApp takes a public key."""
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, info).decode()


def private_pem(key: RSAPrivateKey, passphrase: str | None = None, *, pkcs1: bool = False) -> str:
    """PKCS#8 or PKCS#1 PEM to hand to the key's owner, encrypted when there is a passphrase."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    form = serialization.PrivateFormat.PKCS8
    if pkcs1:
        form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def fingerprint(key: RSAPublicKey) -> str:
    """What tells key pairs apart: the SHA-256 of the public key in DER, in hex.

    The same as `openssl pkey -pubin -in public.pem -outform DER | sha256sum`.
    """
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, info)).hexdigest()


def private_der(key: RSAPrivateKey) -> bytes:
    """A private key as the bytes that go into the vault: PKCS#8 in DER, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def read_private_der(der: bytes) -> RSAPrivateKey:
    """The private key that `private_der` was given."""
    key = serialization.load_der_private_key(der, None)
    assert isinstance(key, RSAPrivateKey), "no other kind is turned into DER here"
    return key


def _load_encrypted(block: pem.Block, passphrase: str | None) -> object:
    if not passphrase:
        raise UnusableKey("The private key is encrypted: give its passphrase too.")
    try:
        if block.headers:
            return serialization.load_pem_private_key(block.text, passphrase.encode())
        return serialization.load_der_private_key(block.content, passphrase.encode())
    except UnsupportedAlgorithm:
        raise UnusableKey(
            "The private key is encrypted in a way that is not supported. Encrypt it anew:"
            " openssl pkcs8 -topk8 -v2 aes-256-cbc -in private.pem -out new.pem"
        ) from None
    except (ValueError, TypeError):
        raise UnusableKey(
            "The private key does not open: the passphrase is wrong, or the key is damaged."
        ) from None


def _check_size(bits: int) -> None:
    if bits != KEY_BITS:
        raise UnusableKey(
            f"The key has {bits} bits; WhatsApp takes RSA keys of {KEY_BITS} bits:"
            f" openssl genrsa -out private.pem {KEY_BITS}"
        )


def _damaged(kind: str) -> str:
    return f"The {kind} key is damaged: its text is not a whole key. Copy it anew from the file."


def _other(label: str) -> str:
    return f"This is a {label}, not a key that can be used here."


_PRIVATE_LABELS = {"PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}
_PUBLIC_LABELS = {"PUBLIC KEY", "RSA PUBLIC KEY"}
_NOT_RSA = (
    "This key is of another kind than RSA. WhatsApp takes RSA keys of 2048 bits:"
    " openssl genrsa -out private.pem 2048"
)
_PUBLIC_AS_PRIVATE = (
    "This is a public key; the private key is needed here: the file that was made first,"
    " which starts with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----."
)
_PRIVATE_AS_PUBLIC = (
    "This is a private key; only the public key is needed here, and the private key must stay"
    " with the endpoint. Take the public key out of it:"
    " openssl pkey -in private.pem -pubout -out public.pem"
)
_INSTEAD_OF_PRIVATE = {
    "PUBLIC KEY": _PUBLIC_AS_PRIVATE,
    "RSA PUBLIC KEY": _PUBLIC_AS_PRIVATE,
    "OPENSSH PRIVATE KEY": (
        "This is a private key in the form of SSH. Turn it into PEM: ssh-keygen -p -m PEM -f key"
    ),
    "EC PRIVATE KEY": _NOT_RSA,
    "CERTIFICATE": "This is a certificate; the private key that belongs to it is needed here.",
}
_INSTEAD_OF_PUBLIC = {
    "CERTIFICATE": (
        "This is a certificate. Take the public key out of it:"
        " openssl x509 -in cert.pem -pubkey -noout"
    ),
}
