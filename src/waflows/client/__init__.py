"""The Python client for a channel's WhatsApp Flows, on waflows or at 8x8.

    with Client(url, account, key, channel) as client:
        for flow in client.flows():
            print(flow.id, flow.name, flow.status)

`Client` and `AsyncClient` offer the same operations. Read `sync.py` first: it has all of them.
`operations.py` builds requests and reads responses, `exchange.py` decides on retries; neither does
I/O. This package imports nothing else from waflows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waflows.client.errors import (
    ApiError,
    ClientError,
    Conflict,
    ConnectionFailed,
    Forbidden,
    InternalError,
    InvalidCall,
    InvalidFlowJson,
    InvalidId,
    InvalidParameter,
    MethodNotAllowed,
    NoFlowJson,
    NotAuthenticated,
    NotFound,
    NotSupported,
    OutOfRange,
    PayloadTooLarge,
    RateLimited,
    ServerError,
    TimedOut,
    UnexpectedAnswer,
    UnsupportedMediaType,
    UnsupportedTls,
    WrongAccount,
)
from waflows.client.messages import FlowMessage
from waflows.client.results import (
    EXTRA_FIELDS,
    Category,
    ChatFlow,
    ChatMessage,
    EndpointCheck,
    EndpointKey,
    EndpointKeys,
    Examination,
    Flow,
    FlowSummary,
    Forgotten,
    InstalledKey,
    Page,
    Pointer,
    PreviewLink,
    Revision,
    Saved,
    Screen,
    SentMessage,
    Status,
    Submission,
    SubmissionPage,
    ValidationError,
)

__all__ = [
    "EXTRA_FIELDS",
    "ApiError",
    "AsyncClient",
    "Category",
    "ChatFlow",
    "ChatMessage",
    "Client",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "EndpointCheck",
    "EndpointKey",
    "EndpointKeys",
    "Examination",
    "Flow",
    "FlowMessage",
    "FlowSummary",
    "Forbidden",
    "Forgotten",
    "InstalledKey",
    "InternalError",
    "InvalidCall",
    "InvalidFlowJson",
    "InvalidId",
    "InvalidParameter",
    "MethodNotAllowed",
    "NoFlowJson",
    "NotAuthenticated",
    "NotFound",
    "NotSupported",
    "OutOfRange",
    "Page",
    "PayloadTooLarge",
    "Pointer",
    "PreviewLink",
    "RateLimited",
    "Revision",
    "Saved",
    "Screen",
    "SentMessage",
    "ServerError",
    "Status",
    "Submission",
    "SubmissionPage",
    "TimedOut",
    "UnexpectedAnswer",
    "UnsupportedMediaType",
    "UnsupportedTls",
    "ValidationError",
    "WrongAccount",
]

if TYPE_CHECKING:
    from waflows.client.aio import AsyncClient
    from waflows.client.sync import Client
else:
    # Hidden from type checkers, which would otherwise accept any name of this module.
    def __getattr__(name: str) -> Any:
        """Imports the clients, and with them the HTTP library, on first use."""
        if name == "Client":
            from waflows.client.sync import Client

            return Client
        if name == "AsyncClient":
            from waflows.client.aio import AsyncClient

            return AsyncClient
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
