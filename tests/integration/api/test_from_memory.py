"""Lists answered from memory differ in nothing but speed from those that were read."""

from __future__ import annotations

import time

from contract.raw_http import Answer, Connection, request
from contract.refusals import bearer
from harness.servers import Tenant

_EACH_TIME_ANEW = {"date", "x-request-id"}


def _ask(connection: Connection, server: Tenant, *headers: str, path: str = "") -> Answer:
    connection.send(request("GET", path or server.flows, bearer(server), *headers))
    return connection.answer()


def _lasting(answer: Answer) -> dict[str, str]:
    return {name: text for name, text in answer.headers.items() if name not in _EACH_TIME_ANEW}


def _from_memory(server: Tenant, answer: Answer) -> bool:
    line = server.process.log_line(request_id=answer.headers["x-request-id"])
    return line.get("from_memory", False)


def test_the_second_answer_comes_from_memory_and_is_the_first_again(server: Tenant) -> None:
    server.create("A flow")
    with Connection(server.url) as connection:
        first, second = (_ask(connection, server) for _ in range(2))

    assert (first.status, second.status) == (200, 200)
    assert second.body == first.body
    assert _lasting(second) == _lasting(first)
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert [_from_memory(server, answer) for answer in (first, second)] == [False, True]


def test_its_log_line_says_whose_request_it_was(server: Tenant) -> None:
    with Connection(server.url) as connection:
        _ask(connection, server)
        _ask(connection, server, "X-Request-Id: mine.1")

    line = server.process.log_line(request_id="mine.1")
    assert line["from_memory"] is True
    assert line["account"] == server.account_id
    assert line["key"] == server.api_key[-6:]
    assert line["route"] == "/api/v1/accounts/{accountId}/channels/{channelId}/flows"
    assert (line["method"], line["path"], line["status"]) == ("GET", server.flows, 200)
    assert 0 <= line["duration_ms"] < 10_000


def test_a_client_that_has_the_list_already_is_told_so_from_memory_too(server: Tenant) -> None:
    server.create("A flow")
    with Connection(server.url) as connection:
        first = _ask(connection, server)
        tag = first.headers["etag"]
        second = _ask(connection, server, f"If-None-Match: {tag}")
        third = _ask(connection, server)

    assert (second.status, second.body) == (304, b"")
    assert second.headers["etag"] == tag
    assert second.headers["x-total-count"] == "1"
    assert third.body == first.body


def test_a_list_first_asked_for_by_a_client_that_has_it_is_kept(server: Tenant) -> None:
    with Connection(server.url) as connection:
        tag = _ask(connection, server).headers["etag"]
        # Another spelling of the address, which nobody has asked for yet.
        path = f"{server.flows}?limit=100"
        first, second = (
            _ask(connection, server, f"If-None-Match: {tag}", path=path) for _ in range(2)
        )

    assert (first.status, second.status) == (304, 304)
    assert [_from_memory(server, answer) for answer in (first, second)] == [False, True]


def test_a_client_that_asks_for_it_finds_the_connection_closed(server: Tenant) -> None:
    for _ in range(2):
        with Connection(server.url) as connection:
            answer = _ask(connection, server, "Connection: close")
            assert answer.headers["connection"] == "close"
            assert connection.is_at_its_end()
    assert _from_memory(server, answer)


def test_what_an_http_1_0_client_gets_ends_with_the_connection(server: Tenant) -> None:
    head = f"GET {server.flows} HTTP/1.0\r\nHost: localhost\r\n{bearer(server)}\r\n\r\n".encode()
    for _ in range(2):
        with Connection(server.url) as connection:
            connection.send(head)
            answer = connection.answer()
            assert connection.is_at_its_end()
    assert (answer.status, answer.body) == (200, b'{"flows":[]}')


def test_a_request_with_a_body_is_answered_and_the_next_one_found_behind_it(
    server: Tenant,
) -> None:
    with Connection(server.url) as connection:
        _ask(connection, server)
        head = request("GET", server.flows, bearer(server), "Content-Length: 5")
        connection.send(head)
        time.sleep(0.05)
        connection.send(b"hello" + request("GET", "/healthz"))
        assert connection.answer().body == b'{"flows":[]}'
        assert connection.answer().json() == {"status": "ok"}


def test_of_two_keys_the_first_counts_whatever_is_kept(server: Tenant, other: Tenant) -> None:
    with Connection(server.url) as connection:
        for tenant in (server, other):
            for _ in range(2):
                _ask(connection, tenant)
        for _ in range(2):
            connection.send(request("GET", server.flows, bearer(server), bearer(other)))
            assert connection.answer().status == 200
            connection.send(request("GET", server.flows, bearer(other), bearer(server)))
            assert connection.answer().status == 401


def test_the_link_to_the_next_page_has_the_scheme_and_host_of_each_request(
    server: Tenant,
) -> None:
    for name in ("One", "Two"):
        server.create(name)
    path = f"{server.flows}?limit=1"
    with Connection(server.url) as connection:
        for _ in range(2):
            plain = _ask(connection, server, path=path)
            assert plain.headers["link"].startswith("<http://localhost/api/")
            # The test comes from an address whose word for the scheme is taken.
            secure = _ask(connection, server, "X-Forwarded-Proto: https", path=path)
            assert secure.headers["link"].startswith("<https://localhost/api/")
    assert _from_memory(server, secure)


def test_an_answer_longer_than_a_client_reads_at_once_arrives_whole(server: Tenant) -> None:
    for number in range(300):
        server.create(f"A flow with a rather long name, to make the list long, number {number}")
    path = f"{server.flows}?limit=1000"
    with Connection(server.url) as connection:
        expected = _ask(connection, server, path=path)
        connection.send(request("GET", path, bearer(server)) * 200)
        time.sleep(0.3)
        for _ in range(200):
            assert connection.answer().body == expected.body
