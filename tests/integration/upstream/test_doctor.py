"""The examination of an endpoint names the very step that fails, and its cure."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from harness.endpoints import run, self_signed, serving
from harness.faulty_endpoint import DECRYPTS, MISTAKES, FaultyEndpoint
from harness.scripted import CUT, SILENT, answer, scripted, unused_url

from waflows.security import key_pairs
from waflows.upstream import cures
from waflows.upstream.answers import Step
from waflows.upstream.doctor import Check, Report, Trial, examine
from waflows.upstream.egress import Egress
from waflows.upstream.endpoint import DataEndpoint

_KEY = rsa.generate_private_key(65537, 2048)
_PUBLIC_KEY = _KEY.public_key()
_SECRET = "app-secret"


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[str, FaultyEndpoint]]:
    """An endpoint that makes the mistake its path names."""
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    with serving(endpoint.app) as url:
        yield url, endpoint


def _examine(
    url: str,
    *,
    key: RSAPublicKey | None = _PUBLIC_KEY,
    secret: str = _SECRET,
    entry_screens: tuple[str, ...] = (),
    allow_loopback: bool = True,
    trial: dict[str, Any] | None = None,
    **options: Any,
) -> Report:
    async def read_key() -> RSAPublicKey | None:
        return key

    async def examined() -> Report:
        async with Egress(allow_loopback=allow_loopback) as egress:
            endpoint = DataEndpoint(egress, url, read_key, secret, **options)
            asked = Trial("doctor-token", entry_screens, **(trial or {}))
            return await examine(endpoint, asked)

    return run(examined())


def _failing(report: Report) -> Check:
    assert report.failing is not None, report.checks
    return report.failing


def _last_of(report: Report, call: str) -> Check:
    return next(check for check in reversed(report.checks) if check.call == call)


def test_an_endpoint_that_works_passes_every_step_of_both_calls(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    report = _examine(faulty[0], entry_screens=("FIRST", "OTHER"))

    assert report.failing is None
    assert [(check.call, check.step) for check in report.checks] == [
        *(("ping", step) for step in Step),
        *(("INIT", step) for step in list(Step)[list(Step).index(Step.HTTP) :]),
        ("error", Step.SHAPE),
        ("undecryptable", Step.RSA),
        ("forged", Step.SIGNATURE),
    ]
    skipped = [check for check in report.checks if check.state != "passed"]
    assert [(check.step, check.message) for check in skipped] == [
        (Step.TLS, "not used on this machine itself")
    ]
    assert _last_of(report, "INIT").message == "screen FIRST"
    actions = [exchange.request["action"] for exchange in report.exchanges]
    assert actions == ["ping", "INIT", "data_exchange"], "the last is an error notification"


@pytest.mark.parametrize(
    ("mistake", "step", "sentence"),
    [
        ("unflipped", Step.AES, "flip every bit"),
        ("tag-first", Step.AES, "must stand behind"),
        ("tagless", Step.AES, "append its 16 bytes"),
        ("other-key", Step.AES, "another AES key than that of the request"),
        ("hex", Step.BASE64, "written in hex"),
        ("hex-in-base64", Step.BASE64, "encoded twice"),
        ("twice", Step.BASE64, "encoded twice"),
        ("in-lines", Step.BASE64, "broken into lines"),
        ("buffer", Step.BASE64, "number by number"),
        ("iv-12", Step.AES, "with 12 bytes of the IV"),
        (
            "iv-12-unflipped",
            Step.AES,
            "all 16 bytes, each bit flipped. The answer",
        ),
        ("reversed", Step.AES, "in reverse order"),
        ("zero-iv", Step.AES, "IV of zeros"),
        ("own-iv", Step.AES, "IV of its own"),
        ("cbc", Step.AES, "CBC mode"),
        ("ctr", Step.AES, "CTR mode"),
        ("quoted-and-unflipped", Step.BASE64, "with the request's IV"),
        ("double-json", Step.JSON, "encoded twice"),
        ("webhook", Step.BASE64, 'The answer begins "EVENT_RECEIVED"'),
        ("created", Step.HTTP, "only the status is wrong"),
        ("raw", Step.BASE64, "sent as they are"),
        ("url-safe", Step.BASE64, "another kind of Base64"),
        ("unpadded", Step.BASE64, "another kind of Base64"),
        ("quoted", Step.BASE64, "without quotes"),
        ("wrapped", Step.BASE64, "wrapped in JSON"),
        ("plain", Step.BASE64, "must be encrypted"),
        ("web-page", Step.BASE64, 'begins "Welcome"'),
        ("empty", Step.BASE64, "is empty"),
        ("nonsense", Step.BASE64, "is not Base64"),
        ("gzip", Step.BASE64, "compressed (gzip)"),
        ("no-json", Step.JSON, "is not JSON"),
        ("deep", Step.JSON, "is not JSON"),
        ("deep-in-the-clear", Step.BASE64, "is not Base64"),
        ("array", Step.SHAPE, "not a JSON object"),
        ("wrong-status", Step.SHAPE, '"status": "active"'),
        ("no-data", Step.SHAPE, '"status": "active"'),
        ("status/404", Step.HTTP, "404"),
        ("status/307", Step.HTTP, "redirect"),
        ("status/421", Step.RSA, "cannot decrypt"),
        ("status/432", Step.SIGNATURE, "432"),
        ("dead/clear", Step.HTTP, "427"),
    ],
)
def test_a_mistake_of_the_endpoint_is_named_with_its_cure(
    faulty: tuple[str, FaultyEndpoint], mistake: str, step: Step, sentence: str
) -> None:
    report = _examine(f"{faulty[0]}/{mistake}")

    failing = _failing(report)
    assert (failing.call, failing.step) == ("ping", step)
    assert sentence in failing.message
    assert failing.cure
    at = report.checks.index(failing)
    assert all(check.state != "failed" for check in report.checks[:at])
    assert all(check.state == "skipped" for check in report.checks[at + 1 :])


def test_no_mistake_is_left_unexamined() -> None:
    marks = test_a_mistake_of_the_endpoint_is_named_with_its_cure.pytestmark  # type: ignore[attr-defined]

    assert MISTAKES.keys() <= {case[0] for case in marks[0].args[1]}


@pytest.mark.parametrize(
    ("url", "step"),
    [
        ("", Step.URL),
        ("flows.example.org", Step.URL),
        ("http://flows.example.org/", Step.URL),
        ("https://user:hush@flows.example.org/", Step.URL),
        ("https://10.0.0.1/", Step.ADDRESS),
        ("https://nowhere.invalid/", Step.DNS),
        (unused_url(), Step.CONNECT),
    ],
    ids=itertools.count(),
)
def test_a_url_that_leads_nowhere_is_named_with_its_cure(url: str, step: Step) -> None:
    failing = _failing(_examine(url))

    assert failing.step == step
    assert failing.cure == cures.CURES[step]
    assert "hush" not in failing.message


def test_an_endpoint_on_this_machine_is_out_of_reach_for_a_production_server(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    assert _failing(_examine(faulty[0], allow_loopback=False)).step == Step.ADDRESS


def test_a_certificate_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    with serving(endpoint.app, ssl_certfile=certificate, ssl_keyfile=key) as url:
        failing = _failing(_examine(url))

    assert failing.step == Step.TLS
    assert "certificate" in failing.message


def test_an_endpoint_with_a_trusted_certificate_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    endpoint = FaultyEndpoint(_KEY, _SECRET)
    with serving(endpoint.app, ssl_certfile=certificate, ssl_keyfile=key) as url:
        report = _examine(url)

    assert {check.state for check in report.checks} == {"passed"}


def test_silence_and_a_cut_connection_are_failures_of_http() -> None:
    with scripted(SILENT) as server:
        silent = _failing(_examine(server.url, seconds=1.5))
    with scripted(CUT) as server:
        cut = _failing(_examine(server.url))

    assert (silent.step, cut.step) == (Step.HTTP, Step.HTTP)
    assert "within 1.5 s" in silent.message


def test_another_program_at_the_url_is_recognised() -> None:
    with scripted(answer(200, b"<html>Welcome</html>")) as server:
        failing = _failing(_examine(server.url))

    assert "web page" in failing.message


def test_a_wrong_key_a_missing_key_and_a_wrong_secret_are_told_apart(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()

    assert _failing(_examine(faulty[0], key=other)).step == Step.RSA
    assert _failing(_examine(faulty[0], key=None)).step == Step.KEY
    assert _failing(_examine(faulty[0], secret="another")).step == Step.SIGNATURE


def test_a_first_screen_that_is_no_entry_screen_is_named(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    failing = _failing(_examine(faulty[0], entry_screens=("START", "BEGIN")))

    assert (failing.call, failing.step) == ("INIT", Step.SHAPE)
    assert "FIRST, which is not an entry screen: BEGIN, START" in failing.message
    assert "entry screen" in failing.cure


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ({"screen": "FIRST"}, "no `data`"),
        (
            {
                "screen": "SUCCESS",
                "data": {"extension_message_response": {"params": {"flow_token": "doctor-token"}}},
            },
            "SUCCESS",
        ),
    ],
)
def test_an_endpoint_whose_ping_works_and_whose_init_does_not_fails_at_init(
    faulty: tuple[str, FaultyEndpoint], reply: Any, sentence: str
) -> None:
    url, endpoint = faulty
    endpoint.answer = reply
    try:
        failing = _failing(_examine(url))
    finally:
        endpoint.answer = {"screen": "FIRST", "data": {}}

    assert (failing.call, failing.step) == ("INIT", Step.SHAPE)
    assert sentence in failing.message


def test_an_endpoint_that_refuses_the_trial_token_is_well(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    report = _examine(f"{faulty[0]}/strict")

    assert report.failing is None
    assert "refused (427)" in _last_of(report, "INIT").message


@pytest.mark.parametrize("wrong", DECRYPTS)
def test_wrong_parameters_of_an_endpoint_that_cannot_decrypt_are_named_with_a_cure_per_language(
    faulty: tuple[str, FaultyEndpoint], wrong: str
) -> None:
    failing = _failing(_examine(f"{faulty[0]}/decrypts/{wrong}"))

    assert (failing.call, failing.step) == ("ping", Step.RSA)
    for mistake in wrong.split("+"):
        assert _PARAMETERS_IN_WORDS[mistake] in failing.message
    assert ': no request of mine".' in failing.message
    assert tuple(failing.code) == cures.LANGUAGES


_PARAMETERS_IN_WORDS = {
    "mgf1-sha1": "SHA-1 for MGF1",
    "oaep-sha1": "RSA-OAEP with SHA-1 (",
    "pkcs1": "PKCS#1 v1.5",
    "aes-256": "AES-256",
    "iv-12": "IV of 12 bytes",
    "cbc": "CBC mode",
}


@pytest.mark.parametrize("path", ["", "/crashes"])
def test_of_an_endpoint_with_another_key_the_first_line_of_its_error_is_shown(
    faulty: tuple[str, FaultyEndpoint], path: str
) -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    failing = _failing(_examine(faulty[0] + path, key=other))

    assert failing.step == Step.RSA
    assert "cannot be decrypted: another key or cipher" in failing.message
    if path:
        assert 'status 500 instead of 200. The answer begins "ValueError: Decryption failed".' in (
            failing.message
        )
        assert "line 7" not in failing.message


def test_wrong_parameters_are_tried_a_bounded_number_of_times_and_by_doctor_alone(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    url, endpoint = faulty
    other = rsa.generate_private_key(65537, 2048).public_key()

    async def read_key() -> RSAPublicKey | None:
        return other

    async def ordinary() -> None:
        async with Egress(allow_loopback=True) as egress:
            await DataEndpoint(egress, f"{url}/decrypts/cbc", read_key, _SECRET).ping()

    endpoint.attempts = 0
    run(ordinary())
    assert endpoint.attempts == 1
    _examine(f"{url}/decrypts/cbc", key=other)
    assert endpoint.attempts <= 1 + 1 + 15


def test_an_error_that_has_nothing_to_do_with_decryption_is_not_taken_for_it() -> None:
    page = answer(503, b"<html><head><title>Back soon</title></head><body>x</body></html>")
    with scripted(*[page] * 30) as server:
        failing = _failing(_examine(server.url))

    assert failing.step == Step.HTTP
    assert 'The answer begins "Back soon".' in failing.message
    with scripted(answer(404, b"No such page")) as server:
        failing = _failing(_examine(server.url))
        assert len(server.received) == 1, "an endpoint that is not there is not asked again"
    assert 'The answer begins "No such page".' in failing.message


def test_a_flow_without_an_init_handler_is_well_when_it_is_opened_by_navigate(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    url = f"{faulty[0]}/no-init"
    unknown = _examine(url)
    navigated = _examine(url, trial={"opened_by": "navigate"})
    exchanged = _failing(_examine(url, trial={"opened_by": "data_exchange"}))

    assert (unknown.failing, navigated.failing) == (None, None)
    warned = next(check for check in unknown.checks if check.state == "warned")
    assert "not needed for a flow that is opened by navigate" in warned.message
    assert "KeyError: 'INIT'" in warned.message
    assert _last_of(navigated, "INIT").state == "skipped"
    assert "INIT is not needed" in _last_of(navigated, "INIT").message
    assert (exchanged.call, exchanged.step) == ("INIT", Step.HTTP)


def test_an_init_that_is_answered_badly_is_a_fault_all_the_same(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    failing = _failing(_examine(f"{faulty[0]}/forgetful"))

    assert (failing.call, failing.step) == ("INIT", Step.AES)


def test_a_screen_is_sent_only_when_it_is_named(faulty: tuple[str, FaultyEndpoint]) -> None:
    url, endpoint = faulty
    endpoint.requests.clear()
    report = _examine(url, trial={"screen": "FIRST", "data": {"day": "mon"}})

    sent = [one for one in endpoint.requests if one.get("data") == {"day": "mon"}]
    assert [(one["action"], one["screen"]) for one in sent] == [("data_exchange", "FIRST")]
    assert _last_of(report, "data_exchange").message == "screen FIRST"


@pytest.mark.parametrize(
    ("path", "call", "sentence"),
    [
        ("crashes", "undecryptable", "answered with 500 instead of 421"),
        ("unchecked", "forged", "answered with 200 instead of 432"),
        ("deaf", "error", '{"data": {"acknowledged": true}}'),
        ("as-json", "ping", "came as application/json"),
    ],
)
def test_what_works_with_a_caution_is_told_and_leaves_the_endpoint_well(
    faulty: tuple[str, FaultyEndpoint], path: str, call: str, sentence: str
) -> None:
    report = _examine(f"{faulty[0]}/{path}")

    warned = [check for check in report.checks if (check.call, check.state) == (call, "warned")]
    assert [sentence in check.message for check in warned] == [True]
    assert warned[0].cure
    if path != "as-json":
        assert report.failing is None


def test_without_an_app_secret_no_forged_request_is_sent() -> None:
    endpoint = FaultyEndpoint(_KEY, "")
    with serving(endpoint.app) as url:
        report = _examine(url, secret="")

    assert report.failing is None
    assert _last_of(report, "forged").state == "skipped"


def test_every_step_has_a_cure() -> None:
    assert cures.CURES.keys() == set(Step)


_SHARED = Path(__file__).resolve().parents[4] / "shared" / "cases" / "endpoints.py"
_NAMED = {
    "pkcs1": "PKCS#1 v1.5",
    "sha1": "RSA-OAEP with SHA-1 (",
    "javamgf": "SHA-1 for MGF1",
    "aes256": "AES-256",
    "gonce": "IV of 12 bytes",
    "cbc": "another key or cipher",
    "wrongkey500": "another key or cipher",
    "wrongkey421": "another key or cipher",
    "noflip": "flip every bit",
    "iv12": "12 bytes of the IV",
    "revflip": "reverse order",
    "newkey": "another AES key",
    "notag": "tag is missing",
    "tagfirst": "must stand behind",
    "urlsafe": "another kind of Base64",
    "hex": "in hex",
    "jsonwrap": "wrapped in JSON",
    "quoted": "without quotes",
    "doublejson": "encoded twice",
    "doubleb64": "encoded twice",
    "raw": "sent as they are",
    "s201": "only the status is wrong",
    "plainping": "plain JSON",
    "empty200": "is empty",
    "html200": "web page",
    "challenge": "EVENT_RECEIVED",
    "flatping": "no `data`",
}


@pytest.mark.skipif(not _SHARED.exists(), reason="the collected endpoints are not beside this")
def test_every_mistake_of_the_collected_endpoints_is_named(tmp_path: Path) -> None:
    other = rsa.generate_private_key(65537, 2048)
    (tmp_path / "private.pem").write_text(key_pairs.private_pem(_KEY), "ascii")
    (tmp_path / "other.pem").write_text(key_pairs.private_pem(other), "ascii")
    url = unused_url()
    port = url.rsplit(":", 1)[1].strip("/")
    with subprocess.Popen([sys.executable, str(_SHARED), port], cwd=tmp_path) as process:
        try:
            _wait_for(int(port))
            for mode, sentence in _NAMED.items():
                report = _examine(f"http://127.0.0.1:{port}/{mode}")
                if mode == "urlsafe" and report.failing is None:
                    continue  # Not one of its answers held a character of the other alphabet.
                assert sentence in _failing(report).message, mode
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the endpoints did not start")
