"""The example endpoints in other languages, run as their readers would, pass doctor completely."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from harness.endpoints import run

from waflows import lint
from waflows.security import flow_crypto, key_pairs
from waflows.upstream.answers import Completed, Failed, NextScreen
from waflows.upstream.calls import HttpAnswer
from waflows.upstream.doctor import Report, Trial, examine
from waflows.upstream.egress import Egress
from waflows.upstream.endpoint import DataEndpoint

_EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "endpoints"
_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"
_READY_SECONDS = 120.0


class Language(NamedTuple):
    """How the endpoint in a language is started, and where to get what starts it."""

    command: tuple[str, ...]
    advice: str


_LANGUAGES = {
    "node": Language(("node", "node/endpoint.mjs"), "apt-get install nodejs"),
    "java": Language(("java", "java/Main.java"), "apt-get install openjdk-17-jdk-headless"),
    "go": Language(("go", "run", "go/main.go"), "apt-get install golang-go"),
    "php": Language(
        ("php", "-S", "127.0.0.1:{port}", "php/endpoint.php"), "apt-get install php-cli"
    ),
    "csharp": Language(("dotnet", "run", "--project", "csharp"), "the .NET 8 SDK"),
}


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def _command(language: str, port: int) -> list[str]:
    program, *arguments = _LANGUAGES[language].command
    found = _program(program)
    if found is None:
        missing = f"no {program} here: {_LANGUAGES[language].advice}"
        if language == "node" and os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return [found, *(argument.format(port=port) for argument in arguments)]


@pytest.fixture(scope="module", params=_LANGUAGES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the endpoint in one language answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = _command(request.param, port)
    folder = tmp_path_factory.mktemp(request.param)
    file, log = folder / "private.pem", folder / "log"
    file.write_text(key_pairs.private_pem(_KEY), "ascii")
    variables = {"APP_SECRET": _SECRET, "PRIVATE_KEY_FILE": str(file), "PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=_EXAMPLES,
            env=os.environ | variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        # `go run` and `dotnet run` start the endpoint as a process of their own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"not ready in time: {log.read_text('utf-8', 'replace')}")


async def _read_key() -> RSAPublicKey | None:
    return _KEY.public_key()


def _examine(url: str, day: str) -> Report:
    async def examined() -> Report:
        async with Egress(allow_loopback=True) as egress:
            endpoint = DataEndpoint(egress, url, _read_key, _SECRET)
            trial = Trial("token-é-1", ("PICK_DAY",), "data_exchange", "PICK_DAY", {"day": day})
            return await examine(endpoint, trial)

    return run(examined())


def _deliver(url: str, body: bytes, secret: str = _SECRET) -> int:
    async def delivered() -> HttpAnswer | Failed:
        async with Egress(allow_loopback=True) as egress:
            endpoint = DataEndpoint(egress, url, _read_key, _SECRET)
            return await endpoint.deliver(body, app_secret=secret)

    sent = run(delivered())
    assert isinstance(sent, HttpAnswer), sent
    return sent.status


def test_every_call_of_doctor_passes(url: str) -> None:
    report = _examine(url, "mon")

    assert {check.call for check in report.checks} == {
        "ping", "INIT", "data_exchange", "error", "undecryptable", "forged",
    }  # fmt: skip
    not_passed = [check for check in report.checks if check.state != "passed"]
    assert [check.step for check in not_passed] == ["tls"], not_passed
    completed = report.exchanges[2].outcome
    assert completed == Completed({"flow_token": "token-é-1", "day": "mon"})


def test_a_day_that_is_not_there_leads_back_to_the_screen_with_a_message(url: str) -> None:
    outcome = _examine(url, 'x"\\\u2028').exchanges[2].outcome

    assert isinstance(outcome, NextScreen)
    assert (outcome.screen, outcome.error_message) == (
        "PICK_DAY",
        "Please choose one of these days.",
    )


def test_what_cannot_be_decrypted_is_answered_421(url: str) -> None:
    body, _ = flow_crypto.seal_request(_KEY.public_key(), b'{"action":"ping"}')
    envelope = json.loads(body)
    for name, text in envelope.items():
        changed = envelope | {name: ("B" if text[0] == "A" else "A") + text[1:]}
        assert _deliver(url, json.dumps(changed).encode()) == 421, name
        assert _deliver(url, json.dumps(envelope | {name: ""}).encode()) == 421, name
    assert _deliver(url, b"no JSON at all") == 421
    assert _deliver(url, b"{}") == 421


def test_a_wrong_signature_is_answered_432_whatever_the_body_is(url: str) -> None:
    body, _ = flow_crypto.seal_request(_KEY.public_key(), b'{"action":"ping"}')

    assert _deliver(url, body, secret="another-secret") == 432
    assert _deliver(url, b"{}", secret="another-secret") == 432


def test_an_action_without_an_answer_is_a_500(url: str) -> None:
    body, _ = flow_crypto.seal_request(
        _KEY.public_key(), b'{"action":"data_exchange","screen":"NOWHERE","flow_token":"t"}'
    )

    assert _deliver(url, body) == 500


def test_the_flow_of_the_endpoints_has_no_fault() -> None:
    assert lint((_EXAMPLES / "flow.json").read_text("utf-8")).diagnostics == []


def test_the_cipher_of_the_csharp_endpoint_agrees_with_openssl(tmp_path: Path) -> None:
    compiler, runner = _program("mcs"), _program("mono")
    if compiler is None or runner is None:
        pytest.skip("no mono here: apt-get install mono-mcs mono-runtime")
    program, check = tmp_path / "check.exe", Path(__file__).with_name("gcm_check.cs")
    sources = [str(_EXAMPLES / "csharp" / "Gcm.cs"), str(check)]
    subprocess.run([compiler, f"-out:{program}", *sources], check=True)
    given, wanted = [], []
    for length in (1, 15, 16, 17, 100, 4096):
        for iv_bytes in (12, 16, 20):
            key, iv, text = os.urandom(16), os.urandom(iv_bytes), os.urandom(length)
            given += [key.hex(), iv.hex(), text.hex()]
            wanted.append(f"{AESGCM(key).encrypt(iv, text, None).hex()} True")
    command = [runner, str(program), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == wanted
