"""HTTP/1.1 as waflows speaks it: uvicorn's protocol, with a few rules of its own.

A request that cannot be parsed never reaches an application, and uvicorn answers it in plain text,
ahead of the answers still due to requests before it. Here it gets the error envelope, a log line
and a place in the journal like any other, in its turn. Beyond that the head of a request is
limited, its Host is checked, as links are made from it, and offers to switch protocols are
declined without losing the request's body.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from waflows.api.gateway import LIFESPAN_KEY, Gateway
from waflows.api.memory import head_lines
from waflows.api.route import ABORT
from waflows.errors import HeadTooLarge, MalformedHttp, WaflowsError

MOST_HEAD_BYTES = 32 * 1024
_HOST = re.compile(rb"[A-Za-z0-9._~%:\[\]!$&'()*+,;=-]*")
# So long a refused client may go on sending: closing at once could destroy the answer on its way.
_LINGER_SECONDS = 2.0


class EnvelopeProtocol(HttpToolsProtocol):
    """One connection."""

    _in_head = False
    _head_bytes = 0
    # Counts of all bytes received: so far, before the present chunk, before the present request's.
    _received = 0
    _chunk_at = 0
    _request_at = 0
    _refusal: bytes | None = None

    def data_received(self, data: bytes) -> None:
        """Takes what came in; after a refusal nothing is read any more."""
        self._unset_keepalive_if_required()
        if self._refusal is not None:
            return
        began_in_head = self._in_head
        self._chunk_at = self._received
        self._received += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(_explain(error))
        else:
            if began_in_head and self._in_head:
                self._head_bytes += len(data)
                if self._head_bytes > MOST_HEAD_BYTES:
                    self._refuse(_head_too_large())

    def on_message_begin(self) -> None:
        """Expects a request."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._request_at = self._chunk_at

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header; those that trail a body are of no use here."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Checks the head and passes the request on; raises what is wrong with it."""
        self._in_head = False
        if self._received - self._request_at > MOST_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MOST_HEAD_BYTES:
                raise _head_too_large()
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise MalformedHttp("A request must have one Host header.")
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise MalformedHttp("The Host header must be a host's name, with a port or without.")
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Goes on with the next request, or with the refusal that was due after the last one."""
        last = not self.pipeline
        super().on_response_complete()
        if last and self._refusal is not None:
            self._send_refusal()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Offers a request to the gateway first: an answer from memory needs no task."""
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        scope: Any = cycle.scope
        scope[ABORT] = self.transport.abort
        go_on = functools.partial(super()._start_asgi_task, cycle, app)
        if not gateway.take(scope, functools.partial(self._respond, cycle), go_on):
            go_on()

    def _respond(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
        """Sends a whole answer with one call of the system; False when it cannot be sent now."""
        if cycle.more_body or cycle.disconnected or self.flow.write_paused:
            return False
        if self.transport.is_closing():
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        default = head_lines(self.server_state.default_headers)
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], default, head, end, body)))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def _should_upgrade(self) -> bool:
        """Whether the request offers another protocol: then uvicorn leaves it to this class."""
        return True

    def _decline_upgrade(self, rest: bytes) -> None:
        """Takes a request as if it had not offered to switch protocols, as a server may.

        The parser skips the body of such a request, so its head is parsed again without the offer.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(MalformedHttp("waflows is no proxy: it does not answer to CONNECT."))
            return
        version = self.parser.get_http_version().encode("ascii")
        head = [method, b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.data_received(b"".join([*head, b"\r\n", rest]))

    def _refuse(self, error: WaflowsError) -> None:
        """Answers 400 or the like after every answer that is still due, and ends the connection."""
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        response = gateway.refuse(error, self._partial_scope())
        headers = [*self.server_state.default_headers, *response.raw_headers]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self._refusal = b"".join(
            [STATUS_LINE[response.status_code], *lines, b"connection: close\r\n\r\n", response.body]
        )
        if self.pipeline and self.pipeline[0][0].more_body:
            self.pipeline.popleft()  # The refused request itself, waiting for its turn.
            return
        being_answered = self.cycle is not None and not self.cycle.response_complete
        if not being_answered or self.cycle.more_body:
            self._send_refusal()

    def _send_refusal(self) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(self._refusal or b"")
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _partial_scope(self) -> Scope:
        """What is known of a request that was not understood."""
        known = self.headers is not None
        path = self.url.partition(b"?")[0] if known else b""
        return {
            "type": "http",
            "method": self.parser.get_method().decode("ascii") if path else "",
            "path": path[:200].decode("latin-1"),
            "query_string": b"",
            "headers": self.headers if known else [],
            "client": self.client,
        }


def _head_too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"The request line and headers must be at most {MOST_HEAD_BYTES} bytes long together."
    )


def _explain(error: httptools.HttpParserError) -> WaflowsError:
    """What a parser's error means to the client."""
    cause = error.__context__
    if isinstance(cause, WaflowsError):
        return cause
    if isinstance(error, httptools.HttpParserCallbackError):
        return MalformedHttp("The request's target must be a path in ASCII, such as /docs.")
    return MalformedHttp(f"The request is not well-formed HTTP: {error}.")
