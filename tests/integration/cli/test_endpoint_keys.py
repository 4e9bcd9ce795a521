"""`waflows endpoint-key` and `waflows doctor`, against a running server and real endpoints."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from harness.endpoints import serving
from harness.faulty_endpoint import FaultyEndpoint
from harness.flow_json import VALID
from harness.servers import Tenant, dev_server, run
from harness.terminal import on_terminal

from waflows.security import key_pairs

_KEY = rsa.generate_private_key(65537, 2048)
_FINGERPRINT = key_pairs.fingerprint(_KEY.public_key())
_SECRET = "app-secret"
_ENDPOINT_FLOW = json.dumps(
    {
        "version": "7.3",
        "data_api_version": "4.0",
        "routing_model": {"FIRST": []},
        "screens": [
            {
                "id": "FIRST",
                "title": "First",
                "terminal": True,
                "data": {},
                "layout": {
                    "type": "SingleColumnLayout",
                    "children": [
                        {
                            "type": "Footer",
                            "label": "Send",
                            "on-click-action": {"name": "data_exchange", "payload": {}},
                        }
                    ],
                },
            }
        ],
    }
)


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any, Path]]:
    """A development server, what it printed, and its folder."""
    folder = tmp_path_factory.mktemp("keys")
    with dev_server(folder) as (process, facts):
        yield process, facts, folder


@pytest.fixture
def tenant(development: tuple[Any, Any, Path]) -> Iterator[Tenant]:
    """A tenant of it."""
    process, _, folder = development
    made = Tenant(process, f"sqlite:///{folder / 'waflows.db'}")
    yield made
    made.http.close()


@pytest.fixture
def faulty() -> Iterator[tuple[str, FaultyEndpoint]]:
    """An endpoint that makes the mistake its path names."""
    made = FaultyEndpoint(_KEY, _SECRET)
    with serving(made.app) as url:
        yield url, made


def _keys(tenant: Tenant, *arguments: str, **more: Any) -> Any:
    return run("endpoint-key", *arguments, env=tenant.variables, **more)


def _answered(tenant: Tenant, *arguments: str, **more: Any) -> Any:
    done = _keys(tenant, *arguments, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_pair_is_made_here_and_only_its_public_half_is_sent(
    tenant: Tenant, tmp_path: Path
) -> None:
    file = tmp_path / "private.pem"
    made = _answered(tenant, "generate", "--private-key", str(file))

    private = key_pairs.read_private_key(file.read_text("ascii"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made["key"]["fingerprint"] == key_pairs.fingerprint(private.public_key())
    assert (made["key"]["form"], made["key"]["holdsPrivateKey"]) == ("public key", False)
    assert len(made["appSecret"]) == 32
    assert "PRIVATE" not in json.dumps(made)
    again = _keys(tenant, "generate", "--private-key", str(tmp_path / "second.pem"))
    assert again.returncode == 1
    assert "has an endpoint key already" in again.stderr
    assert not (tmp_path / "second.pem").exists(), "the channel does not have its other half"


def test_a_private_key_is_encrypted_with_a_passphrase_and_never_written_over(
    tenant: Tenant, tmp_path: Path
) -> None:
    file, passphrase = tmp_path / "private.pem", tmp_path / "passphrase"
    passphrase.write_text("correct horse\n", "utf-8")
    where = ("--private-key", str(file), "--passphrase-file", str(passphrase))
    _answered(tenant, "generate", *where)
    first = file.read_text("ascii")

    assert "BEGIN ENCRYPTED PRIVATE KEY" in first
    key_pairs.read_private_key(first, "correct horse")
    refused = _keys(tenant, "rotate", "--yes", *where)
    assert refused.returncode == 2
    assert "already exists" in refused.stderr
    assert file.read_text("ascii") == first


def test_a_key_is_rotated_on_purpose(tenant: Tenant, tmp_path: Path) -> None:
    _answered(tenant, "generate", "--private-key", str(tmp_path / "1.pem"))
    rotate = ("rotate", "--private-key", str(tmp_path / "2.pem"))
    assert "pass --yes" in _keys(tenant, *rotate).stderr
    second = _answered(tenant, *rotate, "--yes")

    shown = _answered(tenant, "show")
    assert shown["key"]["fingerprint"] == second["key"]["fingerprint"]
    assert len(shown["earlier"]) == 1


def test_either_half_is_uploaded_and_of_a_private_key_only_the_public_half(
    tenant: Tenant, tmp_path: Path
) -> None:
    encrypted = key_pairs.private_pem(_KEY, "correct horse")
    file, passphrase = tmp_path / "key.pem", tmp_path / "passphrase"
    passphrase.write_text("correct horse", "utf-8")
    file.write_text(encrypted, "ascii")
    opened = ("--passphrase-file", str(passphrase), "--replace")

    assert "give its passphrase too" in _keys(tenant, "upload", str(file)).stderr
    sent = _answered(tenant, "upload", str(file), *opened)
    assert (sent["key"]["fingerprint"], sent["key"]["holdsPrivateKey"]) == (_FINGERPRINT, False)
    kept = _answered(tenant, "upload", str(file), *opened, "--keep-private")
    assert kept["key"]["holdsPrivateKey"] is True
    public = key_pairs.public_pem(_KEY.public_key()).replace("\n", "\\n")
    piped = _answered(tenant, "upload", "-", "--replace", input=f'"{public}"')
    assert piped["key"]["fingerprint"] == _FINGERPRINT


def test_a_key_kept_at_the_server_is_taken_out_by_its_operator_alone(
    tenant: Tenant, development: tuple[Any, Any, Path], tmp_path: Path
) -> None:
    made = tenant.http.post(tenant.flows.removesuffix("flows") + "endpointKey", json={}).json()
    where = ("--account", tenant.account_id, "--data", str(development[2]))
    file = tmp_path / "private.pem"
    done = run("endpoint-key", "export-private", str(file), tenant.channel_id, *where)

    assert done.returncode == 0, done.stderr
    assert "PRIVATE" not in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    private = key_pairs.read_private_key(file.read_text("ascii"))
    assert key_pairs.fingerprint(private.public_key()) == made["key"]["fingerprint"]
    _answered(tenant, "upload", "-", "--replace", input=key_pairs.public_pem(_KEY.public_key()))
    gone = run("endpoint-key", "export-private", str(tmp_path / "2.pem"), tenant.channel_id, *where)
    assert gone.returncode == 1
    assert "only its public half was given" in gone.stderr


def test_the_public_key_is_written_as_pem(tenant: Tenant, tmp_path: Path) -> None:
    assert "has no endpoint key" in _keys(tenant, "export-public").stderr
    pem = key_pairs.public_pem(_KEY.public_key())
    _answered(tenant, "upload", "-", input=pem)

    assert _keys(tenant, "export-public").stdout == pem
    assert _keys(tenant, "export-public", str(tmp_path / "public.pem")).returncode == 0
    assert (tmp_path / "public.pem").read_text("ascii") == pem


def test_an_app_secret_is_made_and_shown_once_or_set_and_not_shown(
    tenant: Tenant, tmp_path: Path
) -> None:
    assert _answered(tenant, "app-secret") == {"appSecretSetAt": None}
    made = _answered(tenant, "app-secret", "--new")["appSecret"]
    assert made not in json.dumps(_answered(tenant, "app-secret"))
    (tmp_path / "secret").write_text("a-secret-of-my-own\n", "utf-8")
    done = _keys(tenant, "app-secret", "--from-file", str(tmp_path / "secret"))

    assert done.returncode == 0, done.stderr
    assert "a-secret-of-my-own" not in done.stdout + done.stderr


def test_a_removed_key_is_gone(tenant: Tenant) -> None:
    _answered(tenant, "upload", "-", input=key_pairs.public_pem(_KEY.public_key()))
    assert _keys(tenant, "remove", "--yes").returncode == 0
    assert "key" not in _answered(tenant, "show")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("private.pem", "give what is in the file"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA", "cut off"),
        ("", "empty"),
    ],
)
def test_what_is_no_key_is_refused_with_a_sentence(tenant: Tenant, text: str, words: str) -> None:
    refused = _keys(tenant, "upload", "-", input=text)

    assert refused.returncode == 1
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def _doctor(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, Any]:
    done = run("doctor", *arguments, env=env)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_doctor_examines_a_flow_with_the_keys_of_its_channel(
    tenant: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, _ = faulty
    pem = key_pairs.public_pem(_KEY.public_key())
    _answered(tenant, "upload", "-", input=pem)
    tenant.http.post(
        tenant.flows.removesuffix("flows") + "endpointKey/appSecret", json={"appSecret": _SECRET}
    )
    well, unwell = uuid.uuid4().hex, uuid.uuid4().hex
    tenant.create(well, flowJson=_ENDPOINT_FLOW, endPointUri=url)
    unwell_id = tenant.create(unwell, flowJson=_ENDPOINT_FLOW, endPointUri=f"{url}/quoted")

    status, found = _doctor(well, env=tenant.variables)
    assert (status, found["healthy"]) == (0, True)
    status, found = _doctor(unwell_id, env=tenant.variables)
    assert (status, found["failingStep"]) == (1, "base64")
    assert next(check["cure"] for check in found["checks"] if check["state"] == "failed")


def test_doctor_says_of_a_flow_without_endpoint_that_there_is_none(tenant: Tenant) -> None:
    plain = tenant.create("Plain", flowJson=VALID)
    refused = run("doctor", plain, env=tenant.variables)

    assert refused.returncode == 1
    assert "no data_api_version" in refused.stderr


@pytest.mark.parametrize(
    ("path", "step"),
    [("", None), ("/unflipped", "aes"), ("/status/404", "http"), ("/wrong-status", "shape")],
)
def test_doctor_examines_a_url_from_here(
    faulty: tuple[str, FaultyEndpoint], tmp_path: Path, path: str, step: str | None
) -> None:
    key, secret = tmp_path / "public.pem", tmp_path / "secret"
    key.write_text(key_pairs.public_pem(_KEY.public_key()), "ascii")
    secret.write_text(f"{_SECRET}\n", "utf-8")
    status, found = _doctor(
        faulty[0] + path, "--public-key", str(key), "--app-secret-file", str(secret)
    )

    assert (status, found.get("failingStep")) == (0 if step is None else 1, step)
    assert found["fingerprint"] == _FINGERPRINT


def test_doctor_tells_a_missing_or_wrong_secret_and_a_wrong_key_apart(
    faulty: tuple[str, FaultyEndpoint], tmp_path: Path
) -> None:
    key, secret = tmp_path / "public.pem", tmp_path / "secret"
    key.write_text(key_pairs.public_pem(_KEY.public_key()), "ascii")
    assert _doctor(faulty[0], "--public-key", str(key))[1]["failingStep"] == "signature"
    secret.write_text(_SECRET, "utf-8")
    other = rsa.generate_private_key(65537, 2048).public_key()
    key.write_text(key_pairs.public_pem(other), "ascii")
    _, found = _doctor(faulty[0], "--public-key", str(key), "--app-secret-file", str(secret))
    assert found["failingStep"] == "rsa"


def test_the_name_the_command_had_before_still_works_and_names_the_new_one(
    tenant: Tenant,
) -> None:
    done = run("keys", "show", env=tenant.variables)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).get("key") is None
    assert "`waflows keys` is now `waflows endpoint-key`" in done.stderr
    assert "\n  keys " not in run("--help").stdout


def test_a_key_is_written_as_pkcs1_where_a_library_needs_it(tenant: Tenant, tmp_path: Path) -> None:
    plain, sealed, passphrase = tmp_path / "1.pem", tmp_path / "2.pem", tmp_path / "passphrase"
    passphrase.write_text("correct horse", "utf-8")
    _answered(tenant, "generate", "--private-key", str(plain), "--pkcs1")
    _answered(tenant, "rotate", "--yes", "--private-key", str(sealed), "--pkcs1",
              "--passphrase-file", str(passphrase))  # fmt: skip

    assert plain.read_text("ascii").startswith("-----BEGIN RSA PRIVATE KEY-----")
    key_pairs.read_private_key(plain.read_text("ascii"))
    assert "Proc-Type: 4,ENCRYPTED" in sealed.read_text("ascii")
    key_pairs.read_private_key(sealed.read_text("ascii"), "correct horse")


def _vector(*arguments: str, **more: Any) -> Any:
    done = run("endpoint-key", "vector", "--json", *arguments, **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_vector_is_what_an_independent_endpoint_reads_and_answers() -> None:
    asked = '{"version":"3.0","action":"INIT","data":{}}'
    replied = '{"screen":"FIRST","data":{"name":"Zoë"}}'
    vector = _vector("--request", asked, "--answer", replied, "--pkcs1")
    private = key_pairs.read_private_key(vector["privateKey"])

    envelope = {name: base64.b64decode(text) for name, text in json.loads(vector["body"]).items()}
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    aes_key = private.decrypt(envelope["encrypted_aes_key"], oaep)
    iv = envelope["initial_vector"]
    assert (aes_key.hex(), iv.hex()) == (vector["aesKey"], vector["iv"])
    opened = AESGCM(aes_key).decrypt(iv, envelope["encrypted_flow_data"], None).decode()
    assert opened == vector["request"] == asked
    flipped = bytes(byte ^ 0xFF for byte in iv)
    sealed = AESGCM(aes_key).encrypt(flipped, replied.encode(), None)
    assert base64.b64encode(sealed).decode() == vector["answerBody"]
    assert (flipped.hex(), sealed[-16:].hex()) == (vector["answerIv"], vector["answerTag"])
    mac = hmac.new(vector["appSecret"].encode(), vector["body"].encode(), hashlib.sha256)
    assert vector["signature"] == f"sha256={mac.hexdigest()}"
    assert vector["privateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_a_vector_for_a_key_of_ones_own_does_not_print_it(tmp_path: Path) -> None:
    private, secret = tmp_path / "private.pem", tmp_path / "secret"
    private.write_text(key_pairs.private_pem(_KEY), "ascii")
    secret.write_text(_SECRET, "utf-8")
    vector = _vector("--private-key", str(private), "--app-secret-file", str(secret))

    assert vector["publicKey"] == key_pairs.public_pem(_KEY.public_key())
    assert not {"privateKey", "appSecret"} & vector.keys()
    assert _SECRET not in json.dumps(vector)
    refused = run("endpoint-key", "vector", "--answer", "[1]")
    assert refused.returncode == 2
    assert "--answer is not a JSON object" in refused.stderr


def test_doctor_draws_every_call_and_the_code_of_a_cure(
    faulty: tuple[str, FaultyEndpoint], tmp_path: Path
) -> None:
    key, secret = tmp_path / "public.pem", tmp_path / "secret"
    key.write_text(key_pairs.public_pem(_KEY.public_key()), "ascii")
    secret.write_text(_SECRET, "utf-8")
    options = ["--public-key", str(key), "--app-secret-file", str(secret)]
    status, _, well = on_terminal("doctor", faulty[0], *options, columns=200)
    failed, _, wrong = on_terminal(
        "doctor", f"{faulty[0]}/decrypts/mgf1-sha1", *options, columns=200
    )

    assert (status, failed) == (0, 1)
    for heading in ("ping", "INIT", "error notification", "a request with a wrong signature"):
        assert heading in well
    assert "SHA-1 for MGF1" in wrong
    assert "new OAEPParameterSpec" in wrong
    assert "rsa.DecryptOAEP(sha256.New()" in wrong


def test_doctor_sends_a_screen_and_leaves_init_out_as_it_is_asked_to(
    faulty: tuple[str, FaultyEndpoint], tmp_path: Path
) -> None:
    url, endpoint = faulty
    key, secret = tmp_path / "public.pem", tmp_path / "secret"
    key.write_text(key_pairs.public_pem(_KEY.public_key()), "ascii")
    secret.write_text(_SECRET, "utf-8")
    options = ["--public-key", str(key), "--app-secret-file", str(secret)]
    status, _ = _doctor(
        f"{url}/no-init", *options, "--opened-by", "navigate", "--screen", "FIRST",
        "--payload", '{"day": "mon"}',
    )  # fmt: skip

    assert status == 0
    sent = [(one["action"], one.get("data")) for one in endpoint.requests]
    assert ("data_exchange", {"day": "mon"}) in sent
    assert "INIT" not in [action for action, _ in sent]
    refused = run("doctor", url, *options, "--payload", "{}")
    assert (refused.returncode, "--screen" in refused.stderr) == (2, True)
    refused = run("doctor", url, *options, "--screen", "FIRST", "--payload", "[")
    assert (refused.returncode, "not JSON" in refused.stderr) == (2, True)


def test_doctor_needs_a_public_key_for_a_url(tmp_path: Path) -> None:
    refused = run("doctor", "http://127.0.0.1:1/")

    assert refused.returncode == 2
    assert "--public-key FILE" in refused.stderr
    missing = run("doctor", "http://127.0.0.1:1/", "--public-key", str(tmp_path / "none.pem"))
    assert "Cannot read" in missing.stderr
