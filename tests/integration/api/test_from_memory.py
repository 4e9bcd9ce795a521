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
    return bool(line.get("from_memory"))


def _ask_until_kept(
    connection: Connection, server: Tenant, *headers: str, path: str = ""
) -> Answer:
    """The first answer from memory: the second of all, unless word of an earlier write is late."""
    for _ in range(100):
        answer = _ask(connection, server, *headers, path=path)
        if _from_memory(server, answer):
            return answer
    raise AssertionError("never answered from memory")


def test_an_answer_from_memory_is_the_one_that_was_read(server: Tenant) -> None:
    server.create("A flow")
    with Connection(server.url) as connection:
        read = _ask(connection, server)
        kept = _ask_until_kept(connection, server)

    assert not _from_memory(server, read)
    assert (read.status, kept.status) == (200, 200)
    assert kept.body == read.body
    assert _lasting(kept) == _lasting(read)
    assert kept.headers["x-request-id"] != read.headers["x-request-id"]


def test_its_log_line_says_whose_request_it_was(server: Tenant) -> None:
    with Connection(server.url) as connection:
        for own in (f"mine.{number}" for number in range(100)):
            answer = _ask(connection, server, f"X-Request-Id: {own}")
            assert answer.headers["x-request-id"] == own
            if _from_memory(server, answer):
                break

    line = server.process.log_line(request_id=own, from_memory=True)
    assert line["account"] == server.account_id
    assert line["key"] == server.api_key[-6:]
    assert line["route"] == "/api/v1/accounts/{accountId}/channels/{channelId}/flows"
    assert (line["method"], line["path"], line["status"]) == ("GET", server.flows, 200)
    assert 0 <= line["duration_ms"] < 10_000


def test_a_client_that_has_the_list_already_is_told_so_from_memory_too(server: Tenant) -> None:
    server.create("A flow")
    with Connection(server.url) as connection:
        whole = _ask_until_kept(connection, server)
        tag = whole.headers["etag"]
        unchanged = _ask_until_kept(connection, server, f"If-None-Match: {tag}")
        again = _ask(connection, server)

    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.headers["etag"] == tag
    assert unchanged.headers["x-total-count"] == "1"
    assert again.body == whole.body


def test_a_list_first_asked_for_by_a_client_that_has_it_is_kept(server: Tenant) -> None:
    with Connection(server.url) as connection:
        tag = _ask(connection, server).headers["etag"]
        # Another spelling of the address, which nobody has asked for yet.
        path = f"{server.flows}?limit=100"
        read = _ask(connection, server, f"If-None-Match: {tag}", path=path)
        kept = _ask_until_kept(connection, server, f"If-None-Match: {tag}", path=path)

    assert not _from_memory(server, read)
    assert (read.status, kept.status) == (304, 304)


def test_a_client_that_asks_for_it_finds_the_connection_closed(server: Tenant) -> None:
    with Connection(server.url) as connection:
        _ask_until_kept(connection, server)
        answer = _ask(connection, server, "Connection: close")
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert connection.is_at_its_end()


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
            secure = _ask_until_kept(connection, server, "X-Forwarded-Proto: https", path=path)
            assert secure.headers["link"].startswith("<https://localhost/api/")


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
