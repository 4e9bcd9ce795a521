"""From answers to exceptions."""

from __future__ import annotations

import inspect
import json
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waflows.client import errors
from waflows.client.errors import ApiError, ServerError, UnexpectedAnswer, from_answer

ERROR_ID = "db9dced4-3534-4d86-9d18-6b448af0d621"
TIMESTAMP = "2018-07-02T09:42:38.8988997+00:00"


def envelope(code: int, message: str = "Something is wrong.") -> bytes:
    told = {"code": code, "message": message, "errorId": ERROR_ID, "timestamp": TIMESTAMP}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 1000, errors.InvalidParameter),
        (400, 1008, errors.InvalidId),
        (400, 1010, errors.OutOfRange),
        (401, 1001, errors.WrongAccount),
        (401, 1200, errors.NotAuthenticated),
        (403, 1201, errors.Forbidden),
        (404, 1300, errors.NotFound),
        (405, 405, errors.MethodNotAllowed),
        (409, 1000, errors.Conflict),
        (413, 413, errors.PayloadTooLarge),
        (415, 415, errors.UnsupportedMediaType),
        (422, 1000, errors.InvalidFlowJson),
        (426, 1014, errors.UnsupportedTls),
        (429, 429, errors.RateLimited),
        (429, 1000, errors.RateLimited),
        (500, 2000, errors.InternalError),
        (501, 2001, errors.NotSupported),
        (503, 2000, errors.InternalError),
        (500, 1001, errors.ServerError),
        (502, 7777, errors.ServerError),
        (401, 7777, errors.NotAuthenticated),
        (403, 7777, errors.Forbidden),
        (404, 7777, errors.NotFound),
        (400, 7777, errors.ApiError),
    ],
)
def test_each_documented_error_is_an_exception_of_its_own(
    status: int, code: int, kind: type[ApiError]
) -> None:
    error = from_answer(status, {"x-request-id": "r-1"}, envelope(code))

    assert type(error) is kind
    assert isinstance(error, ApiError)
    assert (error.code, error.status, error.request_id) == (code, status, "r-1")
    assert (error.error_id, error.timestamp) == (ERROR_ID, TIMESTAMP)
    assert error.message == "Something is wrong."
    assert isinstance(error, ServerError) is (status >= 500)


def test_an_api_error_reads_as_its_message_with_status_code_and_error_id() -> None:
    error = from_answer(404, {}, envelope(1300, "Flow not found."))

    assert str(error) == f"Flow not found. (HTTP 404, code 1300, errorId {ERROR_ID})"


def test_fields_that_an_envelope_lacks_or_has_in_excess_do_no_harm() -> None:
    error = from_answer(404, {}, b'{"code":1300,"details":{"a":[1]}}')

    assert isinstance(error, errors.NotFound)
    assert (error.error_id, error.timestamp, error.request_id) == ("", "", None)
    assert error.message == "The server answered 404 without a message."


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Bad gateway</html>", b"[]", b'{"code":"1000"}', b'{"message":"x"}', b"\xff"],
)
def test_an_error_without_the_envelope_is_an_unexpected_answer(body: bytes) -> None:
    error = from_answer(502, {"content-type": "text/html; charset=utf-8"}, body)

    assert isinstance(error, UnexpectedAnswer)
    assert error.status == 502
    assert "502" in error.message


def test_an_unexpected_answer_shows_the_beginning_of_the_body_on_one_printable_line() -> None:
    error = from_answer(502, {"content-type": "text/html"}, b"<html>\n\x1b[31m" + b"x" * 1000)

    assert error.message.isprintable()
    assert "text/html <html> �[31mxxx" in error.message
    assert len(error.message) < 300


def test_a_redirect_is_not_followed_and_says_where_it_leads() -> None:
    error = from_answer(308, {"location": "https://example.org/api"}, b"")

    assert isinstance(error, UnexpectedAnswer)
    assert "https://example.org/api" in error.message


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    past = "Wed, 21 Oct 2015 07:28:00 GMT"

    assert from_answer(429, {"retry-after": " 7 "}, envelope(429)).retry_after == 7.0
    assert from_answer(503, {"retry-after": past}, b"").retry_after == 0.0
    dated = from_answer(429, {"retry-after": in_a_minute}, envelope(429)).retry_after
    assert dated is not None
    assert 0 < dated <= 60
    assert from_answer(429, {}, envelope(429)).retry_after is None


@given(st.text())
def test_no_retry_after_header_is_too_odd_to_be_passed_over(header: str) -> None:
    seconds = from_answer(429, {"retry-after": header}, envelope(429)).retry_after

    assert seconds is None or seconds >= 0


@given(st.integers(300, 599), st.binary())
def test_every_answer_of_300_and_above_becomes_an_exception(status: int, body: bytes) -> None:
    assert isinstance(from_answer(status, {}, body), errors.ClientError)


def test_exceptions_survive_pickling() -> None:
    for error in (
        from_answer(429, {"retry-after": "3", "x-request-id": "r"}, envelope(429)),
        from_answer(502, {}, b"oops"),
        errors.ConnectionFailed("No answer.", sent=False),
        errors.TimedOut("No response in time."),
        errors.InvalidCall("No channel is named."),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert vars(again) == vars(error)
        assert str(again) == str(error)


def test_the_front_door_offers_every_exception_and_the_module_doc_lists_it() -> None:
    from waflows import client

    family = [
        cls
        for cls in vars(errors).values()
        if inspect.isclass(cls) and issubclass(cls, errors.ClientError)
    ]
    assert len(family) > 20
    for cls in family:
        assert getattr(client, cls.__name__) is cls
        assert cls.__name__ in client.__all__
        assert f" {cls.__name__} " in str(errors.__doc__)
