"""What a route says about an operation, and what its handler receives and returns."""

from __future__ import annotations

import enum
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from waflows.errors import NotAuthenticated
from waflows.http import limits
from waflows.http.limits import BodyLimit
from waflows.http.refusals import Dialect
from waflows.http.state import ServerState
from waflows.services.accounts.accounts import Principal

ABORT = "waflows.abort"
"""Where a request's scope holds what cuts its connection."""

Q = TypeVar("Q")
B = TypeVar("B")


class Scope(enum.Enum):
    """What a caller must be allowed to do."""

    PUBLIC = "public"
    READ = "read"
    WRITE = "write"


class Call(msgspec.Struct, Generic[Q, B], kw_only=True):
    """One request, checked and decoded.

    `base_url` is the server as the client sees it, `client` the address it calls from. `granted`
    is what the route's `access` found the request to be allowed.
    """

    state: ServerState
    caller: Principal | None
    path: dict[str, str]
    query: Q
    body: B
    base_url: str
    request_path: str
    client: str
    granted: Any = None

    @property
    def principal(self) -> Principal:
        """Who the request speaks for; there is always one unless the route is public."""
        if self.caller is None:
            raise NotAuthenticated
        return self.caller

    @property
    def account_id(self) -> str:
        """The account of the caller's key."""
        return self.principal.account_id

    @property
    def channel_id(self) -> str:
        """The channel named in the address."""
        return self.path["channelId"]

    @property
    def flow_id(self) -> str:
        """The flow named in the address."""
        return self.path["flowId"]


class Reply(msgspec.Struct, frozen=True):
    """What a handler answers: JSON of a Struct or a list of them, bytes, a stream, or nothing.

    A stream is asked for more when the client has taken what there was, and no more when the
    client is gone.
    """

    body: msgspec.Struct | list[Any] | bytes | AsyncIterator[bytes] | None = None
    status: int = 200
    headers: dict[str, str] = {}
    content_type: str = "application/json"
    keep: bool = False
    """Whether the answer depends on the database alone and may be given again unasked."""


Handler = Callable[[Call[Any, Any]], Awaitable[Reply]]


class Granted(Protocol):
    """What a request is allowed to do, and its owner."""

    @property
    def account_id(self) -> str:
        """The account that answers for the request."""


Access = Callable[[Call[Any, None]], Awaitable[Granted]]
"""Checks by the head of a request alone whether it may go on; raises when it may not."""


class NoQuery(msgspec.Struct, frozen=True):
    """A route without query parameters."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the API.

    `body` is the type of the request body: a Struct or a list of one, None for no body. `answers`
    is the type of a successful body, None for an empty one; `produces` its media type where that
    is not JSON; `more_statuses` are those of its refusals that not every route has. `documented`
    rows stand in the OpenAPI document; `limited` ones count against the limits of requests a
    minute.

    `max_body` is the most that is read of a body. Before anything is read, the request must have
    been let through: by its key or session, and by `access` where a row has one, which sees the
    call without its body and whose answer is the call's `granted`. A `PUBLIC` row has nothing else
    that guards it, and without `access` reads no more than `limits.SIGN_IN`.

    `whole_channel` rows concern all sub-accounts of a channel alike, so that keys limited to some
    are refused. `uncovered` rows show phone numbers and answers as they are, or say where they
    go, so that masked keys are refused.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope
    name: str
    tag: str
    summary: str
    dialect: Dialect = "reference"
    query: type[msgspec.Struct] = NoQuery
    body: Any = None
    max_body: BodyLimit = limits.FORM
    access: Access | None = None
    status: int = 200
    answers: Any = None
    produces: str = "application/json"
    more_statuses: tuple[int, ...] = ()
    documented: bool = True
    limited: bool = True
    whole_channel: bool = False
    uncovered: bool = False

    @property
    def description(self) -> str:
        """The description of the operation in the API's documents: its handler's docstring."""
        return inspect.getdoc(self.handler) or ""
