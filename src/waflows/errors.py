"""Everything that can go wrong in the product, as one family of exceptions.

    WaflowsError
    ├── InvalidRequest            the request itself is wrong
    │   ├── InvalidParameter      a value has the wrong type or form
    │   ├── OutOfRange            a number or a length is outside its limits
    │   ├── InvalidId             an identifier is malformed or unknown
    │   ├── InvalidFlowJson       the Flow JSON is not JSON text
    │   └── InvalidMessage        a message or template is wrong; carries the kind of problem
    ├── NotAuthenticated          no usable API key
    ├── WrongAccount              the account in the request is not the key's
    ├── Forbidden                 the key may not do this
    ├── NotFound                  it does not exist, or not for this account
    ├── Conflict                  the request is valid, but the current state forbids it
    │   ├── NameTaken
    │   ├── NotADraft
    │   ├── NotPublished
    │   ├── ChangedMeanwhile
    │   ├── NotPublishable
    │   ├── OutsideServiceWindow
    │   ├── InUse                 a template uses the flow
    │   ├── QuotaReached          the account has reached its quota
    │   └── NotPossible  FlowAnswered  OvertakenStep    on a simulated phone
    ├── Unsupported               a part of 8x8's API that waflows does not have
    ├── RateLimited               too many requests; carries the seconds to wait
    ├── HttpRefusal               refused by the rules of HTTP itself
    │   ├── RouteNotFound  MethodNotAllowed  PayloadTooLarge  TooSlow
    │   └── UnsupportedMediaType  MalformedHttp  HeadTooLarge
    ├── Unavailable               the database cannot be reached at the moment
    │   ├── Overloaded            the process has reached a limit of its resources
    │   └── ShuttingDown          the process was asked to end
    ├── DeliberateFault           a fault rule of a development server made the call fail
    └── OperatorError             a setting, a file or a command is wrong

This module knows no HTTP status and no vendor code: `waflows.http.refusals` translates.
The docstring of a class is its default message.
"""

from __future__ import annotations

import enum


class WaflowsError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        """The sentence to show to the person who made the request."""
        return str(self.args[0])


class InvalidRequest(WaflowsError):
    """The request is not valid."""


class InvalidParameter(InvalidRequest):
    """A parameter is not valid."""


class OutOfRange(InvalidRequest):
    """A parameter is out of range."""


class InvalidId(InvalidRequest):
    """An identifier is not valid."""


class InvalidFlowJson(InvalidRequest):
    """Invalid flowJson"""


class MessageProblem(enum.Enum):
    """The kinds of problems of messages and templates that 8x8 distinguishes."""

    MISSING_USER = enum.auto()
    MISSING_MSISDN = enum.auto()
    INVALID_MSISDN = enum.auto()
    MISSING_CONTENT = enum.auto()
    MISSING_TEXT = enum.auto()
    TEXT_TOO_LONG = enum.auto()
    MISSING_MEDIA_URL = enum.auto()
    INVALID_MEDIA_URL = enum.auto()
    CLIENT_MESSAGE_ID_TOO_LONG = enum.auto()
    INVALID_CONTENT_TYPE = enum.auto()
    INVALID_FALLBACK_CHANNEL = enum.auto()
    INVALID_EXPIRY = enum.auto()
    EMPTY_TEMPLATE = enum.auto()
    TEMPLATE_NAME_LENGTH = enum.auto()
    TEMPLATE_NAME = enum.auto()
    TOO_MANY_PARAMETERS = enum.auto()
    COMPONENT_COMBINATION = enum.auto()
    MISSING_LANGUAGE = enum.auto()
    INVALID_LANGUAGE = enum.auto()
    TEMPLATE_NOT_FOUND = enum.auto()
    COMPONENT_TYPE = enum.auto()
    MISSING_PARAMETERS = enum.auto()
    INVALID_PARAMETER = enum.auto()
    PARAMETER_TYPE = enum.auto()
    PARAMETER_TOO_LONG = enum.auto()
    INVALID_BUTTON_PARAMETER = enum.auto()
    COMPONENT_SUB_TYPE = enum.auto()
    INVALID_INDEX = enum.auto()


class InvalidMessage(InvalidRequest):
    """The message is not valid."""

    def __init__(self, problem: MessageProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class NotAuthenticated(WaflowsError):
    """Request was not authenticated properly: send a valid API key as "Authorization: Bearer"."""


class WrongAccount(WaflowsError):
    """The account named does not belong to this API key."""


class Forbidden(WaflowsError):
    """This API key may not do that."""


class NotFound(WaflowsError):
    """Not found."""


class Conflict(WaflowsError):
    """The state of the flow does not allow this."""


class NameTaken(Conflict):
    """A flow with this name already exists in the channel."""


class NotADraft(Conflict):
    """Flow must be in DRAFT status"""


class NotPublished(Conflict):
    """Flow is not published"""


class ChangedMeanwhile(Conflict):
    """Somebody else changed the flow meanwhile"""


class NotPublishable(Conflict):
    """Flow cannot be published"""


class OutsideServiceWindow(Conflict):
    """Outside service window"""


class InUse(Conflict):
    """Something else uses it"""


class QuotaReached(Conflict):
    """The account has reached its quota."""


class Unsupported(WaflowsError):
    """waflows does not support this function."""


class NotPossible(Conflict):
    """A user could not do that on the phone."""


class FlowAnswered(Conflict):
    """The flow of this message is already completed."""


class OvertakenStep(Conflict):
    """The phone's state has changed since: look at its screen and try again."""


class RateLimited(WaflowsError):
    """Too many requests."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Whole seconds after which the same request will be accepted."""


class HttpRefusal(WaflowsError):
    """The request breaks a rule of HTTP."""


class RouteNotFound(HttpRefusal):
    """There is no resource at this URL."""


class MethodNotAllowed(HttpRefusal):
    """This URL does not support that method."""

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow
        """The supported methods, as the value of an Allow header."""


class PayloadTooLarge(HttpRefusal):
    """The request body is too large."""


class UnsupportedMediaType(HttpRefusal):
    """The request body must be JSON."""


class MalformedHttp(HttpRefusal):
    """The request is not well-formed HTTP."""


class TooSlow(HttpRefusal):
    """The request took too long to arrive."""


class HeadTooLarge(HttpRefusal):
    """The request line and headers are too large."""


class Unavailable(WaflowsError):
    """The database cannot be reached at the moment; try again shortly."""


class Overloaded(Unavailable):
    """The server is overloaded; try again shortly."""


class ShuttingDown(Unavailable):
    """The server is shutting down: send new requests to another one."""


class DeliberateFault(WaflowsError):
    """A fault rule of this development server made the call fail."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
        """The status that the rule asks for."""


class OperatorError(WaflowsError):
    """A setting or a command is wrong."""
