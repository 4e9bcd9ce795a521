"""How a request becomes an answer: what is sent, what may come back, when to try again.

An exchange is a generator: it yields what is to be done next, a `Request` to send or a `Pause` to
keep, is given what came of it, and in the end returns a result or raises. So the whole
conversation with the server is written once and does no I/O; `sync.py` and `aio.py` carry it out.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Generator, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from waflows.client import errors
from waflows.client.errors import ClientError, ConnectionFailed, TimedOut, UnexpectedAnswer

T = TypeVar("T")

LONGEST_WAIT = 60.0
"""Seconds the client waits at most because a server asked it to; 8x8 counts by the minute."""
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 8.0
_PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})


class Request(msgspec.Struct, frozen=True):
    """A request to send.

    With the key it is for the server of the API, and no redirect is followed. Without, it is for
    a link that carries its own permission, and goes wherever that leads.
    """

    method: str
    url: str
    body: bytes | None = None
    with_key: bool = True


class Answer(msgspec.Struct, frozen=True):
    """A response as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(msgspec.Struct, frozen=True):
    """There was no response; `sent` is False when the request cannot have reached the server."""

    reason: str
    sent: bool
    timed_out: bool
    cause: Exception


class Pause(msgspec.Struct, frozen=True):
    """Wait this many seconds before going on."""

    seconds: float


Exchange = Generator[Request | Pause, Answer | NoAnswer | None, T]


def answered(request: Request, retries: int, key: str) -> Exchange[Answer]:
    """Sends a request until it is answered with success, and again at most `retries` times.

    Raises ApiError, ConnectionFailed or UnexpectedAnswer. `key` is blotted out of what they say,
    should the other side have repeated it.
    """
    for attempt in itertools.count():
        outcome = yield request
        assert outcome is not None, "a request is answered by its outcome"
        if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
            return outcome
        problem = problem_of(request, outcome, key)
        wait = None if attempt >= retries else wait_before_retry(request, problem, attempt)
        if wait is None:
            raise problem from (outcome.cause if isinstance(outcome, NoAnswer) else None)
        yield Pause(wait)
    raise AssertionError("attempts are counted without end")


def wait_before_retry(request: Request, problem: ClientError, attempt: int) -> float | None:
    """Seconds after which to send the request again; None when it must not be.

    What may have been carried out is repeated only if that does no harm: a GET. A server that
    asks for a longer time than LONGEST_WAIT is not asked again early; the caller hears of it.
    """
    asked = 0.0
    if isinstance(problem, ConnectionFailed):
        if problem.sent and request.method != "GET":
            return None
    elif isinstance(problem, errors.ApiError | UnexpectedAnswer):
        if request.method != "GET" or problem.status not in _PASSING_STATUSES:
            return None
        asked = problem.retry_after or 0.0
    if asked > LONGEST_WAIT:
        return None
    backoff = min(_FIRST_BACKOFF * 2.0**attempt, _LONGEST_BACKOFF)
    # Between half of it and all: clients that failed together do not come back together.
    return asked + backoff * random.uniform(0.5, 1.0)


def problem_of(
    request: Request, outcome: Answer | NoAnswer, key: str
) -> errors.ApiError | ConnectionFailed | UnexpectedAnswer:
    """What went wrong where there was no success; `key` is blotted out of it."""
    if isinstance(outcome, Answer):
        headers = {name: value.replace(key, "***") for name, value in outcome.headers.items()}
        body = outcome.body.replace(key.encode(), b"***")
        return errors.from_answer(outcome.status, headers, body)
    parts = urlsplit(request.url)
    where = f"{parts.scheme}://{parts.netloc}"
    if outcome.timed_out:
        return TimedOut(f"No answer in time from {where}: {outcome.reason}.", outcome.sent)
    return ConnectionFailed(f"No answer from {where}: {outcome.reason}.", outcome.sent)
