"""Requests sent ahead of their answers, by somebody without a key, on many connections at once.

The server parses only the request that is next on each connection, and starts few of them in one
turn of its event loop, so that whoever asks once is not kept waiting by those who ask for hundreds.
"""

from __future__ import annotations

import contextlib
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from contract.raw_http import Answer, Connection, ask, request
from contract.refusals import enveloped
from harness.attack import Target, attacked, watched
from harness.databases import new_sqlite

_MB = 1024 * 1024
_CONNECTIONS = 100
_REQUESTS = 200
_TIMES = 300
"""The neighbour's request takes two milliseconds undisturbed, and 60 to 100 at worst on a machine
that does nothing else. Unbounded, the same flood delayed it by one to four seconds."""
_PATHS = ["/console/sign-in", "/metrics", "/openapi.json", "/healthz", "/no-such-page"]
_SHORT = ["/console/sign-in", "/metrics"]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A production server with one worker, on which every page was shown once."""
    folder = tmp_path_factory.mktemp("pipelining")
    with attacked(folder, new_sqlite(folder)) as target:
        for path in _PATHS:
            ask(target.url, request("GET", path))
        yield target


@pytest.mark.parametrize("path", _SHORT)
def test_a_flood_of_pipelined_requests_leaves_a_neighbour_served(target: Target, path: str) -> None:
    _flood(target, request("GET", path) * _REQUESTS, seconds=2.0)


@pytest.mark.soak
@pytest.mark.parametrize("path", _PATHS)
def test_a_long_flood_of_pipelined_requests_leaves_a_neighbour_served(
    target: Target, path: str
) -> None:
    _flood(target, request("GET", path) * _REQUESTS, seconds=20.0)


def test_a_flood_of_chunks_of_one_byte_leaves_a_neighbour_served(target: Target) -> None:
    head = request("POST", "/console/sign-in", "Transfer-Encoding: chunked")
    _flood(target, head + b"1\r\na\r\n" * 40_000, seconds=2.0)


def test_a_flood_of_empty_lines_leaves_a_neighbour_served(target: Target) -> None:
    _flood(target, b"\r\n" * 100_000, seconds=2.0)


def test_thousands_of_requests_sent_ahead_are_all_answered_in_their_order(target: Target) -> None:
    tenant = target.neighbour
    key = f"Authorization: Bearer {tenant.api_key}"
    paths = [tenant.flows, "/healthz", "/no-such-page"] * 1000
    sent = b"".join(
        request("GET", path, key, f"X-Request-Id: {number}") for number, path in enumerate(paths)
    )
    with Connection(target.url) as connection:
        connection.send_in_background(sent)
        answers = [connection.answer() for _ in paths]
    assert [answer.headers["x-request-id"] for answer in answers] == [
        str(number) for number in range(len(paths))
    ]
    assert [answer.status for answer in answers] == [200, 200, 404] * 1000


def test_requests_sent_ahead_by_clients_that_read_nothing_are_held_up_to_a_bound(
    target: Target,
) -> None:
    sent = request("GET", "/openapi.json", "X-Padding: " + "x" * 900) * 400
    refused: list[Answer] = []
    with contextlib.ExitStack() as stack, watched(target) as watch:
        with watch.attack():
            held = [stack.enter_context(Connection(target.url)) for _ in range(300)]
            for connection in held:
                connection.send_without_waiting(sent)
            time.sleep(1)
            for connection in reversed(held):
                answers = [connection.answer(), connection.answer()]
                if answers[-1].status != 200:
                    refused.append(answers[-1])

        assert refused
        for answer in refused:
            message = enveloped(answer, 503, 2000)["message"]
            assert message == "Too many requests wait for the answers to those before them."
        watch.assert_undisturbed(times=_TIMES, most_growth=128 * _MB)
        print(len(refused), watch.figures())
    assert ask(target.url, request("GET", "/healthz")).status == 200


@pytest.mark.parametrize("path", ["flows", "/healthz", "/no-such-page"])
def test_requests_sent_ahead_to_a_server_that_ends_are_all_answered(
    folder: Path, path: str
) -> None:
    with attacked(folder, new_sqlite(folder)) as target:
        tenant = target.neighbour
        asked = tenant.flows if path == "flows" else path
        ask = request("GET", asked, f"Authorization: Bearer {tenant.api_key}")
        with Connection(target.url) as connection:
            connection.send(ask)
            connection.answer()
            target.process.popen.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.send(ask * 5)
            answers = [connection.answer() for _ in range(5)]
            assert connection.is_at_its_end()
    closing = [answer.headers.get("connection") for answer in answers]
    assert closing == [None, None, None, None, "close"]


def _flood(target: Target, sent: bytes, seconds: float) -> None:
    with watched(target) as watch:
        with watch.attack():
            _send_on_many_connections(target.url, sent, seconds)
        watch.assert_undisturbed(times=_TIMES)
        print(watch.figures())


def _send_on_many_connections(url: str, sent: bytes, seconds: float) -> None:
    """Sends the same on many connections at once, and reads what comes back for so long."""
    address = urlsplit(url)
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        connections = [
            stack.enter_context(socket.create_connection((address.hostname, address.port)))
            for _ in range(_CONNECTIONS)
        ]
        for connection in connections:
            connection.setblocking(False)
            connection.send(sent)
            selector.register(connection, selectors.EVENT_READ)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and selector.get_map():
            for key, _ in selector.select(timeout=0.1):
                if not _goes_on(key.fileobj):
                    selector.unregister(key.fileobj)


def _goes_on(connection: object) -> bool:
    assert isinstance(connection, socket.socket)
    try:
        return bool(connection.recv(256 * 1024))
    except ConnectionResetError:
        return False
