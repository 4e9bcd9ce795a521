"""The wrong parameters that data endpoints are written with, to recognise an endpoint by them.

    seal_request(mistake, public key, JSON)   a request as the mistaken endpoint expects it
    open_answer(keys, body)                   what an answer holds, and every mistake made in it

Only `waflows doctor` sends such requests; ordinary traffic uses `flow_crypto`. The order of the
tables is the order of trying: what is seen most often comes first. Pure.
"""

from __future__ import annotations

import base64
import itertools
import os
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import (
    MGF1,
    OAEP,
    AsymmetricPadding,
    PKCS1v15,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from waflows.security.flow_crypto import NOT_JSON, Envelope, ExchangeKeys

_TAG_BYTES = 16
_BLOCK_BYTES = 16
_SHORT_IV_BYTES = 12
# A mistake shows in the answer to a health check; a long answer is not worth the work.
_LONGEST_ANSWER = 64 * 1024
_MOST_LAYERS = 3


class RequestMistake(StrEnum):
    """A wrong parameter with which an endpoint decrypts requests."""

    MGF1_SHA1 = "mgf1-sha1"
    OAEP_SHA1 = "oaep-sha1"
    PKCS1 = "pkcs1"
    IV_12 = "iv-12"
    AES_256 = "aes-256"
    CBC = "cbc"


_OF_THE_KEY = (RequestMistake.MGF1_SHA1, RequestMistake.OAEP_SHA1, RequestMistake.PKCS1)
_OF_THE_DATA = (RequestMistake.IV_12, RequestMistake.AES_256, RequestMistake.CBC)

REQUEST_MISTAKES: tuple[tuple[RequestMistake, ...], ...] = (
    *((mistake,) for mistake in _OF_THE_KEY + _OF_THE_DATA),
    *itertools.product(_OF_THE_KEY, _OF_THE_DATA),
)
"""The mistakes to try, one by one and then one of the key together with one of the data."""

_PADDINGS: dict[RequestMistake | None, AsymmetricPadding] = {
    None: OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None),
    RequestMistake.MGF1_SHA1: OAEP(MGF1(hashes.SHA1()), hashes.SHA256(), None),  # noqa: S303
    RequestMistake.OAEP_SHA1: OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303
    RequestMistake.PKCS1: PKCS1v15(),
}


def seal_request(
    mistakes: tuple[RequestMistake, ...], public_key: RSAPublicKey, payload: bytes
) -> tuple[bytes, ExchangeKeys]:
    """The body of a request that an endpoint with these mistakes can decrypt, and its keys."""
    padding = next((one for one in mistakes if one in _OF_THE_KEY), None)
    key_bytes = 32 if RequestMistake.AES_256 in mistakes else 16
    iv_bytes = _SHORT_IV_BYTES if RequestMistake.IV_12 in mistakes else _BLOCK_BYTES
    keys = ExchangeKeys(os.urandom(key_bytes), os.urandom(iv_bytes))
    if RequestMistake.CBC in mistakes:
        sealed = _cbc_sealed(keys, payload)
    else:
        sealed = AESGCM(keys.aes_key).encrypt(keys.iv, payload, None)
    envelope = Envelope(
        encrypted_flow_data=base64.b64encode(sealed).decode(),
        encrypted_aes_key=base64.b64encode(
            public_key.encrypt(keys.aes_key, _PADDINGS[padding])
        ).decode(),
        initial_vector=base64.b64encode(keys.iv).decode(),
    )
    return msgspec.json.encode(envelope), keys


class AnswerMistake(StrEnum):
    """What is wrong with an answer that could be opened nevertheless."""

    RAW = "raw"
    QUOTED = "quoted"
    WRAPPED = "wrapped"
    BUFFER = "buffer"
    LINE_BREAKS = "line-breaks"
    OTHER_BASE64 = "other-base64"
    HEX = "hex"
    DOUBLE_BASE64 = "double-base64"
    TAG_FIRST = "tag-first"
    TAG_MISSING = "tag-missing"
    UNFLIPPED = "unflipped"
    REVERSED_IV = "reversed-iv"
    IV_12 = "iv-12"
    ZERO_IV = "zero-iv"
    OWN_IV = "own-iv"
    CBC = "cbc"
    CTR = "ctr"


class Opened(msgspec.Struct, frozen=True):
    """The text of an answer, and the mistakes made in sealing it, outermost first."""

    payload: bytes
    mistakes: tuple[AnswerMistake, ...]


class _Layer(msgspec.Struct, frozen=True):
    """Bytes that may be the encrypted ones, and the mistakes by which they came to be there."""

    raw: bytes
    mistakes: tuple[AnswerMistake, ...]


def open_answer(keys: ExchangeKeys, body: bytes) -> Opened | None:
    """What an answer holds, whichever usual mistakes it was sealed with; None for none of them.

    An answer without a mistake is opened too, with none. It proves that the endpoint has the AES
    key of the request.
    """
    if len(body) > _LONGEST_ANSWER:
        return None
    layers = [*_decodings(body.strip(), ()), _Layer(body, (AnswerMistake.RAW,))]
    for layer in layers:
        opened = _unsealed(keys, layer.raw)
        if opened is not None:
            return Opened(opened.payload, layer.mistakes + opened.mistakes)
    return None


def is_sealed(body: bytes) -> bool:
    """Whether an answer is Base64 of at least so many bytes as an encrypted one must have."""
    try:
        return len(base64.b64decode(body.strip(), validate=True)) > _TAG_BYTES
    except ValueError:
        return False


def _is_json(text: bytes) -> bool:
    """Whether a text is JSON."""
    try:
        msgspec.json.decode(text)
    except NOT_JSON:
        return False
    return True


def _decodings(text: bytes, before: tuple[AnswerMistake, ...]) -> Iterator[_Layer]:
    """Every way to read a text as the encrypted bytes; each layer may hide another."""
    if len(before) == _MOST_LAYERS or not text:
        return
    for decode, mistake in _READINGS:
        raw = decode(text)
        if raw is None:
            continue
        mistakes = (*before, mistake) if mistake else before
        if mistake in _TEXT_INSIDE:
            yield from _decodings(raw.strip(), mistakes)
            continue
        yield _Layer(raw, mistakes)
        if _BASE64.fullmatch(raw) or _HEX.fullmatch(raw):
            # Text where bytes were expected: it was encoded once more.
            yield from _decodings(raw.strip(), (*mistakes, AnswerMistake.DOUBLE_BASE64))


_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}\s*")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,}\s*")
_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")


def _standard(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _hex(text: bytes) -> bytes | None:
    return bytes.fromhex(text.decode()) if _HEX.fullmatch(text) else None


def _other_base64(text: bytes) -> bytes | None:
    changed = text.translate(_URL_ALPHABET)
    padded = changed + b"=" * (-len(changed) % 4)
    return None if padded == text else _standard(padded)


def _joined(text: bytes) -> bytes | None:
    joined = b"".join(text.split())
    return None if joined == text else _standard(joined)


def _quoted(text: bytes) -> bytes | None:
    value = _json(text) if text.startswith(b'"') else None
    return value.encode() if isinstance(value, str) else None


def _wrapped(text: bytes) -> bytes | None:
    """The one text in a JSON object that can be an encrypted answer."""
    value = _json(text) if text.startswith(b"{") else None
    if not isinstance(value, dict):
        return None
    texts = [one for one in value.values() if isinstance(one, str)]
    return max(texts, key=len).encode() if texts else None


def _buffer(text: bytes) -> bytes | None:
    """Bytes as JavaScript prints a Buffer: the object, or its list of numbers alone."""
    value = _json(text) if text[:1] in b"{[" else None
    numbers = value.get("data") if isinstance(value, dict) else value
    if not isinstance(numbers, list):
        return None
    try:
        return bytes(numbers)
    except (ValueError, TypeError):
        return None


def _json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except NOT_JSON:
        return None


_READINGS: tuple[tuple[Callable[[bytes], bytes | None], AnswerMistake | None], ...] = (
    (_hex, AnswerMistake.HEX),
    (_standard, None),
    (_other_base64, AnswerMistake.OTHER_BASE64),
    (_joined, AnswerMistake.LINE_BREAKS),
    (_quoted, AnswerMistake.QUOTED),
    (_buffer, AnswerMistake.BUFFER),
    (_wrapped, AnswerMistake.WRAPPED),
)
_TEXT_INSIDE = {AnswerMistake.QUOTED, AnswerMistake.WRAPPED}


def _unsealed(keys: ExchangeKeys, raw: bytes) -> Opened | None:
    for iv, of_iv in _ivs(keys):
        opened = _gcm_opened(keys.aes_key, iv, raw)
        if opened is not None:
            return Opened(opened.payload, of_iv + opened.mistakes)
    for length in (_BLOCK_BYTES, _SHORT_IV_BYTES):
        opened = _gcm_opened(keys.aes_key, raw[:length], raw[length:])
        if opened is not None:
            return Opened(opened.payload, (AnswerMistake.OWN_IV, *opened.mistakes))
    return _other_modes(keys, raw)


def _ivs(keys: ExchangeKeys) -> Iterator[tuple[bytes, tuple[AnswerMistake, ...]]]:
    flipped, iv = keys.answer_iv, keys.iv
    yield flipped, ()
    yield iv, (AnswerMistake.UNFLIPPED,)
    yield iv[::-1], (AnswerMistake.REVERSED_IV,)
    yield flipped[::-1], (AnswerMistake.REVERSED_IV,)
    if len(iv) > _SHORT_IV_BYTES:
        yield flipped[:_SHORT_IV_BYTES], (AnswerMistake.IV_12,)
        yield iv[:_SHORT_IV_BYTES], (AnswerMistake.IV_12, AnswerMistake.UNFLIPPED)
    yield bytes(_BLOCK_BYTES), (AnswerMistake.ZERO_IV,)
    yield bytes(_SHORT_IV_BYTES), (AnswerMistake.ZERO_IV, AnswerMistake.IV_12)


def _gcm_opened(key: bytes, iv: bytes, raw: bytes) -> Opened | None:
    """The payload of GCM with its tag behind, in front, or nowhere."""
    if len(iv) < _SHORT_IV_BYTES or not raw:
        return None
    first, last = raw[:_TAG_BYTES], raw[-_TAG_BYTES:]
    if len(raw) > _TAG_BYTES:
        payload = _gcm(key, iv, raw[:-_TAG_BYTES], last)
        if payload is not None:
            return Opened(payload, ())
        payload = _gcm(key, iv, raw[_TAG_BYTES:], first)
        if payload is not None:
            return Opened(payload, (AnswerMistake.TAG_FIRST,))
    untagged = Cipher(algorithms.AES(key), modes.GCM(iv)).decryptor().update(raw)
    return Opened(untagged, (AnswerMistake.TAG_MISSING,)) if _is_object(untagged) else None


def _gcm(key: bytes, iv: bytes, data: bytes, tag: bytes) -> bytes | None:
    decryptor = Cipher(algorithms.AES(key), modes.GCM(iv, tag)).decryptor()
    try:
        return decryptor.update(data) + decryptor.finalize()
    except InvalidTag:
        return None


def _other_modes(keys: ExchangeKeys, raw: bytes) -> Opened | None:
    for iv, of_iv in _ivs(keys):
        if len(iv) != _BLOCK_BYTES:
            continue
        counted = Cipher(algorithms.AES(keys.aes_key), modes.CTR(iv)).decryptor().update(raw)
        if _is_object(counted):
            return Opened(counted, (AnswerMistake.CTR, *of_iv))
        chained = _cbc_opened(keys.aes_key, iv, raw)
        if chained is not None and _is_object(chained):
            return Opened(chained, (AnswerMistake.CBC, *of_iv))
    return None


def _is_object(text: bytes) -> bool:
    """Whether bytes without a proof of their own are the JSON object of an answer."""
    return text.lstrip()[:1] == b"{" and _is_json(text)


def _cbc_sealed(keys: ExchangeKeys, payload: bytes) -> bytes:
    padder = PKCS7(8 * _BLOCK_BYTES).padder()
    encryptor = Cipher(algorithms.AES(keys.aes_key), modes.CBC(keys.iv)).encryptor()
    padded = padder.update(payload) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def _cbc_opened(key: bytes, iv: bytes, raw: bytes) -> bytes | None:
    if not raw or len(raw) % _BLOCK_BYTES:
        return None
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(8 * _BLOCK_BYTES).unpadder()
    try:
        return unpadder.update(decryptor.update(raw) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        return None
