"""The exceptions that a call can raise.

    ClientError                     the call failed
    ├── InvalidCall                 an argument is invalid; nothing was sent
    ├── ConnectionFailed            no response was received
    │   └── TimedOut                no response was received in time
    ├── UnexpectedAnswer            the response does not follow this API
    ├── NoFlowJson                  the flow has no Flow JSON to download
    └── ApiError                    the server rejected the request and gave a reason
        ├── InvalidParameter        400, code 1000: also when the flow's status forbids it
        ├── InvalidId               400, code 1008
        ├── OutOfRange              400, code 1010
        ├── NotAuthenticated        401, code 1200: no key, or not a valid one
        ├── WrongAccount            401, code 1001: the key belongs to another account
        ├── Forbidden               403, code 1201
        ├── NotFound                404, code 1300
        ├── MethodNotAllowed        405
        ├── Conflict                409: the flow's status or name forbids it
        ├── PayloadTooLarge         413
        ├── UnsupportedMediaType    415
        ├── InvalidFlowJson         422
        ├── UnsupportedTls          426, code 1014
        ├── RateLimited             429
        └── ServerError             500 and above
            ├── InternalError       500, code 2000
            └── NotSupported        501, code 2001

Any other error is an `ApiError`, or a `ServerError` from 500 on. This module
knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

_LONGEST_EXCERPT = 120


class ClientError(Exception):
    """The call failed."""

    @property
    def message(self) -> str:
        """What went wrong, as a sentence."""
        return str(self.args[0])

    def __str__(self) -> str:
        """The message."""
        return self.message


class InvalidCall(ClientError, ValueError):
    """An argument is invalid. Nothing was sent."""


class ConnectionFailed(ClientError):
    """No response was received.

    `sent` is False if the request cannot have reached the server. If it is True, a write may have
    taken effect: check before you repeat it.
    """

    def __init__(self, message: str, sent: bool = True) -> None:
        super().__init__(message, sent)
        self.sent = sent


class TimedOut(ConnectionFailed):
    """No response was received in time."""


class UnexpectedAnswer(ClientError):
    """The response does not follow this API: it came from another server or an intermediary.

    `status` is the HTTP status; `retry_after` is the number of seconds to wait, if the response
    has one.
    """

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message, status, retry_after)
        self.status = status
        self.retry_after = retry_after


class NoFlowJson(ClientError):
    """The flow has no Flow JSON to download."""


class ApiError(ClientError):
    """The server rejected the request and gave a reason.

    `code` is the API's number for the error. Quote `error_id` and `timestamp` (unchanged text) to
    the operator of the server. `status` is the HTTP status. `request_id` and `retry_after` (in
    seconds) are None if the response has none.
    """

    def __init__(
        self,
        message: str,
        code: int,
        error_id: str,
        timestamp: str,
        status: int,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        # All arguments, so that the exception can be pickled.
        super().__init__(message, code, error_id, timestamp, status, request_id, retry_after)
        self.code = code
        self.error_id = error_id
        self.timestamp = timestamp
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The message, and what to quote when asking about it."""
        return f"{self.message} (HTTP {self.status}, code {self.code}, errorId {self.error_id})"


class InvalidParameter(ApiError):
    """A parameter is not valid, or the flow's status does not allow the operation."""


class InvalidId(ApiError):
    """An identifier is malformed or unknown."""


class OutOfRange(ApiError):
    """A number or a length is outside its limits."""


class NotAuthenticated(ApiError):
    """The API key is missing, unknown, expired or revoked."""


class WrongAccount(ApiError):
    """The account does not belong to the API key."""


class Forbidden(ApiError):
    """The API key is not allowed to do this."""


class NotFound(ApiError):
    """The resource does not exist, or not for this account."""


class MethodNotAllowed(ApiError):
    """The URL does not support the method: it is probably not a URL of this API."""


class Conflict(ApiError):
    """The flow's status, or another flow with the same name, does not allow this."""


class PayloadTooLarge(ApiError):
    """The request body is too large."""


class UnsupportedMediaType(ApiError):
    """The server does not accept a body of this type."""


class InvalidFlowJson(ApiError):
    """The Flow JSON is not valid."""


class UnsupportedTls(ApiError):
    """The server does not support this version of TLS."""


class RateLimited(ApiError):
    """Too many requests; `retry_after` says how many seconds to wait."""


class ServerError(ApiError):
    """The server failed; the request was not the cause."""


class InternalError(ServerError):
    """The server had an internal error."""


class NotSupported(ServerError):
    """The server does not support this function."""


# Statuses with a single meaning; for the others the code decides.
_BY_STATUS: dict[int, type[ApiError]] = {
    405: MethodNotAllowed,
    409: Conflict,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: InvalidFlowJson,
    426: UnsupportedTls,
    429: RateLimited,
    501: NotSupported,
}
_BY_CODE: dict[int, type[ApiError]] = {
    1000: InvalidParameter,
    1001: WrongAccount,
    1008: InvalidId,
    1010: OutOfRange,
    1014: UnsupportedTls,
    1200: NotAuthenticated,
    1201: Forbidden,
    1300: NotFound,
    2000: InternalError,
    2001: NotSupported,
}
_BY_STATUS_OF_UNKNOWN_CODE: dict[int, type[ApiError]] = {
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
}


class _Envelope(msgspec.Struct, rename="camel"):
    code: int
    message: str = ""
    error_id: str = ""
    timestamp: str = ""


def from_answer(
    status: int, headers: Mapping[str, str], body: bytes
) -> ApiError | UnexpectedAnswer:
    """The exception for a response with status 300 or above; header names are in lower case."""
    retry_after = _seconds(headers.get("retry-after"))
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        envelope = None
    if status < 400 or envelope is None:
        return UnexpectedAnswer(_describe(status, headers, body), status, retry_after)
    return _kind(status, envelope.code)(
        envelope.message or f"The server answered {status} without a message.",
        envelope.code,
        envelope.error_id,
        envelope.timestamp,
        status,
        headers.get("x-request-id"),
        retry_after,
    )


def _kind(status: int, code: int) -> type[ApiError]:
    kind = (
        _BY_STATUS.get(status)
        or _BY_CODE.get(code)
        or _BY_STATUS_OF_UNKNOWN_CODE.get(status)
        or ApiError
    )
    # 8x8's examples show code 1001 with status 500, which is still a server error.
    return kind if status < 500 or issubclass(kind, ServerError) else ServerError


def _describe(status: int, headers: Mapping[str, str], body: bytes) -> str:
    if status < 400 and "location" in headers:
        return (
            f"The server answered {status} with a redirect to {headers['location']}; the client"
            " does"
            " not send its key to another address. If that address is right, use it as the URL."
        )
    said = f"{headers.get('content-type', '').partition(';')[0]} {excerpt(body)}".strip()
    return f"The server answered {status} without this API's error envelope: {said or 'nothing'}"


def excerpt(body: bytes) -> str:
    """The beginning of an unexpected body, on one line."""
    text = " ".join(body[: 4 * _LONGEST_EXCERPT].decode("utf-8", "replace").split())
    printable = "".join(character if character.isprintable() else "�" for character in text)
    return printable if len(printable) <= _LONGEST_EXCERPT else printable[:_LONGEST_EXCERPT] + "…"


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header in seconds; the header holds a number or a date."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
