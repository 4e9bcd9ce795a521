"""What one request may cost, tried by somebody without a key, or with a weak one.

Each attack is made over HTTP as an outsider would; meanwhile a neighbour goes on working.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from contract.raw_http import Answer, Connection, request
from contract.refusals import enveloped
from harness.attack import Target, attacked, watched
from harness.databases import new_sqlite

_MB = 1024 * 1024
_TIMES = 300
"""A request of the neighbour takes a millisecond or two; a loaded machine may delay one for long.
Unbounded, these attacks delayed it by thousands of times."""


@contextlib.contextmanager
def undisturbed(target: Target) -> Iterator[None]:
    """Runs an attack, and asserts that the neighbour and the server's memory hardly notice it."""
    with watched(target) as watch:
        with watch.attack():
            yield
        watch.assert_undisturbed(times=_TIMES)
        print(watch.figures())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A production server with one worker."""
    folder = tmp_path_factory.mktemp("cost")
    with attacked(folder, new_sqlite(folder)) as target:
        yield target


def _sent(url: str, head: bytes, body: bytes) -> Answer:
    """The answer to a request whose whole body is sent, wanted or not."""
    with Connection(url) as connection:
        connection.send(head, body)
        return connection.answer()


def _post(path: str, size: int, *headers: str) -> bytes:
    return request(
        "POST", path, "Content-Type: application/json", f"Content-Length: {size}", *headers
    )


def _at_once(count: int, ask: Callable[[], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: ask(), range(count)))


def test_large_states_sent_with_a_wrong_link_cost_nothing(target: Target) -> None:
    flow = target.attacker.create("Played")
    body = b'{"state": {"a": [' + b"{}," * (10 * _MB) + b"{}]}}"
    head = _post(f"/preview/{flow}/events?token=x", len(body))

    with undisturbed(target):
        answers = _at_once(4, lambda: _sent(target.url, head, body))

    assert len(answers) == 4
    for answer in answers:
        enveloped(answer, 404, 1300)


def test_a_state_of_too_many_values_is_refused_before_it_is_decoded(target: Target) -> None:
    flow = target.attacker.create("Played with a link", flowJson='{"version": "7.0"}')
    link = target.attacker.http.get(f"{target.attacker.flows}/{flow}/preview").json()
    path = urlsplit(link["preview_url"])
    body = b'{"state": {"a": [' + b"{}," * (5 * _MB) + b"{}]}}"
    head = _post(f"{path.path}/events?{path.query}", len(body))

    with undisturbed(target):
        answers = _at_once(2, lambda: _sent(target.url, head, body))

    for answer in answers:
        assert "too many values" in enveloped(answer, 413, 413)["message"]


def test_an_emoji_has_no_flow_json_take_four_times_its_size(target: Target) -> None:
    tenant = target.attacker
    key = tenant.new_key(read_only=True)
    body = b'{"flowJson": "' + b"a" * (20 * _MB) + "\U0001f600".encode() + b'"}'
    head = _post(f"{tenant.flows}:validate", len(body), f"Authorization: Bearer {key}")

    with undisturbed(target):
        answers = [_sent(target.url, head, body) for _ in range(3)]

    for answer in answers:
        assert "bytes of text" in enveloped(answer, 413, 413)["message"]


def test_large_states_by_one_link_are_worked_on_one_at_a_time(target: Target) -> None:
    tenant = target.attacker
    done = {"name": "complete", "payload": {}}
    footer = {"type": "Footer", "label": "Go", "on-click-action": done}
    layout = {"type": "SingleColumnLayout", "children": [footer]}
    screen = {"id": "A", "title": "A", "terminal": True, "layout": layout}
    text = json.dumps({"version": "7.1", "screens": [screen]})
    flow = tenant.create("Played by many", flowJson=text)
    link = tenant.http.get(f"{tenant.flows}/{flow}/preview").json()
    path = urlsplit(link["preview_url"])
    large = "a" * (4 * _MB)
    state = {"phase": "open", "stack": ["A"], "pages": {"A": {"data": {"a": large}}}}
    body = json.dumps({"state": state}).encode()
    head = _post(f"{path.path}/events?{path.query}", len(body))

    with undisturbed(target):
        answers = _at_once(8, lambda: _sent(target.url, head, body))

    assert {answer.status for answer in answers} <= {200, 503}
    assert any(answer.status == 200 for answer in answers)


def test_integers_of_thousands_of_digits_are_refused_undecoded(target: Target) -> None:
    flow = target.attacker.create("Counted", flowJson='{"version": "7.0"}')
    link = target.attacker.http.get(f"{target.attacker.flows}/{flow}/preview").json()
    path = urlsplit(link["preview_url"])
    body = b'{"state": {"a": [' + b",".join([b"9" * 4000] * 3700) + b"]}}"
    head = _post(f"{path.path}/events?{path.query}", len(body))

    with undisturbed(target):
        answers = [_sent(target.url, head, body) for _ in range(2)]

    for answer in answers:
        enveloped(answer, 400, 1000)


def test_a_huge_form_to_sign_in_is_refused_by_its_size(target: Target) -> None:
    body = b"key=" + b"%41" * (10 * _MB)
    head = request(
        "POST", "/console/sign-in", "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}", "Sec-Fetch-Site: same-origin", "Accept: application/json",
    )  # fmt: skip

    with undisturbed(target):
        answers = _at_once(2, lambda: _sent(target.url, head, body))

    for answer in answers:
        assert "at most 4096 bytes" in enveloped(answer, 413, 413)["message"]


def test_a_message_of_megabytes_is_refused_by_its_size(target: Target) -> None:
    tenant = target.attacker
    key = tenant.new_key(sub_account_ids=[tenant.sub_account_id])
    body = (
        b'{"user": {"msisdn": "+12025550100"}, "content": {"a": [' + b"{}," * (4 * _MB) + b"{}]}}"
    )
    head = _post(tenant.messages, len(body), f"Authorization: Bearer {key}")
    small = b'{"content": {"a": [' + b"{}," * 300_000 + b"{}]}}"
    small_head = _post(tenant.messages, len(small), f"Authorization: Bearer {key}")

    with undisturbed(target):
        answers = _at_once(4, lambda: _sent(target.url, head, body))
        counted = _at_once(4, lambda: _sent(target.url, small_head, small))

    for answer in answers:
        assert "at most 1048576 bytes" in enveloped(answer, 413, 413)["message"]
    for answer in counted:
        assert "too many values" in enveloped(answer, 413, 413)["message"]


def test_uploads_that_are_never_finished_are_held_within_an_accounts_share(target: Target) -> None:
    tenant = target.attacker
    head = _post(tenant.flows, 32 * _MB, f"Authorization: Bearer {tenant.api_key}")
    part = b" " * (31 * _MB)

    with contextlib.ExitStack() as stack, watched(target) as watch:
        with watch.attack():
            held = [stack.enter_context(Connection(target.url)) for _ in range(12)]
            for connection in held:
                connection.send(head)
                threading.Thread(target=connection.send, args=(part,), daemon=True).start()
            time.sleep(3)
            refused = []
            for connection in held:
                with contextlib.suppress(TimeoutError, AssertionError, OSError):
                    connection.wait_at_most(0.2)
                    refused.append(connection.answer())

        # One of 31 MB fits into the share of 32 MB; the neighbour has a share of its own.
        assert 11 <= len(refused) <= 12
        for answer in refused:
            enveloped(answer, 503, 2000)
            assert int(answer.headers["retry-after"]) >= 1
        assert target.neighbour.create("Still", flowJson='{"version": "7.0"}')
        watch.assert_undisturbed(times=_TIMES)
        print(watch.figures())


def test_heads_and_bodies_that_drip_are_refused_after_twenty_seconds(target: Target) -> None:
    tenant = target.attacker
    head = _post(tenant.flows, 100_000, f"Authorization: Bearer {tenant.api_key}")
    with contextlib.ExitStack() as stack, watched(target) as watch:
        with watch.attack():
            heads = [stack.enter_context(Connection(target.url)) for _ in range(50)]
            bodies = [stack.enter_context(Connection(target.url)) for _ in range(10)]
            started = time.monotonic()
            for connection in heads:
                connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            for connection in bodies:
                connection.send(head)
            while time.monotonic() < started + 19:
                for connection in heads:
                    connection.send(b"A: b\r\n")
                for connection in bodies:
                    connection.send(b" ")
                time.sleep(0.5)
            refused = [connection.answer() for connection in [*heads, *bodies]]
            assert time.monotonic() - started >= 20
            assert all(connection.is_at_its_end() for connection in [*heads, *bodies])

        for answer in refused[:50]:
            assert "within 20 s" in enveloped(answer, 408, 408)["message"]
        for answer in refused[50:]:
            error = enveloped(answer, 408, 408)
            assert "1024 bytes a second" in error["message"]
        watch.assert_undisturbed(times=_TIMES)
        print(watch.figures())
    found = tenant.http.get(f"/api/v1/accounts/{tenant.account_id}/errors/{error['errorId']}")
    assert found.json()["status"] == 408


def test_heads_of_many_tiny_headers_take_no_memory(target: Target) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"A:b\r\n" * 6000
    with contextlib.ExitStack() as stack, watched(target) as watch:
        with watch.attack():
            connections = [stack.enter_context(Connection(target.url)) for _ in range(200)]
            for connection in connections:
                connection.send(head)
            answers = [connection.answer() for connection in connections]

        for answer in answers:
            assert "at most 200 headers" in enveloped(answer, 431, 431)["message"]
        watch.assert_undisturbed(times=_TIMES)
        print(watch.figures())


def test_trailers_without_end_take_no_memory(target: Target) -> None:
    head = request("POST", "/console/sign-in", "Transfer-Encoding: chunked")
    trailer = [b"0\r\nA: ", *[b"a" * 65_536] * 128]
    with contextlib.ExitStack() as stack, undisturbed(target):
        connections = [stack.enter_context(Connection(target.url)) for _ in range(4)]
        for connection in connections:
            connection.send(head, *trailer)
        for connection in connections:
            assert connection.answer().status in {403, 431}
            assert connection.is_at_its_end()


@pytest.mark.parametrize("dialect", ["link", "revision", "guide"])
def test_answers_that_nobody_reads_are_held_up_to_a_bound_and_then_refused(
    target: Target, dialect: str
) -> None:
    tenant = target.attacker
    text = json.dumps({"version": "7.0", "note": "x" * (9 * _MB)})
    flow = tenant.create(f"Fetched by {dialect}", flowJson=text)
    link = tenant.http.get(f"{tenant.flows}/{flow}").json()["flowJsonUrl"]
    url = {
        "link": link,
        "revision": f"{tenant.url}{tenant.flows}/{flow}/revisions/1",
        "guide": f"{tenant.url}{tenant.guide_flows}/{flow}",
    }[dialect]
    parts = urlsplit(url)
    ask = request("GET", f"{parts.path}?{parts.query}", f"Authorization: Bearer {tenant.api_key}")
    with contextlib.ExitStack() as stack, watched(target) as watch:
        with watch.attack():
            for _ in range(60):
                connection = socket.socket()
                stack.callback(connection.close)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.connect((parts.hostname or "", parts.port or 0))
                connection.sendall(ask)
            with Connection(target.url) as late:
                late.send(ask)
                refused = late.answer()

        assert refused.status == 503
        assert b"Too many large answers wait for their clients" in refused.body
        print(watch.figures())
        watch.assert_undisturbed(times=_TIMES, most_growth=128 * _MB)
    deadline = time.monotonic() + 20
    while (answer := tenant.http.get(url)).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.2)  # What was asked for before the connections ended is still being read.
    found = answer.json()["flowJson"] if dialect == "guide" else answer.text
    assert found == text, "room is made when the connections end"


def test_an_answer_that_comes_before_the_body_ends_the_connection(target: Target) -> None:
    head = _post(target.attacker.flows, 20 * _MB)
    with Connection(target.url) as connection:
        connection.send(head)
        answer = connection.answer()
        enveloped(answer, 401, 1200)
        assert answer.headers["connection"] == "close"
        connection.send(b" " * 1000)
        assert connection.is_at_its_end()


def test_whoever_asks_before_sending_hears_the_refusal_and_the_connection_ends(
    target: Target,
) -> None:
    head = _post(target.attacker.flows, 100, "Expect: 100-continue")
    with Connection(target.url) as connection:
        connection.send(head)
        answer = connection.answer()
        enveloped(answer, 401, 1200)
        assert answer.headers["connection"] == "close"
        assert connection.is_at_its_end()


def test_a_small_body_behind_a_refusal_lets_the_connection_go_on(target: Target) -> None:
    with Connection(target.url) as connection:
        connection.send(_post(target.attacker.flows, 1000))
        enveloped(connection.answer(), 401, 1200)
        connection.send(b" " * 1000, request("GET", "/healthz"))
        assert connection.answer().json() == {"status": "ok"}


def test_nine_hundred_offers_to_switch_protocols_at_once_are_all_declined(
    target: Target,
) -> None:
    offer = request("GET", "/healthz", "Connection: Upgrade", "Upgrade: h2c")
    with watched(target) as watch:
        with watch.attack(), Connection(target.url) as connection:
            connection.send(offer * 900)
            answers = [connection.answer() for _ in range(900)]

        assert all(answer.json() == {"status": "ok"} for answer in answers)
        watch.assert_undisturbed(times=_TIMES)
    assert not target.process.log_lines()[-1].get("traceback")


def test_a_thousand_idle_connections_close_no_door(target: Target) -> None:
    address = urlsplit(target.url)
    with contextlib.ExitStack() as stack, watched(target) as watch:
        with watch.attack():
            for _ in range(1500):
                connection = socket.create_connection((address.hostname, address.port), 10)
                stack.callback(connection.close)
            time.sleep(1)

        watch.assert_undisturbed(times=_TIMES)
        print(watch.figures())


def test_at_its_bound_of_connections_a_server_closes_the_idlest_and_says_so(
    tmp_path: Path,
) -> None:
    # As a shell with a low limit starts it: 300 descriptors, hard.
    with (
        _few_descriptors(300),
        attacked(tmp_path, new_sqlite(tmp_path)) as target,
    ):
        address = urlsplit(target.url)
        with contextlib.ExitStack() as stack, watched(target) as watch:
            with watch.attack():
                for _ in range(250):
                    connection = socket.create_connection((address.hostname, address.port), 10)
                    stack.callback(connection.close)
                time.sleep(1)
            watch.assert_undisturbed(times=_TIMES)
        line = target.process.log_line(event="too many connections: the idlest were closed")
        assert line["bound"] == 44


def test_a_full_queue_of_new_connections_is_logged(tmp_path: Path) -> None:
    with attacked(tmp_path, new_sqlite(tmp_path)) as target, contextlib.ExitStack() as stack:
        address = urlsplit(target.url)
        (worker,) = target.process.workers
        worker.suspend()
        try:
            for _ in range(2300):
                connection = socket.socket()
                stack.callback(connection.close)
                connection.setblocking(False)
                connection.connect_ex((address.hostname or "", address.port or 0))
            time.sleep(1.5)
        finally:
            worker.resume()
        line = target.process.log_line(
            event="the queue of new connections was full on this machine, so some were dropped:"
            " they came faster than they were accepted"
        )
        assert line["dropped"] > 0


@contextlib.contextmanager
def _few_descriptors(most: int) -> Iterator[None]:
    """What is started meanwhile may open so many files; this process only for that time."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wrapped = ["prlimit", f"--nofile={most}:{most}"]
    from harness import servers

    servers.COMMAND[:0] = wrapped
    try:
        yield
    finally:
        del servers.COMMAND[: len(wrapped)]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_json_of_the_largest_size_is_taken_and_stays_within_bounds(target: Target) -> None:
    flow_json = json.dumps({"version": "7.0", "note": "é\\" * _MB})
    body = {"name": "Large", "categories": ["OTHER"], "flowJson": flow_json}
    with watched(target) as watch:
        with watch.attack():
            answer = target.attacker.http.post(target.attacker.flows, json=body)
        assert answer.status_code == 200, answer.text
        watch.assert_undisturbed(times=_TIMES, most_growth=200 * _MB)
