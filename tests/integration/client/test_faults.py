"""Both clients against a server that fails: when they try again, and what they raise."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from harness.scripted import CUT, SILENT, answer, refusal, scripted, unused_url

from waflows.client import (
    ConnectionFailed,
    InternalError,
    NotFound,
    RateLimited,
    TimedOut,
    UnexpectedAnswer,
)

KEY = "wf_live_abcdef0123456789"
NO_FLOWS = answer(200, {"flows": []})


def at(connect: Any, url: str, **options: Any) -> Any:
    return connect(url, "account", KEY, "channel", **options)


def test_a_429_is_waited_out_as_long_as_the_server_asks(connect: Any) -> None:
    with scripted(refusal(429, 429, Retry_After="1"), NO_FLOWS) as server:
        started = time.monotonic()
        page = at(connect, server.url).page()
        waited = time.monotonic() - started

    assert page.flows == []
    assert len(server.received) == 2
    assert waited >= 1.0


def test_an_error_of_the_server_and_a_cut_connection_pass_for_a_read(connect: Any) -> None:
    with scripted(refusal(500, 2000), CUT, NO_FLOWS) as server:
        assert at(connect, server.url).page().flows == []

    assert [request.method for request in server.received] == ["GET", "GET", "GET"]


def test_a_half_answer_is_asked_for_again(connect: Any) -> None:
    with scripted(answer(200, b'{"flows":', length=900), NO_FLOWS) as server:
        assert at(connect, server.url).page().flows == []

    assert len(server.received) == 2


def test_a_read_that_keeps_failing_raises_the_last_error(connect: Any) -> None:
    with (
        scripted(refusal(503, 2000), refusal(500, 2000, "Broken.")) as server,
        pytest.raises(InternalError, match=r"Broken\."),
    ):
        at(connect, server.url, retries=1).page()

    assert len(server.received) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(refusal(500, 2000), InternalError), (refusal(429, 429), RateLimited),
     (CUT, ConnectionFailed)],
)  # fmt: skip
def test_a_write_is_never_sent_twice(connect: Any, fault: bytes, kind: type[Exception]) -> None:
    writes: dict[str, Callable[[Any], Any]] = {
        "POST": lambda client: client.create("N", ["OTHER"]),
        "PUT": lambda client: client.update("1", name="N"),
        "DELETE": lambda client: client.delete("1"),
    }
    for method, call in writes.items():
        with scripted(fault, answer(200, {"id": "1"})) as server, pytest.raises(kind):
            call(at(connect, server.url))
        assert [request.method for request in server.received] == [method]


def test_a_connection_cut_during_a_write_is_told_from_one_that_was_never_made(
    connect: Any,
) -> None:
    with scripted(CUT) as server, pytest.raises(ConnectionFailed) as cut:
        at(connect, server.url).publish("1")
    with pytest.raises(ConnectionFailed) as refused:
        at(connect, unused_url(), retries=1).publish("1")

    assert cut.value.sent
    assert not refused.value.sent


def test_a_silent_server_is_given_up_in_time(connect: Any) -> None:
    with scripted(SILENT) as server, pytest.raises(TimedOut) as caught:
        at(connect, server.url, timeout=0.2).publish("1")

    assert caught.value.sent
    assert len(server.received) == 1


def test_a_read_that_gets_no_answer_in_time_is_tried_again(connect: Any) -> None:
    with scripted(SILENT, *[NO_FLOWS] * 3) as server:
        assert at(connect, server.url, timeout=0.5).page().flows == []


@pytest.mark.parametrize(
    "odd",
    [
        answer(200, b"<html>Sign in to the hotel's network</html>", {"Content-Type": "text/html"}),
        answer(200, {"flows": [{"id": 7}]}),
        answer(404, b"no such page", {"Content-Type": "text/plain"}),
        answer(302, b"", {"Location": "https://elsewhere.example/"}),
        answer(200, b"not gzip", {"Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_not_the_apis_is_named_as_such(connect: Any, odd: bytes) -> None:
    with scripted(odd) as server, pytest.raises(UnexpectedAnswer):
        at(connect, server.url).page()

    assert len(server.received) == 1


def test_neither_the_download_nor_its_redirect_gets_to_see_the_key(connect: Any) -> None:
    with (
        scripted(answer(200, b"{}\r\n")) as store,
        scripted(answer(307, b"", {"Location": f"{store.url}/text"})) as link,
    ):
        details = {"flowId": "1", "name": "N", "status": "DRAFT", "flowJsonUrl": f"{link.url}/f"}
        with scripted(answer(200, details)) as server:
            assert at(connect, server.url).download("1") == b"{}\r\n"

    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"
    for elsewhere in (link, store):
        assert len(elsewhere.received) == 1
        assert KEY not in str(elsewhere.received)


def test_the_next_page_is_asked_of_the_same_server_wherever_the_link_points(connect: Any) -> None:
    first = answer(
        200,
        {"flows": [{"id": "2", "name": "Two", "status": "DRAFT"}]},
        {
            "X-Total-Count": "2",
            "Link": '<http://inner.invalid/flows?limit=1&after=abc>; rel="next"',
        },
    )
    last = answer(200, {"flows": [{"id": "1", "name": "One", "status": "DRAFT"}]})
    with scripted(first, last) as server:
        ids = [flow.id for flow in at(connect, server.url).flows(page_size=1)]

    assert ids == ["2", "1"]
    assert server.received[1].target.endswith("/flows?limit=1&after=abc")


def test_a_server_without_paging_is_read_in_one_request(connect: Any) -> None:
    with scripted(
        answer(200, {"flows": [{"id": "1", "name": "One", "status": "DRAFT"}]})
    ) as server:
        [page] = at(connect, server.url).pages()

    assert not page.cut_off
    assert [request.target for request in server.received] == [
        "/api/v1/accounts/account/channels/channel/flows?limit=1000"
    ]


def test_a_failed_download_link_is_named_as_such(connect: Any) -> None:
    with scripted(answer(403, b"<Error>expired</Error>")) as store:
        details = {"flowId": "1", "name": "N", "status": "DRAFT", "flowJsonUrl": f"{store.url}/f"}
        with scripted(answer(200, details)) as server, pytest.raises(UnexpectedAnswer) as caught:
            at(connect, server.url).download("1")

    assert caught.value.status == 403


def test_the_key_stays_out_of_every_log_and_error(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    echo = refusal(404, 1300, f"Unknown: Bearer {KEY}")
    with (
        caplog.at_level(logging.DEBUG),
        scripted(refusal(500, 2000), CUT, echo) as server,
        pytest.raises(NotFound) as caught,
    ):
        at(connect, server.url).get("1")

    assert KEY not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
    assert caplog.records
    assert KEY not in caplog.text
