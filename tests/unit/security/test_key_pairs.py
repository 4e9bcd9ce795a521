"""Key pairs: every form people paste, and what is said of what is no key."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.security import key_pairs
from waflows.security.key_pairs import UnusableKey

_KEY = rsa.generate_private_key(65537, 2048)
_PASSPHRASE = "correct horse"


def _private(form: serialization.PrivateFormat, passphrase: str | None = None) -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return _KEY.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


_PKCS1 = _private(serialization.PrivateFormat.TraditionalOpenSSL)
_PKCS8 = _private(serialization.PrivateFormat.PKCS8)
_PKCS8_ENCRYPTED = _private(serialization.PrivateFormat.PKCS8, _PASSPHRASE)
_PKCS1_ENCRYPTED = _private(serialization.PrivateFormat.TraditionalOpenSSL, _PASSPHRASE)
_PUBLIC = key_pairs.public_pem(_KEY.public_key())
_PUBLIC_PKCS1 = (
    _KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    .decode()
)

_SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda pem: pem,
    "with CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "with CR": lambda pem: pem.replace("\n", "\r"),
    "with a literal backslash-n": lambda pem: pem.replace("\n", "\\n"),
    "with a literal backslash-n, escaped twice": lambda pem: pem.replace("\n", "\\\\n"),
    "with a literal backslash-r-backslash-n": lambda pem: pem.replace("\n", "\\r\\n"),
    "as a JSON string": json.dumps,
    "in single quotes": lambda pem: f"'{pem}'",
    "in double quotes with literal breaks": lambda pem: '"' + pem.replace("\n", "\\n") + '"',
    "as a line of an environment file": lambda pem: 'PRIVATE_KEY="' + pem + '"',
    "on one line, blanks for breaks": lambda pem: pem.replace("\n", " "),
    "on one line, breaks lost": lambda pem: pem.replace("\n", ""),
    "without any white space": lambda pem: re.sub(r"\s", "", pem),
    "indented as in YAML": lambda pem: textwrap.indent(pem, "    "),
    "with blank lines": lambda pem: pem.replace("\n", "\n\n"),
    "with another line length": lambda pem: textwrap.fill(pem, 48, break_on_hyphens=False),
    "with a byte order mark": lambda pem: "\ufeff" + pem,
    "with no-break spaces": lambda pem: pem.replace("\n", "\u00a0\n"),
    "with the dashes of a word processor": lambda pem: pem.replace("-----", "\u2014\u2014-"),
    "in Base64 once more": lambda pem: base64.b64encode(pem.encode()).decode(),
    "with a remark before and after": lambda pem: f"Here it is:\n{pem}\nKeep it safe.",
    "after the public key": lambda pem: _PUBLIC + pem,
}


@pytest.mark.parametrize("spell", _SPELLINGS.values(), ids=_SPELLINGS.keys())
@pytest.mark.parametrize(
    ("pem", "passphrase"),
    [
        (_PKCS1, None),
        (_PKCS8, None),
        (_PKCS1_ENCRYPTED, _PASSPHRASE),
        (_PKCS8_ENCRYPTED, _PASSPHRASE),
    ],
    ids=["PKCS#1", "PKCS#8", "PKCS#1 encrypted", "PKCS#8 encrypted"],
)
def test_a_private_key_is_read_however_it_was_pasted(
    pem: str, passphrase: str | None, spell: Callable[[str], str]
) -> None:
    read = key_pairs.read_private_key(spell(pem), passphrase)

    assert read.private_numbers() == _KEY.private_numbers()


@pytest.mark.parametrize("pem", [_PUBLIC, _PUBLIC_PKCS1], ids=["SubjectPublicKeyInfo", "PKCS#1"])
@pytest.mark.parametrize("spell", _SPELLINGS.values(), ids=_SPELLINGS.keys())
def test_a_public_key_is_read_however_it_was_pasted(pem: str, spell: Callable[[str], str]) -> None:
    read = key_pairs.read_public_key(spell(pem))

    assert read.public_numbers() == _KEY.public_key().public_numbers()


def test_a_key_without_its_begin_and_end_lines_is_read() -> None:
    def bare(pem: str) -> str:
        return "".join(line for line in pem.splitlines() if not line.startswith("-----"))

    assert key_pairs.read_private_key(bare(_PKCS8)).key_size == 2048
    assert key_pairs.read_private_key(bare(_PKCS1)).key_size == 2048
    assert key_pairs.read_public_key(bare(_PUBLIC)).key_size == 2048
    encrypted = key_pairs.read_private_key(bare(_PKCS8_ENCRYPTED), _PASSPHRASE)
    assert encrypted.private_numbers() == _KEY.private_numbers()


def test_the_content_of_a_file_is_read_as_bytes() -> None:
    assert key_pairs.read_private_key(b"\xef\xbb\xbf" + _PKCS8.encode()).key_size == 2048


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
@pytest.mark.parametrize(
    "options", [["-des3", "-traditional"], ["-aes128", "-traditional"], ["-des3"], ["-aes256"]]
)
@pytest.mark.parametrize("name", ["as it is", "on one line, breaks lost"])
def test_a_key_that_openssl_encrypted_opens_with_its_passphrase(
    options: list[str], name: str, tmp_path: Path
) -> None:
    path = tmp_path / "private.pem"
    genrsa = ["openssl", "genrsa", *options, "-passout", f"pass:{_PASSPHRASE}"]
    subprocess.run([*genrsa, "-out", str(path), "2048"], check=True, capture_output=True)
    pem = _SPELLINGS[name](path.read_text())

    assert key_pairs.read_private_key(pem, _PASSPHRASE).key_size == 2048
    with pytest.raises(UnusableKey, match="passphrase is wrong"):
        key_pairs.read_private_key(pem, "another")
    with pytest.raises(UnusableKey, match="give its passphrase"):
        key_pairs.read_private_key(pem)


def test_a_passphrase_for_a_key_without_one_is_not_used() -> None:
    assert key_pairs.read_private_key(_PKCS8, _PASSPHRASE).key_size == 2048


def _pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: str) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    ).decode()


_EC_KEY = ec.generate_private_key(ec.SECP256R1())
_EC_PUBLIC = (
    _EC_KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
_SHORT_KEY = rsa.generate_private_key(65537, 1024)
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "key is empty"),
        (' "" ', "key is empty"),
        (_PUBLIC, "This is a public key; the private key is needed here"),
        (_PUBLIC_PKCS1, "This is a public key; the private key is needed here"),
        ("ssh-rsa AAAAB3NzaC1yc2E= me@here", "public key in the form of SSH"),
        (_pem_of(_KEY, "OpenSSH"), "private key in the form of SSH"),
        (_pem_of(_EC_KEY, "TraditionalOpenSSL"), "another kind than RSA"),
        (_pem_of(_EC_KEY, "PKCS8"), "another kind than RSA"),
        (_pem_of(_SHORT_KEY, "PKCS8"), "has 1024 bits"),
        (_CERTIFICATE, "This is a certificate"),
        (_CERTIFICATE.replace("CERTIFICATE", "DH PARAMETERS"), "This is a DH PARAMETERS"),
        (_PKCS8[:900], "cut off"),
        (_PKCS8.replace("END PRIVATE", "END RSA PRIVATE"), "cut off"),
        (_PKCS8[:900] + _PKCS8[1000:], "damaged"),
        (_PKCS8.replace("MII", "M%I", 1), "damaged"),
        ("private.pem", "name of a file"),
        ("A" * 20_000, "too long"),
        (b"\x30\x82\x04\xbd\x02\x01\x00", "DER form"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_private_key_is_named_for_what_it_is(text: str | bytes, sentence: str) -> None:
    with pytest.raises(UnusableKey, match=sentence):
        key_pairs.read_private_key(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (_PKCS8, "This is a private key; only the public key is needed here"),
        (_PKCS1_ENCRYPTED, "This is a private key; only the public key is needed here"),
        (_pem_of(_EC_KEY, "TraditionalOpenSSL"), "This is a private key"),
        (_EC_PUBLIC, "another kind than RSA"),
        (key_pairs.public_pem(_SHORT_KEY.public_key()), "has 1024 bits"),
        (_CERTIFICATE, "openssl x509"),
        (_PUBLIC[:200], "cut off"),
        (_PUBLIC[:200] + _PUBLIC[220:], "damaged"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_public_key_is_named_for_what_it_is(text: str, sentence: str) -> None:
    with pytest.raises(UnusableKey, match=sentence):
        key_pairs.read_public_key(text)


@given(st.text(max_size=200), st.integers(0, 1600), st.integers(0, 40))
@settings(deadline=None, max_examples=50)
def test_a_message_never_repeats_the_key(noise: str, at: int, cut: int) -> None:
    pem = _PKCS8[:at] + noise + _PKCS8[at + cut :]

    message = _refusal(pem)

    assert not any(line[:12] in message for line in _PKCS8.splitlines()[1:-1])


def _refusal(pem: str) -> str:
    try:
        key_pairs.read_private_key(pem)
    except UnusableKey as error:
        return error.message
    return ""


def test_what_is_generated_is_read_back_with_and_without_a_passphrase() -> None:
    made = key_pairs.generate()

    plain = key_pairs.private_pem(made)
    encrypted = key_pairs.private_pem(made, _PASSPHRASE)

    assert plain.startswith("-----BEGIN PRIVATE KEY-----")
    assert encrypted.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    for read in (
        key_pairs.read_private_key(plain),
        key_pairs.read_private_key(encrypted, _PASSPHRASE),
    ):
        assert read.private_numbers() == made.private_numbers()


def test_the_fingerprint_is_the_sha256_of_the_der() -> None:
    der = base64.b64decode("".join(_PUBLIC.splitlines()[1:-1]))

    assert key_pairs.fingerprint(_KEY.public_key()) == hashlib.sha256(der).hexdigest()
