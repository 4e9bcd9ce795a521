"""How a flow and its data endpoint keep their exchange secret, byte for byte, for both sides.

    WhatsApp                                          the endpoint
    seal_request(public key, JSON)   ── request ──▶   open_request(private key, body)
    open_answer(keys, body)          ◀── answer ───   seal_answer(keys, JSON)

Every request has an AES key and an IV of its own, carried under the endpoint's RSA key; the answer
is encrypted with the same AES key and the IV with every bit flipped. Beside it stand the proofs
that a request comes from WhatsApp, and the encryption of uploaded files. Pure: bytes in, bytes out;
knows no HTTP, no file and no meaning of the JSON.

Source of the rules: Meta's "Implementing Endpoint for Flows" and "Media upload" pages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from waflows.errors import WaflowsError

MAX_PAYLOAD_BYTES = 10 * 1024 * 1024
"""Largest JSON text of a request or an answer, before encryption."""
MAX_BODY_BYTES = 4 * (MAX_PAYLOAD_BYTES + 16) // 3 + 4096
"""Largest HTTP body that such a text can become: Base64 makes it a third longer."""

NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not the JSON wanted, too deeply nested ones included."""

_AES_KEY_BYTES = 16
_IV_BYTES = 16
_TAG_BYTES = 16
_OAEP = OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None)
_SIGNATURE_PREFIX = "sha256="
_MEDIA_KEY_BYTES = 32
_MEDIA_TAG_BYTES = 10
MEDIA_MATERIAL_BYTES = 2 * _MEDIA_KEY_BYTES + _IV_BYTES
"""An AES key, a MAC key and an IV."""

Step = Literal["json", "base64", "rsa", "aes"]


class CannotOpen(WaflowsError):
    """A message cannot be decrypted; `step` is the step that failed."""

    def __init__(self, step: Step, message: str) -> None:
        super().__init__(message)
        self.step = step


class MediaRefused(WaflowsError):
    """An uploaded file is not what its encryption metadata says."""


class ExchangeKeys(msgspec.Struct, frozen=True):
    """The AES key and the IV of one request, and of its answer; never used for another."""

    aes_key: bytes
    iv: bytes

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return "ExchangeKeys(…)"

    @property
    def answer_iv(self) -> bytes:
        """The IV of the answer: that of the request with every bit flipped."""
        return bytes(byte ^ 0xFF for byte in self.iv)

    @property
    def fingerprint(self) -> bytes:
        """What a request is recognised by when it comes again, without keeping its key."""
        return hashlib.sha256(self.aes_key + self.iv).digest()


class Envelope(msgspec.Struct, frozen=True):
    """The body of a request: three Base64 texts."""

    encrypted_flow_data: str
    encrypted_aes_key: str
    initial_vector: str


def seal_request(public_key: RSAPublicKey, payload: bytes) -> tuple[bytes, ExchangeKeys]:
    """The body of a request that carries the JSON text `payload`, and what opens its answer."""
    keys = ExchangeKeys(os.urandom(_AES_KEY_BYTES), os.urandom(_IV_BYTES))
    envelope = Envelope(
        encrypted_flow_data=_base64(AESGCM(keys.aes_key).encrypt(keys.iv, payload, None)),
        encrypted_aes_key=_base64(public_key.encrypt(keys.aes_key, _OAEP)),
        initial_vector=_base64(keys.iv),
    )
    return msgspec.json.encode(envelope), keys


def open_request(private_key: RSAPrivateKey, body: bytes) -> tuple[bytes, ExchangeKeys]:
    """The JSON text a request's body carries, and what seals the answer to it.

    Raises CannotOpen.
    """
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except NOT_JSON as error:
        raise CannotOpen("json", f"The body is not an encrypted request: {error}.") from None
    data = _bytes(envelope.encrypted_flow_data, "encrypted_flow_data")
    sealed_key = _bytes(envelope.encrypted_aes_key, "encrypted_aes_key")
    iv = _bytes(envelope.initial_vector, "initial_vector")
    if len(iv) != _IV_BYTES:
        raise CannotOpen("aes", f"initial_vector holds {len(iv)} bytes instead of {_IV_BYTES}.")
    try:
        aes_key = private_key.decrypt(sealed_key, _OAEP)
    except ValueError:
        raise CannotOpen("rsa", "encrypted_aes_key was not made for this private key.") from None
    if len(aes_key) != _AES_KEY_BYTES:
        raise CannotOpen("rsa", f"The AES key has {len(aes_key)} bytes instead of 16.")
    return _decrypt(aes_key, iv, data, "encrypted_flow_data"), ExchangeKeys(aes_key, iv)


def seal_answer(keys: ExchangeKeys, payload: bytes) -> bytes:
    """The body of the answer that carries the JSON text `payload`.

    An answer must be the only one under its keys: of two, each tells something of the other.
    """
    sealed = AESGCM(keys.aes_key).encrypt(keys.answer_iv, payload, None)
    return base64.b64encode(sealed)


def open_answer(keys: ExchangeKeys, body: bytes) -> bytes:
    """The JSON text an answer's body carries. Raises CannotOpen."""
    # A line break at the end is common and harmless.
    return _decrypt(keys.aes_key, keys.answer_iv, _bytes(body.strip(), "The answer"), "The answer")


def sign(app_secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256 for the raw bytes of a request's body."""
    return _SIGNATURE_PREFIX + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(app_secrets: Sequence[str], body: bytes, signature: str) -> bool:
    """Whether a signature was made with one of the secrets; compared in constant time."""
    presented = signature.encode("utf-8", "replace")
    return any(hmac.compare_digest(sign(one, body).encode(), presented) for one in app_secrets)


def sign_flow_token(app_secret: str, flow_token: str) -> str:
    """The `flow_token_signature` of Data API 4.0: a JSON Web Token with the flow token in it."""
    header = _base64url(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
    claims = _base64url(msgspec.json.encode({"flow_token": flow_token}))
    return f"{header}.{claims}.{_base64url(_jwt_mac(app_secret, header, claims))}"


def is_flow_token_signed(app_secrets: Sequence[str], flow_token: str, signature: str) -> bool:
    """Whether a `flow_token_signature` was made for this flow token with one of the secrets."""
    try:
        header, claims, mac = signature.split(".")
        algorithm = msgspec.json.decode(_base64url_bytes(header), type=dict[str, Any]).get("alg")
        signed = msgspec.json.decode(_base64url_bytes(claims), type=dict[str, Any])
        presented = _base64url_bytes(mac)
    except (ValueError, *NOT_JSON):
        return False
    macs = [_jwt_mac(one, header, claims) for one in app_secrets]
    genuine = any(hmac.compare_digest(one, presented) for one in macs)
    # A token that names another algorithm, or none, proves nothing, whatever its last part.
    return genuine and algorithm == "HS256" and signed.get("flow_token") == flow_token


class MediaMetadata(msgspec.Struct, frozen=True):
    """The `encryption_metadata` of an uploaded file: Base64 texts."""

    encrypted_hash: str
    iv: str
    encryption_key: str
    hmac_key: str
    plaintext_hash: str

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return "MediaMetadata(…)"


class MediaValue(msgspec.Struct, frozen=True):
    """A file as the payload of a `data_exchange` shows it to the endpoint."""

    media_id: str
    cdn_url: str
    file_name: str
    encryption_metadata: MediaMetadata

    def open(self, cdn_file: bytes) -> bytes:
        """The content of the file that `cdn_url` gave. Raises MediaRefused."""
        return open_media(cdn_file, self.encryption_metadata)


def seal_media(content: bytes, material: bytes | None = None) -> tuple[bytes, MediaMetadata]:
    """The file to lay on the CDN, and what the endpoint needs to read it.

    The keys are drawn at random, or taken from `material`: MEDIA_MATERIAL_BYTES that must serve
    for this content alone.
    """
    drawn = os.urandom(MEDIA_MATERIAL_BYTES) if material is None else material
    key, mac_key = drawn[:_MEDIA_KEY_BYTES], drawn[_MEDIA_KEY_BYTES:-_IV_BYTES]
    iv = drawn[-_IV_BYTES:]
    padder = PKCS7(8 * _IV_BYTES).padder()
    padded = padder.update(content) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(padded) + encryptor.finalize()
    cdn_file = encrypted + _media_mac(mac_key, iv, encrypted)
    metadata = MediaMetadata(
        encrypted_hash=_base64(hashlib.sha256(cdn_file).digest()),
        iv=_base64(iv),
        encryption_key=_base64(key),
        hmac_key=_base64(mac_key),
        plaintext_hash=_base64(hashlib.sha256(content).digest()),
    )
    return cdn_file, metadata


def open_media(cdn_file: bytes, metadata: MediaMetadata) -> bytes:
    """The content of a file from the CDN, after every check of it. Raises MediaRefused."""
    try:
        encrypted_hash, iv, key, mac_key, plaintext_hash = (
            base64.b64decode(text, validate=True) for text in msgspec.structs.astuple(metadata)
        )
    except ValueError:
        raise MediaRefused("The encryption metadata of the file is not Base64.") from None
    if not hmac.compare_digest(hashlib.sha256(cdn_file).digest(), encrypted_hash):
        raise MediaRefused("The file on the CDN is not the one that was uploaded.")
    encrypted, mac = cdn_file[:-_MEDIA_TAG_BYTES], cdn_file[-_MEDIA_TAG_BYTES:]
    if not hmac.compare_digest(_media_mac(mac_key, iv, encrypted), mac):
        raise MediaRefused("The file's authentication code is wrong.")
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        unpadder = PKCS7(8 * _IV_BYTES).unpadder()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        content = unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise MediaRefused("The file cannot be decrypted with the key given for it.") from None
    if not hmac.compare_digest(hashlib.sha256(content).digest(), plaintext_hash):
        raise MediaRefused("The decrypted file is not the one that was uploaded.")
    return content


def _decrypt(aes_key: bytes, iv: bytes, data: bytes, what: str) -> bytes:
    if len(data) < _TAG_BYTES:
        raise CannotOpen("aes", f"{what} is shorter than the tag that ends it.")
    try:
        return AESGCM(aes_key).decrypt(iv, data, None)
    except InvalidTag:
        raise CannotOpen("aes", f"{what} does not decrypt: its tag is wrong.") from None


def _media_mac(mac_key: bytes, iv: bytes, encrypted: bytes) -> bytes:
    return hmac.digest(mac_key, iv + encrypted, hashlib.sha256)[:_MEDIA_TAG_BYTES]


def _jwt_mac(app_secret: str, header: str, claims: str) -> bytes:
    return hmac.digest(app_secret.encode(), f"{header}.{claims}".encode(), hashlib.sha256)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str | bytes, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CannotOpen("base64", f"{what} is not Base64.") from None


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _base64url_bytes(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
