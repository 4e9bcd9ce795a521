"""When a request is sent again, and after how long."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.client import errors
from waflows.client.exchange import (
    LONGEST_WAIT,
    Answer,
    Exchange,
    NoAnswer,
    Pause,
    Request,
    answered,
    wait_before_retry,
)

KEY = "wf_live_abcdef0123456789"
GET = Request("GET", "http://server/flows?limit=1")
POST = Request("POST", "http://server/flows", b"{}")
DELETE = Request("DELETE", "http://server/flows/1")
PUT = Request("PUT", "http://server/flows/1", b"{}")
OK = Answer(200, {}, b"fine")
REFUSED = NoAnswer("Connection refused", sent=False, timed_out=False, cause=OSError("refused"))
CUT = NoAnswer("Connection reset", sent=True, timed_out=False, cause=OSError("reset"))
SILENT = NoAnswer("ReadTimeout", sent=True, timed_out=True, cause=OSError("timeout"))


def error(status: int, **headers: str) -> Answer:
    body = f'{{"code":{status},"message":"No.","errorId":"e","timestamp":"t"}}'
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()},
                  body.encode())  # fmt: skip


def play(exchange: Exchange[Any], *outcomes: Answer | NoAnswer) -> tuple[Any, list[float]]:
    """Carries an exchange out with these outcomes: its result or its error, and its pauses."""
    waiting = list(outcomes)
    pauses: list[float] = []
    outcome: Answer | NoAnswer | None = None
    while True:
        try:
            step = exchange.send(outcome)
        except StopIteration as end:
            result = end.value
            break
        except errors.ClientError as problem:
            result = problem
            break
        if isinstance(step, Pause):
            pauses.append(step.seconds)
            outcome = None
        else:
            outcome = waiting.pop(0)
    assert not waiting, "every outcome was asked for"
    return result, pauses


def test_a_good_answer_is_returned_at_once() -> None:
    assert play(answered(GET, 3, KEY), OK) == (OK, [])


@pytest.mark.parametrize("passing", [error(429), error(500), error(502), error(503), error(504),
                                     Answer(502, {}, b"<html>"), REFUSED, CUT, SILENT])  # fmt: skip
def test_a_get_is_sent_again_after_what_may_pass(passing: Answer | NoAnswer) -> None:
    result, pauses = play(answered(GET, 3, KEY), passing, passing, OK)

    assert result is OK
    assert len(pauses) == 2


@pytest.mark.parametrize("lasting", [error(400), error(401), error(403), error(404), error(405),
                                     error(501), Answer(302, {}, b"")])  # fmt: skip
def test_a_get_is_not_sent_again_after_what_will_not_pass(lasting: Answer) -> None:
    result, pauses = play(answered(GET, 3, KEY), lasting)

    assert isinstance(result, errors.ClientError)
    assert pauses == []


@pytest.mark.parametrize("request_", [POST, PUT, DELETE])
@pytest.mark.parametrize("outcome", [error(429), error(500), error(503), CUT, SILENT])
def test_a_write_that_may_have_arrived_is_never_sent_twice(
    request_: Request, outcome: Answer | NoAnswer
) -> None:
    result, pauses = play(answered(request_, 3, KEY), outcome)

    assert isinstance(result, errors.ClientError)
    assert pauses == []


@pytest.mark.parametrize("request_", [POST, PUT, DELETE])
def test_a_write_is_sent_again_when_no_connection_was_made(request_: Request) -> None:
    result, pauses = play(answered(request_, 3, KEY), REFUSED, OK)

    assert result is OK
    assert len(pauses) == 1


@given(st.integers(0, 5))
def test_no_more_than_the_allowed_retries_are_made(retries: int) -> None:
    result, pauses = play(answered(GET, retries, KEY), *[error(500)] * (retries + 1))

    assert isinstance(result, errors.ServerError)
    assert len(pauses) == retries


def test_the_last_failure_is_the_one_that_is_raised_with_its_cause() -> None:
    result, _ = play(answered(GET, 1, KEY), error(500), CUT)

    assert isinstance(result, errors.ConnectionFailed)
    assert result.__cause__ is CUT.cause
    assert result.message == "No response from http://server: Connection reset."


def test_a_failed_connection_tells_whether_the_request_may_have_arrived() -> None:
    refused, _ = play(answered(POST, 0, KEY), REFUSED)
    cut, _ = play(answered(POST, 0, KEY), CUT)
    silent, _ = play(answered(POST, 0, KEY), SILENT)

    assert (refused.sent, cut.sent, silent.sent) == (False, True, True)
    assert isinstance(silent, errors.TimedOut)


@given(st.integers(0, 20), st.integers(0, 60))
def test_the_wait_is_what_the_server_asks_and_a_growing_varied_moment(
    attempt: int, asked: int
) -> None:
    problem = errors.from_answer(429, {"retry-after": str(asked)}, error(429).body)
    most = min(0.5 * 2**attempt, 8.0)

    wait = wait_before_retry(GET, problem, attempt)

    assert wait is not None
    assert asked + most / 2 <= wait <= asked + most


def test_waits_are_varied_at_random() -> None:
    problem = errors.from_answer(500, {}, error(500).body)

    assert len({wait_before_retry(GET, problem, 0) for _ in range(20)}) > 1


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for() -> None:
    result, pauses = play(answered(GET, 3, KEY), error(429, retry_after=str(LONGEST_WAIT + 1)[:2]))

    assert isinstance(result, errors.RateLimited)
    assert result.retry_after == 61.0
    assert pauses == []


@pytest.mark.parametrize(
    "outcome",
    [
        Answer(500, {}, f"<pre>Authorization: Bearer {KEY}</pre>".encode()),
        Answer(400, {}, f'{{"code":1000,"message":"{KEY} is bad","errorId":"{KEY}"}}'.encode()),
        Answer(302, {"location": f"https://example.org/?key={KEY}"}, b""),
        Answer(400, {"x-request-id": KEY}, b'{"code":1000}'),
    ],
)
def test_a_key_that_the_other_side_repeats_is_blotted_out(outcome: Answer) -> None:
    result, _ = play(answered(POST, 0, KEY), outcome)

    assert isinstance(result, errors.ClientError)
    assert KEY not in f"{result} {result!r} {result.args} {vars(result)}"
    assert "***" in f"{result} {vars(result)}"


def test_retrying_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        play(answered(GET, 1, KEY), error(500), OK)

    assert caplog.records == []
