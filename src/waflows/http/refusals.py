"""Map the product's errors to error responses; the only module that knows the codes.

8x8 documents an integer code for most kinds of error; where it documents none, the code is the
HTTP status itself, which lies outside 8x8's range. The two dialects differ in a few statuses only.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from waflows import errors
from waflows.errors import MessageProblem
from waflows.services import clock

Dialect = Literal["reference", "guide"]


class Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """The body of every response of 400 and above."""

    code: int
    message: str
    error_id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    timestamp: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class ErrorStatus(msgspec.Struct, frozen=True):
    """Status and code of an error in one dialect."""

    status: int
    code: int


class Refusal(msgspec.Struct, frozen=True):
    """A complete error response."""

    status: int
    envelope: Envelope
    headers: dict[str, str]


_INVALID_PARAMETER, _INVALID_ID, _OUT_OF_RANGE = 1000, 1008, 1010
_WRONG_ACCOUNT, _NOT_AUTHENTICATED, _FORBIDDEN = 1001, 1200, 1201
_NOT_FOUND, _INTERNAL, _NOT_IMPLEMENTED = 1300, 2000, 2001

# The first class in this order that an error is an instance of decides.
_REFERENCE: list[tuple[type[Exception], ErrorStatus]] = [
    (errors.OutOfRange, ErrorStatus(400, _OUT_OF_RANGE)),
    (errors.InvalidId, ErrorStatus(400, _INVALID_ID)),
    (errors.InvalidRequest, ErrorStatus(400, _INVALID_PARAMETER)),
    # 8x8 has no simulated phone; 409 distinguishes an outdated step from an invalid one.
    (errors.OvertakenStep, ErrorStatus(409, 409)),
    # The code distinguishes it from a conflict, since no other state of the flow would help.
    (errors.QuotaReached, ErrorStatus(400, _OUT_OF_RANGE)),
    (errors.Conflict, ErrorStatus(400, _INVALID_PARAMETER)),
    (errors.NotAuthenticated, ErrorStatus(401, _NOT_AUTHENTICATED)),
    (errors.WrongAccount, ErrorStatus(401, _WRONG_ACCOUNT)),
    (errors.Forbidden, ErrorStatus(403, _FORBIDDEN)),
    (errors.NotFound, ErrorStatus(404, _NOT_FOUND)),
    (errors.RouteNotFound, ErrorStatus(404, _NOT_FOUND)),
    (errors.MethodNotAllowed, ErrorStatus(405, 405)),
    (errors.TooSlow, ErrorStatus(408, 408)),
    (errors.PayloadTooLarge, ErrorStatus(413, 413)),
    (errors.UnsupportedMediaType, ErrorStatus(415, 415)),
    (errors.MalformedHttp, ErrorStatus(400, _INVALID_PARAMETER)),
    (errors.Unsupported, ErrorStatus(501, _NOT_IMPLEMENTED)),
    (errors.RateLimited, ErrorStatus(429, 429)),
    (errors.HeadTooLarge, ErrorStatus(431, 431)),
    (errors.Unavailable, ErrorStatus(503, _INTERNAL)),
]
_GUIDE: list[tuple[type[Exception], ErrorStatus]] = [
    (errors.InvalidFlowJson, ErrorStatus(422, _INVALID_PARAMETER)),
    (errors.QuotaReached, ErrorStatus(409, _OUT_OF_RANGE)),
    (errors.Conflict, ErrorStatus(409, _INVALID_PARAMETER)),
    *_REFERENCE,
]
_TABLES: dict[Dialect, list[tuple[type[Exception], ErrorStatus]]] = {
    "reference": _REFERENCE,
    "guide": _GUIDE,
}
_MESSAGE_CODES = {
    MessageProblem.INVALID_MSISDN: 1002,
    MessageProblem.INVALID_EXPIRY: 1006,
    MessageProblem.MISSING_USER: 3001,
    MessageProblem.MISSING_MSISDN: 3002,
    MessageProblem.MISSING_CONTENT: 3004,
    MessageProblem.MISSING_TEXT: 3005,
    MessageProblem.TEXT_TOO_LONG: 3006,
    MessageProblem.MISSING_MEDIA_URL: 3007,
    MessageProblem.INVALID_MEDIA_URL: 3008,
    MessageProblem.CLIENT_MESSAGE_ID_TOO_LONG: 3009,
    MessageProblem.INVALID_CONTENT_TYPE: 3010,
    MessageProblem.INVALID_FALLBACK_CHANNEL: 3022,
    MessageProblem.EMPTY_TEMPLATE: 3030,
    MessageProblem.TEMPLATE_NAME_LENGTH: 3031,
    MessageProblem.TEMPLATE_NAME: 3032,
    MessageProblem.TOO_MANY_PARAMETERS: 3033,
    MessageProblem.COMPONENT_COMBINATION: 3034,
    MessageProblem.MISSING_LANGUAGE: 3036,
    MessageProblem.INVALID_LANGUAGE: 3037,
    MessageProblem.TEMPLATE_NOT_FOUND: 3038,
    MessageProblem.COMPONENT_TYPE: 3039,
    MessageProblem.MISSING_PARAMETERS: 3040,
    MessageProblem.INVALID_PARAMETER: 3041,
    MessageProblem.PARAMETER_TYPE: 3042,
    MessageProblem.PARAMETER_TOO_LONG: 3043,
    MessageProblem.INVALID_BUTTON_PARAMETER: 3049,
    MessageProblem.COMPONENT_SUB_TYPE: 3052,
    MessageProblem.INVALID_INDEX: 3053,
}
_UNEXPECTED = ErrorStatus(500, _INTERNAL)
_LONGEST_MESSAGE = 4000
_LONGEST_REPEATED = 500
_UNEXPECTED_MESSAGE = "Internal server error; look up the errorId for its cause."


def refuse(error: Exception, dialect: Dialect) -> Refusal:
    """Makes the response to an error, with a new errorId.

    An error that is not one of the product's own becomes a 500 that does not reveal its cause.
    """
    answer = answer_to(error, dialect)
    is_public = isinstance(error, errors.WaflowsError) and answer is not _UNEXPECTED
    message = str(error)[:_LONGEST_MESSAGE] if is_public else _UNEXPECTED_MESSAGE
    envelope = Envelope(answer.code, message, str(uuid.uuid4()), clock.error_timestamp())
    return Refusal(answer.status, envelope, _headers(error, answer.status))


def shortened(text: str) -> str:
    """Truncates a path or header for error messages and the journal.

    Otherwise anyone could fill the disk with errors about very long paths.
    """
    return text if len(text) <= _LONGEST_REPEATED else f"{text[:_LONGEST_REPEATED]}…"


def answer_to(error: Exception, dialect: Dialect) -> ErrorStatus:
    """Returns the status and code of an error."""
    if isinstance(error, errors.InvalidMessage):
        return ErrorStatus(400, _MESSAGE_CODES[error.problem])
    if isinstance(error, errors.DeliberateFault):
        return ErrorStatus(error.status, error.status)
    for kind, answer in _TABLES[dialect]:
        if isinstance(error, kind):
            return answer
    return _UNEXPECTED


def _headers(error: Exception, status: int) -> dict[str, str]:
    if isinstance(error, errors.RateLimited):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, errors.MethodNotAllowed):
        return {"Allow": error.allow}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": "1"}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {}
