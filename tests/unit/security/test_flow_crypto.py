"""The exchange's encryption against code that is not ours: openssl, low-level primitives, pywa."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import pywa.utils
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.security import flow_crypto
from waflows.security.flow_crypto import CannotOpen, ExchangeKeys, MediaMetadata, MediaRefused

# Known answers of the AES layer: key and IV are counted up, the results were computed once.
_KEYS = ExchangeKeys(bytes(range(16)), bytes(range(16, 32)))
_PING = b'{"version":"3.0","action":"ping"}'
_PING_SEALED = "vryB0w/BTee4OvmgkgEf9dnfQfwZb8iWi7yl5iotFMJeuQl749lOptdzv/L1T2V2PA=="
_ACTIVE = b'{"data":{"status":"active"}}'
_ACTIVE_SEALED = b"IHgL0mWXHJ6FDPLH6+aygF5BfT+mPzwvzktiKvlmYpg8eFKqJX/07YVStaI="

_KEY = rsa.generate_private_key(65537, 2048)
_OTHER_KEY = rsa.generate_private_key(65537, 2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def _encrypted_by_hand(
    plaintext: bytes, key: bytes = _KEYS.aes_key, iv: bytes = _KEYS.iv, public: Any = None
) -> dict[str, str]:
    """A request as the published rules say, made with the low-level primitives."""
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    data = encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed_key = (public or _KEY.public_key()).encrypt(key, oaep)
    return {
        "encrypted_flow_data": base64.b64encode(data).decode(),
        "encrypted_aes_key": base64.b64encode(sealed_key).decode(),
        "initial_vector": base64.b64encode(iv).decode(),
    }


def _body(**changes: str) -> bytes:
    return json.dumps(_encrypted_by_hand(_PING) | changes).encode()


def _failing_step(body: bytes, key: rsa.RSAPrivateKey = _KEY) -> str:
    with pytest.raises(CannotOpen) as caught:
        flow_crypto.open_request(key, body)
    return caught.value.step


def test_a_request_made_by_hand_is_the_known_answer_and_opens() -> None:
    envelope = _encrypted_by_hand(_PING)

    assert envelope["encrypted_flow_data"] == _PING_SEALED
    assert flow_crypto.open_request(_KEY, json.dumps(envelope).encode()) == (_PING, _KEYS)


def test_the_answer_is_the_known_answer_both_ways() -> None:
    assert flow_crypto.seal_answer(_KEYS, _ACTIVE) == _ACTIVE_SEALED
    assert flow_crypto.open_answer(_KEYS, _ACTIVE_SEALED) == _ACTIVE


def test_the_answer_uses_the_iv_with_every_bit_flipped() -> None:
    assert _KEYS.answer_iv.hex() == "efeeedecebeae9e8e7e6e5e4e3e2e1e0"


_PKEYUTL = [
    "openssl",
    "pkeyutl",
    "-pkeyopt",
    "rsa_padding_mode:oaep",
    "-pkeyopt",
    "rsa_oaep_md:sha256",
    "-pkeyopt",
    "rsa_mgf1_md:sha256",
]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_reads_the_aes_key_of_our_request(tmp_path: Path) -> None:
    body, keys = flow_crypto.seal_request(_KEY.public_key(), _PING)
    (tmp_path / "private.pem").write_text(_pem(_KEY))

    read = subprocess.run(
        [*_PKEYUTL, "-decrypt", "-inkey", tmp_path / "private.pem"],
        input=base64.b64decode(json.loads(body)["encrypted_aes_key"]),
        capture_output=True,
        check=True,
    ).stdout

    assert read == keys.aes_key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_a_request_whose_aes_key_openssl_encrypted_opens(tmp_path: Path) -> None:
    (tmp_path / "private.pem").write_text(_pem(_KEY))
    sealed_key = subprocess.run(
        [*_PKEYUTL, "-encrypt", "-inkey", tmp_path / "private.pem"],
        input=_KEYS.aes_key,
        capture_output=True,
        check=True,
    ).stdout

    body = _body(encrypted_aes_key=base64.b64encode(sealed_key).decode())

    assert flow_crypto.open_request(_KEY, body) == (_PING, _KEYS)


def test_pywa_reads_our_request_and_we_read_its_answer() -> None:
    body, keys = flow_crypto.seal_request(_KEY.public_key(), _PING)
    envelope = json.loads(body)

    request, aes_key, iv = pywa.utils.default_flow_request_decryptor(
        envelope["encrypted_flow_data"],
        envelope["encrypted_aes_key"],
        envelope["initial_vector"],
        _pem(_KEY),
    )
    answer = pywa.utils.default_flow_response_encryptor({"data": {"é": 1}}, aes_key, iv)

    assert request == {"version": "3.0", "action": "ping"}
    assert json.loads(flow_crypto.open_answer(keys, answer.encode())) == {"data": {"é": 1}}


def test_our_answer_is_the_one_pywa_would_have_given() -> None:
    theirs = pywa.utils.default_flow_response_encryptor({"a": 1}, _KEYS.aes_key, _KEYS.iv)

    assert flow_crypto.seal_answer(_KEYS, json.dumps({"a": 1}).encode()) == theirs.encode()


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_every_payload_comes_back_as_it_was(payload: bytes) -> None:
    body, keys = flow_crypto.seal_request(_KEY.public_key(), payload)
    opened, same_keys = flow_crypto.open_request(_KEY, body)
    answer = flow_crypto.seal_answer(same_keys, payload)

    assert opened == payload
    assert flow_crypto.open_answer(keys, answer) == payload


def test_the_largest_payload_fits_the_largest_body() -> None:
    payload = b"x" * flow_crypto.MAX_PAYLOAD_BYTES

    body, _ = flow_crypto.seal_request(_KEY.public_key(), payload)

    assert flow_crypto.MAX_PAYLOAD_BYTES < len(body) <= flow_crypto.MAX_BODY_BYTES
    assert flow_crypto.open_request(_KEY, body)[0] == payload


def test_no_two_requests_share_a_key_or_an_iv() -> None:
    made = [flow_crypto.seal_request(_KEY.public_key(), _PING)[1] for _ in range(50)]

    assert len({keys.aes_key for keys in made}) == len({keys.iv for keys in made}) == 50


def test_keys_and_metadata_show_nothing_of_themselves() -> None:
    assert repr(_KEYS) == "ExchangeKeys(…)"
    assert repr(flow_crypto.seal_media(b"x")[1]) == "MediaMetadata(…)"


def test_a_request_for_another_key_fails_at_rsa() -> None:
    assert _failing_step(_body(), _OTHER_KEY) == "rsa"


def test_a_request_made_with_oaep_over_sha1_fails_at_rsa() -> None:
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    sealed = _KEY.public_key().encrypt(_KEYS.aes_key, oaep)

    assert _failing_step(_body(encrypted_aes_key=base64.b64encode(sealed).decode())) == "rsa"


def test_an_aes_key_of_another_length_fails_at_rsa() -> None:
    envelope = _encrypted_by_hand(_PING, key=bytes(32))

    assert _failing_step(json.dumps(envelope).encode()) == "rsa"


@pytest.mark.parametrize("at", [0, 10, -1])
def test_a_changed_byte_of_ciphertext_or_tag_fails_at_aes(at: int) -> None:
    data = bytearray(base64.b64decode(_PING_SEALED))
    data[at] ^= 1

    assert _failing_step(_body(encrypted_flow_data=base64.b64encode(data).decode())) == "aes"


@pytest.mark.parametrize("length", [0, 15, 16, 40])
def test_cut_off_flow_data_fails_at_aes(length: int) -> None:
    data = base64.b64decode(_PING_SEALED)[:length]

    assert _failing_step(_body(encrypted_flow_data=base64.b64encode(data).decode())) == "aes"


@pytest.mark.parametrize("length", [0, 12, 15, 17, 32])
def test_an_iv_of_another_length_fails_at_aes(length: int) -> None:
    iv = base64.b64encode(bytes(length)).decode()

    assert _failing_step(_body(initial_vector=iv)) == "aes"


def test_another_iv_fails_at_aes() -> None:
    assert _failing_step(_body(initial_vector=base64.b64encode(bytes(16)).decode())) == "aes"


@pytest.mark.parametrize("field", ["encrypted_flow_data", "encrypted_aes_key", "initial_vector"])
@pytest.mark.parametrize("text", ["AAA", "A A=", "é", "____", "AAAA\n"])
def test_a_field_that_is_not_base64_fails_at_base64(field: str, text: str) -> None:
    assert _failing_step(_body(**{field: text})) == "base64"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"encrypted_flow_data": ""}',
        b"\xff\xfe",
        b"[" * 100_000,
        _body()[:-30],
    ],
    ids=itertools.count(),
)
def test_a_body_that_is_no_envelope_fails_at_json(body: bytes) -> None:
    assert _failing_step(body) == "json"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(deadline=None)
def test_nonsense_is_refused_and_never_crashes(body: bytes) -> None:
    with pytest.raises(CannotOpen):
        flow_crypto.open_request(_KEY, body)
    with pytest.raises(CannotOpen):
        flow_crypto.open_answer(_KEYS, body)


def test_an_answer_with_the_requests_own_iv_is_refused() -> None:
    unflipped = ExchangeKeys(_KEYS.aes_key, _KEYS.answer_iv)

    with pytest.raises(CannotOpen) as caught:
        flow_crypto.open_answer(_KEYS, flow_crypto.seal_answer(unflipped, _ACTIVE))

    assert caught.value.step == "aes"


def test_a_line_break_after_an_answer_is_no_harm() -> None:
    assert flow_crypto.open_answer(_KEYS, _ACTIVE_SEALED + b"\r\n") == _ACTIVE


def test_the_signature_is_the_published_hmac_and_pywa_accepts_it() -> None:
    signature = flow_crypto.sign("app-secret", b'{"a":1}')

    assert signature == "sha256=" + hmac.new(b"app-secret", b'{"a":1}', "sha256").hexdigest()
    assert signature.endswith("a2ac6607a24977f9757e6d78319ae1660ad42ffeee0ee3f0dff30a92bcf85448")
    assert pywa.utils.webhook_updates_validator("app-secret", b'{"a":1}', signature)


def test_a_signature_by_any_of_the_secrets_is_accepted() -> None:
    signature = flow_crypto.sign("old", b"body")

    assert flow_crypto.is_signed(["new", "old"], b"body", signature)


_GENUINE = flow_crypto.sign("secret", b"body")


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        _GENUINE.removeprefix("sha256="),
        _GENUINE.upper(),
        _GENUINE[:-1],
        _GENUINE + "0",
        _GENUINE.replace("sha256", "sha1"),
        "sha1=" + hmac.new(b"secret", b"body", "sha1").hexdigest(),
        flow_crypto.sign("another", b"body"),
        flow_crypto.sign("", b"body"),
        flow_crypto.sign("secret", b"body "),
        "sha256=é",
    ],
)
def test_a_forged_signature_is_refused(signature: str) -> None:
    assert flow_crypto.is_signed(["secret"], b"body", _GENUINE)
    assert not flow_crypto.is_signed(["secret"], b"body", signature)


def test_no_signature_is_accepted_without_a_secret() -> None:
    assert not flow_crypto.is_signed([], b"body", _GENUINE)


_JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJmbG93X3Rva2VuIjoidG9rLTEifQ"
    ".JxCopdR18mFgVqD8CV4l99F1gFELa7xZX8zocFiofl8"
)


def _jwt(header: Any, claims: Any, secret: str = "app-secret", digest: str = "sha256") -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header, claims)
    ]
    mac = hmac.new(secret.encode(), b".".join(parts), digest).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def test_the_signature_of_a_flow_token_is_the_known_answer() -> None:
    assert flow_crypto.sign_flow_token("app-secret", "tok-1") == _JWT
    assert flow_crypto.is_flow_token_signed(["other", "app-secret"], "tok-1", _JWT)


def test_a_flow_token_signed_elsewhere_with_more_claims_is_accepted() -> None:
    signature = _jwt({"alg": "HS256"}, {"iat": 1, "flow_token": "tok-1"})

    assert flow_crypto.is_flow_token_signed(["app-secret"], "tok-1", signature)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        _JWT[:-2],
        _JWT.rpartition(".")[0] + ".",
        _jwt({"alg": "HS256"}, {"flow_token": "tok-2"}),
        _jwt({"alg": "HS256"}, {}),
        _jwt({"alg": "HS256"}, []),
        "W1tb" * 10_000 + ".a.b",
        _jwt({"alg": "HS256"}, {"flow_token": "tok-1"}, secret="another"),
        _jwt({"alg": "none"}, {"flow_token": "tok-1"}),
        _jwt({}, {"flow_token": "tok-1"}),
        _jwt({"alg": "HS512"}, {"flow_token": "tok-1"}, digest="sha512"),
    ],
)
def test_a_forged_flow_token_signature_is_refused(signature: str) -> None:
    assert not flow_crypto.is_flow_token_signed(["app-secret"], "tok-1", signature)


_CDN_FILE = base64.b64decode("gZxnRh2rJMBLWmoj8aMd3uw63AUjHWb2+rs=")
_METADATA = MediaMetadata(
    encrypted_hash="UjlJ+3Df+Ao0DbyMxritTgI/5vPURyOGCmsAWjyGtoM=",
    iv=base64.b64encode(bytes(range(64, 80))).decode(),
    encryption_key=base64.b64encode(bytes(range(32))).decode(),
    hmac_key=base64.b64encode(bytes(range(32, 64))).decode(),
    plaintext_hash="xPbQEs+ebhYUb8gWp+YW1J2div3avKrx9LSI775N6dw=",
)


def test_a_media_file_opens_as_the_known_answer_says() -> None:
    assert flow_crypto.open_media(_CDN_FILE, _METADATA) == b"hello flows"


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 100_000])
def test_pywa_reads_a_media_file_of_ours(size: int) -> None:
    content = bytes(index % 251 for index in range(size))

    cdn_file, metadata = flow_crypto.seal_media(content)
    as_sent = {name: getattr(metadata, name) for name in metadata.__struct_fields__}

    assert pywa.utils._flow_request_media_decryptor(cdn_file, as_sent) == content
    assert flow_crypto.open_media(cdn_file, metadata) == content


def _metadata(cdn_file: bytes = _CDN_FILE, **changes: bytes) -> MediaMetadata:
    values = {name: getattr(_METADATA, name) for name in _METADATA.__struct_fields__}
    values["encrypted_hash"] = base64.b64encode(hashlib.sha256(cdn_file).digest()).decode()
    return MediaMetadata(
        **values | {name: base64.b64encode(value).decode() for name, value in changes.items()}
    )


def _with_mac(encrypted: bytes) -> bytes:
    mac = hmac.new(bytes(range(32, 64)), bytes(range(64, 80)) + encrypted, "sha256").digest()
    return encrypted + mac[:10]


@pytest.mark.parametrize(
    ("cdn_file", "metadata", "sentence"),
    [
        (_CDN_FILE + b"x", _METADATA, "not the one that was uploaded"),
        (b"", _METADATA, "not the one that was uploaded"),
        (b"", _metadata(b""), "authentication code"),
        (_CDN_FILE, _metadata(hmac_key=bytes(32)), "authentication code"),
        (_CDN_FILE, _metadata(iv=bytes(16)), "authentication code"),
        (_CDN_FILE, _metadata(encryption_key=bytes(32)), "cannot be decrypted"),
        (_CDN_FILE, _metadata(encryption_key=bytes(5)), "cannot be decrypted"),
        (_with_mac(b""), _metadata(_with_mac(b"")), "cannot be decrypted"),
        (_with_mac(b"x" * 17), _metadata(_with_mac(b"x" * 17)), "cannot be decrypted"),
        (_CDN_FILE, _metadata(plaintext_hash=bytes(32)), "decrypted file is not"),
        (_CDN_FILE, MediaMetadata("é", "", "", "", ""), "not Base64"),
    ],
)
def test_a_media_file_that_was_changed_is_refused(
    cdn_file: bytes, metadata: MediaMetadata, sentence: str
) -> None:
    with pytest.raises(MediaRefused, match=sentence):
        flow_crypto.open_media(cdn_file, metadata)
