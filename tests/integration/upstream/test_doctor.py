"""The examination of an endpoint names the very step that fails, and its cure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from harness.endpoints import run, self_signed, serving
from harness.faulty_endpoint import MISTAKES, FaultyEndpoint
from harness.scripted import CUT, SILENT, answer, scripted, unused_url

from waflows.upstream.answers import Step
from waflows.upstream.doctor import CURES, Check, Report, examine
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
    **options: Any,
) -> Report:
    async def read_key() -> RSAPublicKey | None:
        return key

    async def examined() -> Report:
        async with Egress(allow_loopback=allow_loopback) as egress:
            endpoint = DataEndpoint(egress, url, read_key, secret, **options)
            return await examine(endpoint, "doctor-token", entry_screens)

    return run(examined())


def _failing(report: Report) -> Check:
    assert report.failing is not None, report.checks
    return report.failing


def test_an_endpoint_that_works_passes_every_step_of_both_calls(
    faulty: tuple[str, FaultyEndpoint],
) -> None:
    report = _examine(faulty[0], entry_screens=("FIRST", "OTHER"))

    assert report.failing is None
    assert [(check.call, check.step) for check in report.checks] == [
        *(("ping", step) for step in Step),
        *(("INIT", step) for step in list(Step)[list(Step).index(Step.HTTP) :]),
    ]
    skipped = [check for check in report.checks if check.state != "passed"]
    assert [(check.step, check.message) for check in skipped] == [
        (Step.TLS, "not used on this machine itself")
    ]
    assert report.checks[-1].message == "screen FIRST"
    assert [exchange.request["action"] for exchange in report.exchanges] == ["ping", "INIT"]


@pytest.mark.parametrize(
    ("mistake", "step", "sentence"),
    [
        ("unflipped", Step.AES, "flip every bit"),
        ("tag-first", Step.AES, "must stand behind"),
        ("tagless", Step.AES, "append its 16 bytes"),
        ("other-key", Step.AES, "tag is wrong"),
        ("raw", Step.BASE64, "sent as they are"),
        ("url-safe", Step.BASE64, "another kind of Base64"),
        ("unpadded", Step.BASE64, "another kind of Base64"),
        ("quoted", Step.BASE64, "without quotes"),
        ("wrapped", Step.BASE64, "wrapped in JSON"),
        ("plain", Step.BASE64, "must be encrypted"),
        ("web-page", Step.BASE64, "web page"),
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
    assert failing.cure == CURES[step]
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
    assert failing.cure == CURES[step]
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

    assert all(check.state == "passed" for check in report.checks)


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
    assert "FIRST, which is no entry screen: BEGIN, START" in failing.message
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
    assert "refused (427)" in report.checks[-1].message


def test_every_step_has_a_cure() -> None:
    assert CURES.keys() == set(Step)
