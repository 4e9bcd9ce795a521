"""The door for outgoing calls, against real servers on loopback: what it lets through and what not.

Each test of a refusal has a server that would answer, so that nothing but the guard can be why it
was not reached.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from harness.endpoints import run, self_signed, serving
from harness.scripted import CUT, SILENT, Scripted, answer, scripted, unused_url
from hypothesis import given, settings
from hypothesis import strategies as st

from waflows.upstream.calls import CallFailed, HttpAnswer, Stage
from waflows.upstream.egress import Egress
from waflows.upstream.fault_rules import FaultRules, Rule


class Names(AbstractResolver):
    """A resolver of its own mind: each look-up of any name gives the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        given = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in given
        ]

    async def close(self) -> None:
        pass


def _send(url: str, *, door: dict[str, Any] | None = None, **options: Any) -> HttpAnswer:
    async def send() -> HttpAnswer:
        async with Egress(**({"allow_loopback": True} if door is None else door)) as egress:
            return await egress.send("POST", url, b"{}", **options)

    return run(send())


def _failure(url: str, *, door: dict[str, Any] | None = None, **options: Any) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        _send(url, door=door, **options)
    return caught.value


def test_an_answer_comes_back_whole_whatever_its_status() -> None:
    with scripted(answer(418, b"tea", {"X-Pot": "short"})) as server:
        got = _send(f"{server.url}/path?q=1", headers={"X-Mine": "yes"})

    assert (got.status, got.body, got.headers["x-pot"]) == (418, b"tea", "short")
    received = server.received[0]
    assert (received.method, received.target, received.body) == ("POST", "/path?q=1", b"{}")
    assert received.headers["x-mine"] == "yes"
    assert received.headers["user-agent"].startswith("waflows/")


def _port(server: Scripted) -> str:
    return server.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "0177.0.0.1",
        "017700000001",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021",
        "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
        "127%2e0.0.1",
        "%6cocalhost",
    ],
)
def test_no_spelling_of_this_machine_gets_past_the_guard(host: str) -> None:
    with scripted(answer(200)) as server:
        failure = _failure(f"http://{host}:{_port(server)}/", door={})

    assert server.received == []
    assert failure.stage in {Stage.URL, Stage.ADDRESS}
    assert not failure.sent


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.9.9",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_an_inner_address_is_refused_written_out_and_behind_a_name(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    named = {"resolver": Names([address]), "allow_loopback": True}

    assert _failure(f"http://{host}/").stage == Stage.ADDRESS
    failure = _failure("http://inner.example/", door=named)
    assert failure.stage == Stage.ADDRESS
    assert address not in failure.message


def test_a_name_with_one_inner_address_among_public_ones_is_refused() -> None:
    names = Names(["1.1.1.1", "2606:4700:4700::1111", "127.0.0.1"])

    failure = _failure("http://mixed.example/", door={"resolver": names})

    assert failure.stage == Stage.ADDRESS


def test_a_name_that_turned_to_this_machine_after_it_was_checked_is_not_called() -> None:
    names = Names(["1.1.1.1"], ["127.0.0.1"])

    async def check_then_call(url: str) -> None:
        async with Egress(resolver=names) as egress:
            await egress.check(url)
            with pytest.raises(CallFailed) as caught:
                await egress.send("POST", url)
            assert caught.value.stage == Stage.ADDRESS

    with scripted(answer(200)) as server:
        run(check_then_call(f"http://rebinding.example:{_port(server)}/"))

    assert names.asked == 2
    assert server.received == []


def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    with scripted(answer(200)) as server:
        url = f"http://rebinding.example:{_port(server)}/"
        got = _send(url, door={"resolver": names, "allow_loopback": True})

    assert got.status == 200
    assert names.asked == 1


def test_an_address_that_only_shows_itself_at_the_socket_is_refused() -> None:
    class Unjudged(Names):
        """Gives a public address at the look-up and another one to whoever reads it again."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return [_Shifting(one) for one in await super().resolve(host, port, family)]  # type: ignore[misc]

    with scripted(answer(200)) as server:
        url = f"http://shifting.example:{_port(server)}/"
        failure = _failure(url, door={"resolver": Unjudged(["127.0.0.1"])})

    assert failure.stage == Stage.ADDRESS
    assert server.received == []


class _Shifting(dict[str, Any]):
    reads = 0

    def __getitem__(self, key: str) -> Any:
        if key == "host":
            self.reads += 1
            if self.reads == 1:
                return "1.1.1.1"
        return super().__getitem__(key)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_handed_back_and_not_followed(status: int) -> None:
    with scripted(answer(200)) as inner:
        to_inner = answer(status, b"", {"Location": f"{inner.url}/secret"})
        with scripted(to_inner) as server:
            got = _send(server.url)

    assert got.status == status
    assert inner.received == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://example.org/", "must start with https"),
        ("file:///etc/passwd", "must start with https"),
        ("gopher://example.org/", "must start with https"),
        ("//example.org/", "must start with https"),
        ("example.org", "must start with https"),
        ("", "must start with https"),
        ("http://", "has no host"),
        ("http:///path", "has no host"),
        ("https://user:pass@example.org/", "user name or password"),
        ("https://user@example.org/", "user name or password"),
        ("https://:pass@example.org/", "user name or password"),
        ("http://example.org:99999/", "is invalid"),
        ("http://example.org:port/", "is invalid"),
        ("http://exam ple.org/", "an invalid character"),
        ("http://[fe80::1%25eth0]/", "an invalid character"),
        ("http://a\\@127.0.0.1/", "is invalid"),
        ("http://[::1", "is invalid"),
        ("https://example.org/" + "a" * 2048, "longer than"),
    ],
)
def test_a_url_that_is_wrong_in_itself_is_refused_with_the_reason(url: str, sentence: str) -> None:
    failure = _failure(url)

    assert failure.stage == Stage.URL
    assert sentence in failure.message


@given(st.text(max_size=80) | st.text(max_size=40).map("http://".__add__))
@settings(deadline=None)
def test_any_text_is_a_url_or_refused_as_one(text: str) -> None:
    try:
        parsed = Egress().read(text)
    except CallFailed as failure:
        refusal: Stage | None = failure.stage
    else:
        refusal = None
        assert parsed.scheme in {"http", "https"}
    assert refusal in {None, Stage.URL, Stage.ADDRESS}


def test_no_message_repeats_path_query_or_password() -> None:
    with scripted(CUT, b"nonsense\r\n\r\n") as server:
        messages = [
            _failure(f"{server.url}/hush?token=hush").message,
            _failure(f"{server.url}/hush?token=hush").message,
            _failure(f"{unused_url()}/hush?token=hush").message,
            _failure("https://hush:hush@example.org/hush").message,
            _failure("http://127.1/hush").message,
        ]

    assert not any("hush" in message for message in messages)


def test_a_name_that_does_not_exist_is_a_failure_of_dns() -> None:
    failure = _failure("https://nowhere.invalid/")

    assert failure.stage == Stage.DNS
    assert "nowhere.invalid does not resolve" in failure.message


@pytest.mark.parametrize("name", ["nowhere.invalid", "a" * 70 + ".example", "a..example", "."])
def test_a_name_that_cannot_be_called_is_refused_when_it_is_saved_too(name: str) -> None:
    async def check() -> None:
        async with Egress() as egress:
            await egress.check(f"https://{name}/")

    with pytest.raises(CallFailed) as caught:
        run(check())
    assert caught.value.stage in {Stage.DNS, Stage.URL}
    assert _failure(f"https://{name}/").stage == caught.value.stage


def test_a_closed_port_is_a_failure_to_connect() -> None:
    failure = _failure(unused_url())

    assert (failure.stage, failure.sent) == (Stage.CONNECT, False)


def test_a_certificate_nobody_vouches_for_is_a_failure_of_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with serving(_empty, ssl_certfile=certificate, ssl_keyfile=key) as url:
        failure = _failure(url)

    assert failure.stage == Stage.TLS
    assert "certificate" in failure.message


def test_a_certificate_the_machine_trusts_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(_empty, ssl_certfile=certificate, ssl_keyfile=key) as url:
        assert _send(url).status == 204


def test_https_to_a_server_without_tls_is_a_failure_of_tls() -> None:
    with serving(_empty) as url:
        failure = _failure(url.replace("http:", "https:"))

    assert failure.stage == Stage.TLS


def test_a_connection_cut_after_the_request_may_have_been_carried_out() -> None:
    with scripted(CUT) as server:
        failure = _failure(server.url)

    assert (failure.stage, failure.sent) == (Stage.HTTP, True)


def test_a_server_that_speaks_no_http_is_a_failure_of_http() -> None:
    with scripted(b"220 smtp.example.org ESMTP\r\n") as server:
        failure = _failure(server.url)

    assert failure.stage == Stage.HTTP


def test_a_silent_receiver_is_given_up_in_time() -> None:
    with scripted(SILENT) as server:
        failure = _failure(server.url, seconds=1.5)

    assert (failure.stage, failure.sent, failure.timed_out) == (Stage.HTTP, True, True)
    assert "within 1.5 s" in failure.message


@contextmanager
def _pouring(head: bytes, drop: bytes, pause: float) -> Iterator[str]:
    """A server that sends `head` and then `drop` for ever, with pauses."""
    listening = socket.create_server(("127.0.0.1", 0))

    def pour() -> None:
        try:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head)
                while True:
                    connection.sendall(drop)
                    time.sleep(pause)
        except OSError:
            return

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()
        thread.join(timeout=5)


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def test_a_receiver_that_answers_drop_by_drop_is_given_up_in_time() -> None:
    with _pouring(_HEAD, b".", 0.02) as url:
        failure = _failure(url, seconds=1.5)

    assert failure.timed_out


def test_a_receiver_whose_headers_never_end_is_given_up_in_time() -> None:
    with _pouring(b"HTTP/1.1 200 OK\r\n", b"X-More: of it\r\n", 0.02) as url:
        failure = _failure(url, seconds=1.5)

    assert failure.stage == Stage.HTTP


def test_an_answer_that_never_ends_is_cut_at_the_limit() -> None:
    with _pouring(_HEAD, b"." * 65536, 0) as url:
        failure = _failure(url, max_answer_bytes=200_000)

    assert "larger than 200,000 bytes" in failure.message
    assert not failure.timed_out


def test_an_answer_of_just_the_limit_is_read() -> None:
    with scripted(answer(200, b"." * 1000), answer(200, b"." * 1001)) as server:
        assert len(_send(server.url, max_answer_bytes=1000).body) == 1000
        assert "larger than" in _failure(server.url, max_answer_bytes=1000).message


def test_a_compressed_answer_does_not_grow_in_memory() -> None:
    with scripted(answer(200, b"\x1f\x8b bomb", {"Content-Encoding": "gzip"})) as server:
        got = _send(server.url)

    assert got.body == b"\x1f\x8b bomb"
    assert server.received[0].headers["accept-encoding"] == "identity"


def test_cookies_are_not_kept() -> None:
    async def twice(url: str) -> None:
        async with Egress(allow_loopback=True) as egress:
            await egress.send("POST", url)
            await egress.send("POST", url)

    with scripted(answer(200, b"", {"Set-Cookie": "a=b"}), answer(200)) as server:
        run(twice(server.url))

    assert "cookie" not in server.received[1].headers


def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(answer(200)) as proxy, scripted(answer(204)) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        got = _send(server.url)

    assert got.status == 204
    assert proxy.received == []


def test_receivers_that_hang_delay_no_other() -> None:
    async def many(hanging: str, quick: str) -> int:
        async with Egress(allow_loopback=True) as egress:
            stuck = [
                asyncio.create_task(egress.send("POST", hanging, seconds=50)) for _ in range(150)
            ]
            await asyncio.sleep(0)
            status = (await egress.send("POST", quick)).status
            unfinished = sum(not task.done() for task in stuck)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
            assert unfinished == 150
            return status

    with serving(_hanging) as hanging, serving(_empty) as quick:
        assert run(many(hanging, quick)) == 204


async def _empty(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


async def _hanging(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        while (await receive())["type"] != "http.disconnect":
            pass


def _ruled(*rules: Rule) -> dict[str, Any]:
    """A door at which these rules are in force."""
    made = FaultRules()
    for rule in rules:
        made.add(rule)
    return {"allow_loopback": True, "rules": made}


def test_a_fault_rule_answers_in_place_of_the_other_side() -> None:
    with scripted(answer(200)) as server:
        door = _ruled(Rule(call="webhook", status=503))
        got = _send(server.url, door=door, kind="webhook")

    assert (got.status, got.body) == (503, b"")
    assert server.received == []


def test_a_fault_rule_cuts_the_connection_as_if_the_request_had_arrived() -> None:
    failed = _failure(unused_url(), door=_ruled(Rule(call="oauth", cut=True)), kind="oauth")

    assert (failed.stage, failed.sent, failed.timed_out) == (Stage.HTTP, True, False)
    assert "a fault rule cut the connection" in failed.message


def test_a_fault_rule_delays_a_call_or_lets_its_time_run_out() -> None:
    rule = Rule(call="endpoint", delay_ms=200, times=1)
    with scripted(answer(200), answer(200)) as server:
        started = time.monotonic()
        assert _send(server.url, door=_ruled(rule), kind="endpoint").status == 200
        assert time.monotonic() - started >= 0.2
        failed = _failure(server.url, door=_ruled(rule), kind="endpoint", seconds=0.1)

    assert failed.timed_out
    assert failed.sent
    assert len(server.received) == 1


def test_a_fault_rule_for_one_host_leaves_the_others_alone() -> None:
    with scripted(answer(200), answer(200)) as server:
        port = server.url.rpartition(":")[2]
        for name, status in ((f"127.0.0.1:{port}", 500), ("127.0.0.1", 500), ("127.0.0.2", 200)):
            door = _ruled(Rule(call="webhook", name=name, status=500))
            assert _send(server.url, door=door, kind="webhook").status == status


def test_no_fault_rule_opens_the_door_to_what_must_not_be_called() -> None:
    door = _ruled(Rule(call="webhook", status=200)) | {"allow_loopback": False}

    assert _failure("http://127.0.0.1/", door=door, kind="webhook").stage == Stage.ADDRESS
