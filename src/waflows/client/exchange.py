"""Turn a request into a result: what to send, how to read the outcome, when to retry.

An exchange is a generator: it yields a `Request` to send or a `Pause` to make, receives the
outcome, and finally returns a result or raises. So the protocol is written once, without I/O;
`sync.py` and `aio.py` run it.
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
"""Maximum seconds to wait at the server's request; 8x8 counts requests per minute."""
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.5, 8.0
_PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})


class Request(msgspec.Struct, frozen=True):
    """A request to send.

    With the key it goes to the API server, and redirects are not followed. Without, it goes to a
    link that carries its own permission, and redirects are followed.
    """

    method: str
    url: str
    body: bytes | None = None
    with_key: bool = True


class Answer(msgspec.Struct, frozen=True):
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(msgspec.Struct, frozen=True):
    """There was no response; `sent` is False if the request cannot have reached the server."""

    reason: str
    sent: bool
    timed_out: bool
    cause: Exception


class Pause(msgspec.Struct, frozen=True):
    """Wait this many seconds before continuing."""

    seconds: float


Exchange = Generator[Request | Pause, Answer | NoAnswer | None, T]


def answered(request: Request, retries: int, key: str) -> Exchange[Answer]:
    """Sends a request until it succeeds, with at most `retries` retries.

    Raises ApiError, ConnectionFailed or UnexpectedAnswer. `key` is redacted from their messages in
    case the server repeated it.
    """
    for attempt in itertools.count():
        outcome = yield request
        assert outcome is not None, "a request is resumed with its outcome"
        if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
            return outcome
        problem = problem_of(request, outcome, key)
        wait = None if attempt >= retries else wait_before_retry(request, problem, attempt)
        if wait is None:
            raise problem from (outcome.cause if isinstance(outcome, NoAnswer) else None)
        yield Pause(wait)
    raise AssertionError("the loop over attempts is endless")


def wait_before_retry(request: Request, problem: ClientError, attempt: int) -> float | None:
    """Seconds after which to retry the request; None if it must not be retried.

    A request that may have taken effect is retried only if it is a GET. If the server asks for a
    longer wait than LONGEST_WAIT, the error is raised instead of retrying early.
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
    # Between half and all of it, so that clients that failed together do not retry together.
    return asked + backoff * random.uniform(0.5, 1.0)


def problem_of(
    request: Request, outcome: Answer | NoAnswer, key: str
) -> errors.ApiError | ConnectionFailed | UnexpectedAnswer:
    """The exception for a failed outcome; `key` is redacted from its message."""
    if isinstance(outcome, Answer):
        headers = {name: value.replace(key, "***") for name, value in outcome.headers.items()}
        body = outcome.body.replace(key.encode(), b"***")
        return errors.from_answer(outcome.status, headers, body)
    parts = urlsplit(request.url)
    where = f"{parts.scheme}://{parts.netloc}"
    if outcome.timed_out:
        return TimedOut(f"No response in time from {where}: {outcome.reason}.", outcome.sent)
    return ConnectionFailed(f"No response from {where}: {outcome.reason}.", outcome.sent)
