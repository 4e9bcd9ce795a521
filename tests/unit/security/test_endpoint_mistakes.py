"""Answers that were sealed wrongly are opened, and every mistake in them is named."""

from __future__ import annotations

import base64
import json
import os
import textwrap
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from waflows.security import endpoint_mistakes, flow_crypto
from waflows.security.endpoint_mistakes import AnswerMistake as Mistake
from waflows.security.flow_crypto import ExchangeKeys

_TEXT = b'{"data": {"status": "active"}}'

Sealing = Callable[[ExchangeKeys], bytes]


def _gcm(keys: ExchangeKeys, iv: bytes) -> bytes:
    return AESGCM(keys.aes_key).encrypt(iv, _TEXT, None)


_SEALINGS: dict[tuple[Mistake, ...], Sealing] = {
    (): lambda keys: _gcm(keys, keys.answer_iv),
    (Mistake.UNFLIPPED,): lambda keys: _gcm(keys, keys.iv),
    (Mistake.REVERSED_IV,): lambda keys: _gcm(keys, keys.answer_iv[::-1]),
    (Mistake.IV_12,): lambda keys: _gcm(keys, keys.answer_iv[:12]),
    (Mistake.OWN_IV,): lambda keys: b"0123456789abcdef" + _gcm(keys, b"0123456789abcdef"),
    (Mistake.UNFLIPPED, Mistake.TAG_MISSING): lambda keys: _gcm(keys, keys.iv)[:-16],
    (Mistake.TAG_FIRST,): lambda keys: (
        _gcm(keys, keys.answer_iv)[-16:] + _gcm(keys, keys.answer_iv)[:-16]
    ),
}
_ENCODINGS: dict[tuple[Mistake, ...], Callable[[bytes], bytes]] = {
    (): base64.b64encode,
    (Mistake.HEX,): lambda raw: raw.hex().encode(),
    (Mistake.QUOTED,): lambda raw: json.dumps(base64.b64encode(raw).decode()).encode(),
    (Mistake.WRAPPED,): lambda raw: json.dumps(
        {"ok": "yes", "body": base64.b64encode(raw).decode()}
    ).encode(),
    (Mistake.DOUBLE_BASE64,): lambda raw: base64.b64encode(base64.b64encode(raw)),
    (Mistake.LINE_BREAKS,): lambda raw: "\r\n".join(
        textwrap.wrap(base64.b64encode(raw).decode(), 19)
    ).encode(),
    (Mistake.RAW,): lambda raw: raw,
    (Mistake.QUOTED, Mistake.HEX): lambda raw: json.dumps(raw.hex()).encode(),
}


@pytest.mark.parametrize("sealing", _SEALINGS, ids=" ".join)
@pytest.mark.parametrize("encoding", _ENCODINGS, ids=" ".join)
def test_mistakes_in_the_cipher_and_in_the_encoding_are_named_together(
    sealing: tuple[Mistake, ...], encoding: tuple[Mistake, ...]
) -> None:
    keys = ExchangeKeys(os.urandom(16), os.urandom(16))
    body = _ENCODINGS[encoding](_SEALINGS[sealing](keys))
    opened = endpoint_mistakes.open_answer(keys, body)

    assert opened is not None
    assert opened.payload == _TEXT
    assert opened.mistakes == encoding + sealing


@given(st.binary(max_size=400), st.binary(min_size=16, max_size=16))
def test_bytes_that_are_no_answer_open_in_no_way(body: bytes, key: bytes) -> None:
    assert endpoint_mistakes.open_answer(ExchangeKeys(key, key[::-1]), body) is None


@given(st.text(max_size=300) | st.lists(st.integers()) | st.dictionaries(st.text(), st.text()))
def test_json_that_holds_no_answer_opens_in_no_way(value: object) -> None:
    keys = ExchangeKeys(bytes(16), bytes(range(16)))

    assert endpoint_mistakes.open_answer(keys, json.dumps(value).encode()) is None


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"a":' * 9_000, b'"' * 60_000])
def test_hostile_answers_open_in_no_way(body: bytes) -> None:
    assert endpoint_mistakes.open_answer(ExchangeKeys(bytes(16), bytes(16)), body) is None


def test_a_long_answer_is_not_looked_into() -> None:
    keys = ExchangeKeys(os.urandom(16), os.urandom(16))
    body = base64.b64encode(AESGCM(keys.aes_key).encrypt(keys.iv, b'"' + b"x" * 70_000, None))

    assert endpoint_mistakes.open_answer(keys, body) is None


def test_every_mistake_of_a_request_is_tried_alone_before_it_is_tried_with_another() -> None:
    tried = endpoint_mistakes.REQUEST_MISTAKES
    alone = len(endpoint_mistakes.RequestMistake)

    assert {mistake for mistakes in tried[:alone] for mistake in mistakes} == set(
        endpoint_mistakes.RequestMistake
    )
    assert all(len(mistakes) == 2 for mistakes in tried[alone:])
    assert len(set(tried)) == len(tried) == 15


def test_an_answer_to_a_mistaken_request_is_recognised_by_its_key() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    public_key = rsa.generate_private_key(65537, 2048).public_key()
    for mistakes in endpoint_mistakes.REQUEST_MISTAKES:
        _, keys = endpoint_mistakes.seal_request(mistakes, public_key, b"{}")
        opened = endpoint_mistakes.open_answer(keys, flow_crypto.seal_answer(keys, _TEXT))
        assert opened is not None
        assert opened.payload == _TEXT
