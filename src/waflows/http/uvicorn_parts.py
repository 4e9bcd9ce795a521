"""Every undocumented member of uvicorn that waflows uses.

`waflows.http.protocol` builds on uvicorn's HTTP protocol, which halves the time of the most common
request. These members may change in any release of uvicorn, so `pyproject.toml` bounds its version
and a test compares the tables below with both the installed uvicorn and the protocol. Under plain
uvicorn, without the protocol, the application gives the same answers, but slower and with uvicorn's
limits.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

__all__ = ["STATUS_LINE", "HttpToolsProtocol", "ReadControl", "RequestResponseCycle"]

OVERRIDDEN_METHODS = (
    "_should_upgrade",
    "_start_asgi_task",
    "connection_lost",
    "connection_made",
    "data_received",
    "on_body",
    "on_header",
    "on_headers_complete",
    "on_message_begin",
    "on_message_complete",
    "on_response_complete",
    "shutdown",
)
CONNECTION_ATTRIBUTES = (
    "app_state",
    "client",
    "cycle",
    "expect_100_continue",
    "flow",
    "headers",
    "loop",
    "parser",
    "scope",
    "server_state",
    "transport",
    "url",
)
CYCLE_ATTRIBUTES = (
    "body",
    "disconnected",
    "keep_alive",
    "message_event",
    "more_body",
    "on_response",
    "response_complete",
    "response_started",
    "scope",
    "transport",
)
FLOW_ATTRIBUTES = ("pause_reading", "read_paused", "resume_reading", "write_paused")
SERVER_STATE_ATTRIBUTES = ("default_headers", "total_requests")


class ReadControl(FlowControl):
    """uvicorn's flow control, in which reading can be held however often it is resumed.

    uvicorn resumes reading whenever the application waits for a request's body or its client's
    end. What is received but not parsed yet must not grow by that.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._is_held = False

    def hold_reading(self) -> None:
        """Stops reading until `release_reading`."""
        self._is_held = True
        self.pause_reading()

    def release_reading(self, cycle: RequestResponseCycle | None) -> None:
        """Reads again, unless the application has enough of the present body to read."""
        self._is_held = False
        if cycle is None or cycle.response_complete or len(cycle.body) <= HIGH_WATER_LIMIT:
            self.resume_reading()

    def resume_reading(self) -> None:
        """Reads again, unless reading is held."""
        if not self._is_held:
            super().resume_reading()
