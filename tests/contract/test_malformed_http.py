"""What breaks the rules of HTTP is refused in its turn, in the envelope, and journaled."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from contract.raw_http import Connection, ask, request
from contract.refusals import assert_known, bearer, enveloped
from harness.databases import Postgres, new_sqlite
from harness.servers import Process, Tenant, dev_server

from waflows.http.heads import MOST_HEAD_BYTES

_GOOD = {"name": "Good", "categories": ["OTHER"]}
_HOST = b"Host: localhost\r\n"
_MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + b"\0" * 32,
    "unknown method": b"BREW /healthz HTTP/1.1\r\n" + _HOST + b"\r\n",
    "method in lower case": b"get /healthz HTTP/1.1\r\n" + _HOST + b"\r\n",
    "no slash": b"GET healthz HTTP/1.1\r\n" + _HOST + b"\r\n",
    "unknown version": b"GET /healthz HTTP/1.9\r\n" + _HOST + b"\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "an older version": b"GET /healthz HTTP/0.9\r\n" + _HOST + b"\r\n",
    "a newer version": b"GET /healthz HTTP/2.0\r\n" + _HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "bytes in the path": "GET /é HTTP/1.1\r\n".encode() + _HOST + b"\r\n",
    "bytes in the query": "GET /healthz?é HTTP/1.1\r\n".encode() + _HOST + b"\r\n",
    "space in the path": b"GET /health z HTTP/1.1\r\n" + _HOST + b"\r\n",
    "CONNECT": b"CONNECT example.org:443 HTTP/1.1\r\n" + _HOST + b"\r\n",
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "space before the colon": b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "no colon": b"GET /healthz HTTP/1.1\r\n" + _HOST + b"nonsense\r\n\r\n",
    "null in a header": b"GET /healthz HTTP/1.1\r\n" + _HOST + b"A: b\0c\r\n\r\n",
    "folded header": b"GET /healthz HTTP/1.1\r\n" + _HOST + b"A: b\r\n c\r\n\r\n",
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /healthz HTTP/1.1\r\n" + _HOST + b"Host: other\r\n\r\n",
    "markup in the Host": b"GET /healthz HTTP/1.1\r\nHost: a>b\r\n\r\n",
    "bytes in the Host": b"GET /healthz HTTP/1.1\r\nHost: \xe9\r\n\r\n",
    "length not a number": b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: x\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: -1\r\n\r\n",
    "huge length": b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "two lengths": (
        b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    ),
    "length and chunks": (
        b"POST / HTTP/1.1\r\n" + _HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
        b"\r\n0\r\n\r\n"
    ),
    "chunked twice": (
        b"POST / HTTP/1.1\r\n" + _HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"
    ),
    "an encoding in HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
}


@pytest.fixture(scope="module")
def running(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Process, str]]:
    """A server for these tests alone.

    Of requests without an account only some a second are kept, which other tests may have used up.
    """
    folder = tmp_path_factory.mktemp(f"malformed-{engine}")
    url = new_sqlite(folder)
    if engine == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.new_database()
    with dev_server(folder, "--database-url", url) as (process, _):
        yield process, url


@pytest.mark.parametrize("fault", _MALFORMED)
def test_malformed_http_is_400_1000_and_can_be_looked_up(server: Tenant, fault: str) -> None:
    with Connection(server.url) as connection:
        connection.send(_MALFORMED[fault])
        answer = connection.answer()
        assert connection.is_at_its_end()

    error = enveloped(answer, 400, 1000)
    assert answer.headers["connection"] == "close"
    assert_known(server, error, status=400)


@pytest.mark.parametrize(
    "coding",
    [
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
    ],
)
def test_another_transfer_coding_than_chunked_is_501_and_nothing_behind_it_is_a_request(
    server: Tenant, coding: str
) -> None:
    hidden = request("GET", "/healthz")
    with Connection(server.url) as connection:
        connection.send(
            request("POST", server.flows, bearer(server), coding)
            + b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)
            + hidden
        )
        error = enveloped(connection.answer(), 501, 2001)
        assert connection.is_at_its_end()

    assert "chunked, once and alone" in error["message"]
    assert_known(server, error, status=501)


@pytest.mark.parametrize("bad", [b"ZZ\r\n", b"-1\r\n", b"5\r\nabcdeX", b"5;\x00\r\nabcde\r\n"])
def test_malformed_chunks_are_400_1000_and_nothing_is_made(server: Tenant, bad: bytes) -> None:
    head = request(
        "POST", server.flows, bearer(server), "Content-Type: application/json",
        "Transfer-Encoding: chunked",
    )  # fmt: skip

    for parts in ([head + b"1\r\n{\r\n" + bad], [head, b"1\r\n{\r\n", bad], [head + bad]):
        with Connection(server.url) as connection:
            connection.send(*parts)
            error = enveloped(connection.answer(), 400, 1000)
            assert connection.is_at_its_end()
        assert_known(server, error, status=400)
    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize(
    "parts",
    [
        [b"GET /healthz HTTP/1.1\r\n" + _HOST + b"A: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n"],
        [b"GET /healthz?" + b"a" * MOST_HEAD_BYTES + b" HTTP/1.1\r\n" + _HOST + b"\r\n"],
        [b"GET /healthz HTTP/1.1\r\n" + _HOST, *[b"A: b\r\n"] * (MOST_HEAD_BYTES // 2)],
        [b"GET /healthz HTTP/1.1\r\n" + _HOST + b"A: ", *[b"a" * 65_536] * 64],
        [b"GET /healthz HTTP/1.1\r\n" + _HOST + b"A: ", *[b"a" * 1_000] * 1_000],
    ],
    ids=["one header", "query", "many headers", "endless header", "endless in pieces"],
)
def test_a_head_too_large_is_431_however_it_comes(server: Tenant, parts: list[bytes]) -> None:
    error = enveloped(ask(server.url, *parts), 431, 431)

    assert str(MOST_HEAD_BYTES) in error["message"]
    assert_known(server, error, status=431)


@pytest.mark.parametrize(
    "parts",
    [
        [b"0\r\nA: ", *[b"a" * 65_536] * 16],
        [b"0\r\n", *[b"A: b\r\n" * 1_000] * 16],
        [b"1;a=", *[b"a" * 1_000] * 100],
    ],
    ids=["one trailer", "many trailers", "extension"],
)
def test_what_a_chunked_body_has_beside_its_data_is_bounded(
    server: Tenant, parts: list[bytes]
) -> None:
    json_body = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    head = request("POST", server.flows, bearer(server), *json_body)

    error = enveloped(ask(server.url, head + b"1\r\n{\r\n", *parts), 431, 431)

    assert "trailers" in error["message"]
    assert_known(server, error, status=431)


def test_trailers_and_extensions_of_some_kilobytes_are_ignored(server: Tenant) -> None:
    head = request("POST", "/no-such-page", "Transfer-Encoding: chunked")
    extension = b"1;a=" + b"a" * 9_000 + b"\r\nx\r\n"

    with Connection(server.url) as connection:
        connection.send(head + extension * 9 + b"0\r\nHost: " + b"b" * 20_000 + b"\r\n\r\n")
        connection.send(request("GET", "/healthz"))
        enveloped(connection.answer(), 404, 1300)
        assert connection.answer().json() == {"status": "ok"}


def test_a_head_of_some_kilobytes_is_fine(server: Tenant) -> None:
    answer = ask(server.url, request("GET", "/healthz", f"Cookie: {'c' * 20_000}"))

    assert answer.status == 200


def test_a_large_body_before_the_next_request_is_no_large_head(server: Tenant) -> None:
    body = json.dumps(_GOOD | {"ignored": "x" * 400_000}).encode()
    post = request(
        "POST", server.flows, bearer(server), "Content-Type: application/json",
        f"Content-Length: {len(body)}", body=body,
    )  # fmt: skip
    with Connection(server.url) as connection:
        connection.send(post + request("GET", "/healthz"))
        assert connection.answer().status == 200
        assert connection.answer().json() == {"status": "ok"}


def test_http_1_0_is_answered_and_the_connection_closed(server: Tenant) -> None:
    with Connection(server.url) as connection:
        connection.send(b"GET /nowhere HTTP/1.0\r\n\r\n")
        enveloped(connection.answer(), 404, 1300)
        assert connection.is_at_its_end()


def test_an_absolute_target_and_an_asterisk_are_understood(server: Tenant) -> None:
    assert ask(server.url, request("GET", "http://localhost/healthz")).status == 200
    enveloped(ask(server.url, request("OPTIONS", "*")), 404, 1300)


def test_pipelined_requests_are_answered_in_their_order(server: Tenant) -> None:
    flow_id = server.create("There")
    paths = [f"{server.flows}/{flow_id}", "/nowhere", server.flows, "/healthz", server.flows]

    for _ in range(3):  # From memory too, once it is there.
        with Connection(server.url) as connection:
            connection.send(b"".join(request("GET", path, bearer(server)) for path in paths))
            answers = [connection.answer() for _ in paths]
        assert answers[0].json()["flowId"] == flow_id
        enveloped(answers[1], 404, 1300)
        assert answers[2].json()["flows"][0]["id"] == flow_id
        assert answers[3].json() == {"status": "ok"}
        assert answers[4].body == answers[2].body


def test_what_is_malformed_after_a_good_request_is_refused_after_its_answer(
    server: Tenant,
) -> None:
    body = json.dumps(_GOOD).encode()
    good = request(
        "POST", server.flows, bearer(server), "Content-Type: application/json",
        f"Content-Length: {len(body)}", body=body,
    )  # fmt: skip
    listing = request("GET", server.flows, bearer(server))

    with Connection(server.url) as connection:
        connection.send(good + listing + listing + b"!!!\r\n\r\n")
        made = connection.answer()
        assert (made.status, made.json()["success"]) == (200, True)
        for _ in range(2):
            assert connection.answer().json()["flows"][0]["id"] == made.json()["id"]
        error = enveloped(connection.answer(), 400, 1000)
        assert connection.is_at_its_end()
    assert_known(server, error, status=400)


def test_a_request_that_turns_out_malformed_while_it_waits_is_refused_in_its_turn(
    server: Tenant,
) -> None:
    first = request("GET", server.flows, bearer(server))
    second = request(
        "POST", server.flows, bearer(server), "Content-Type: application/json",
        "Transfer-Encoding: chunked", body=b"1\r\n{\r\nZZ\r\n",
    )  # fmt: skip

    with Connection(server.url) as connection:
        connection.send(first + second)
        assert connection.answer().json() == {"flows": []}
        enveloped(connection.answer(), 400, 1000)
        assert connection.is_at_its_end()


def test_a_body_longer_than_announced_is_not_taken_for_part_of_the_request(
    server: Tenant,
) -> None:
    body = json.dumps(_GOOD).encode()
    with Connection(server.url) as connection:
        connection.send(
            request("POST", server.flows, bearer(server), "Content-Type: application/json",
                    f"Content-Length: {len(body) - 1}", body=body)
        )  # fmt: skip
        assert "at line 1" in enveloped(connection.answer(), 400, 1000)["message"]
        enveloped(connection.answer(), 400, 1000)
        assert connection.is_at_its_end()
    assert server.http.get(server.flows).json() == {"flows": []}


def test_a_request_that_ends_too_soon_makes_nothing(server: Tenant) -> None:
    body = json.dumps(_GOOD).encode()
    with Connection(server.url) as connection:
        connection.send(
            request("POST", server.flows, bearer(server), "Content-Type: application/json",
                    f"Content-Length: {len(body) + 1}", body=body)
        )  # fmt: skip
    server.process.log_line(account=server.account_id, status=499)

    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize("offered", ["h2c", "websocket"])
def test_an_offer_to_switch_protocols_is_declined_and_the_body_is_kept(
    server: Tenant, offered: str
) -> None:
    upgrade = ("Connection: Upgrade, HTTP2-Settings", f"Upgrade: {offered}", "HTTP2-Settings: AAMA")
    body = json.dumps(_GOOD).encode()
    head = request(
        "POST", server.flows, bearer(server), *upgrade, "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )  # fmt: skip

    with Connection(server.url) as connection:
        connection.send(head + body)
        made = connection.answer()
        assert made.status == 200, made.body
        connection.send(head, body)
        enveloped(connection.answer(), 400, 1000)  # The name is taken.
        connection.send(request("GET", server.flows, bearer(server), *upgrade))
        assert [flow["id"] for flow in connection.answer().json()["flows"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    "head",
    [
        request("GET", "/healthz", "Connection: close, Upgrade", "Upgrade: h2c"),
        b"GET /healthz HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    ids=["close", "HTTP/1.0"],
)
def test_an_offer_to_switch_protocols_with_the_last_request_is_declined_too(
    server: Tenant, head: bytes
) -> None:
    with Connection(server.url) as connection:
        connection.send(head)
        answer = connection.answer()
        assert connection.is_at_its_end()
    assert answer.json() == {"status": "ok"}
    assert answer.headers["connection"] == "close"
