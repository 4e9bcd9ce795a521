"""HTTP/1.1 as waflows speaks it: uvicorn's protocol, with a few rules of its own.

A request that cannot be parsed never reaches an application, and uvicorn answers it in plain text,
ahead of the answers still due to requests before it. Here it gets the error envelope, a log line
and a place in the journal like any other, in its turn. Beyond that the head of a request is
limited, its Host is checked, as links are made from it, and offers to switch protocols are
declined without losing the request's body.

What a client sends must come in time: a head within `HEAD_SECONDS`, a body at `BODY_RATE` or
faster after the first `BODY_GRACE_SECONDS`; answers must be taken, and a connection on which
nothing is asked is closed after a while. `Traffic` looks at each connection once a second; no
request needs a timer of its own.
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

from waflows.errors import (
    HeadTooLarge,
    MalformedHttp,
    Overloaded,
    TooSlow,
    Unsupported,
    WaflowsError,
)
from waflows.http.gateway import LIFESPAN_KEY, Gateway
from waflows.http.memory import head_lines
from waflows.http.route import ABORT
from waflows.http.traffic import (
    INCOMING,
    LOOK_SECONDS,
    MOST_DRAINED,
    MOST_WAITING_IN_ALL,
    Incoming,
    Traffic,
)

MOST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 200
"""Each takes a hundred bytes and more of memory, however short it is."""
MOST_WAITING = 256
"""So many requests may wait on one connection for the answers to those before them."""
HEAD_SECONDS = 20.0
"""From the first byte of a head to its last; on a new connection, from its beginning."""
BODY_GRACE_SECONDS = 20.0
BODY_RATE = 1024
"""Bytes a second at which a body must come, on average, once its grace is over."""
IDLE_SECONDS = 75.0
"""So long a connection is kept for the next request: longer than common proxies keep theirs."""
STALLED_SECONDS = 60.0
"""So long a client may take nothing of an answer that is being sent."""
_HOST = re.compile(rb"[A-Za-z0-9._~%:\[\]!$&'()*+,;=-]*")
# So long a refused client may go on sending: closing at once could destroy the answer on its way.
_LINGER_SECONDS = 2.0
_MOST_LINGERED = 32 * 1024 * 1024


class EnvelopeProtocol(HttpToolsProtocol):
    """One connection."""

    _in_head = False
    _head_bytes = 0
    # Counts of all bytes received: so far, before the present chunk, before the present request's.
    _received = 0
    _chunk_at = 0
    _request_at = 0
    _refusal: bytes | None = None
    # The body of the request that was begun last, if it has one.
    _incoming: Incoming | None = None
    # When what is being waited for was begun: a head, a body, or waiting for the next request.
    _since = 0.0
    _lingering = False
    _lingered = 0
    _unsent = 0
    _unsent_since = 0.0
    _traffic: Traffic

    def connection_made(self, transport: Any) -> None:
        """Expects requests, when there is room for one more connection."""
        super().connection_made(transport)
        self._since = self.loop.time()
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        self._traffic = gateway.traffic
        if not self._traffic.opened(self):
            self._refuse(Overloaded("The server has as many connections as it can."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go of everything."""
        super().connection_lost(exc)
        self._traffic.closed(self)
        self._traffic.waiting -= len(self.pipeline)
        for cycle, _ in self.pipeline:
            scope: Any = cycle.scope
            if INCOMING in scope:
                scope[INCOMING].release()

    def data_received(self, data: bytes) -> None:
        """Takes what came in; after a refusal nothing is read any more."""
        if self._refusal is not None or self._lingering:
            self._lingered += len(data)
            if self._lingered > _MOST_LINGERED:
                self.transport.close()
            return
        began_in_head = self._in_head
        self._chunk_at = self._received
        self._received += len(data)
        if self._feed(data) and began_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(_head_too_large())

    def _feed(self, data: bytes | memoryview) -> bool:
        """Has data parsed; False when a request in it was refused."""
        left: list[bytes | memoryview] = [data]
        while left:
            part = left.pop()
            try:
                self.parser.feed_data(part)
            except httptools.HttpParserUpgrade as upgrade:
                rest = memoryview(part)[upgrade.args[0] :]
                head = self._without_offer()
                if head is None:
                    return False
                left += [rest, head] if rest else [head]
            except httptools.HttpParserError as error:
                self._refuse(_explain(error))
                return False
        return True

    def on_message_begin(self) -> None:
        """Expects a request."""
        super().on_message_begin()
        if self.cycle is not None:
            self._since = self.loop.time()
        self._in_head = True
        self._incoming = None
        self._head_bytes = 0
        self._request_at = self._chunk_at

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header; those that trail a body are of no use here."""
        if not self._in_head:
            return
        if len(self.headers) >= MOST_HEADERS:
            raise _head_too_large()
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Checks the head and passes the request on; raises what is wrong with it."""
        self._in_head = False
        if self._received - self._request_at > MOST_HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MOST_HEAD_BYTES:
                raise _head_too_large()
        self._check_headers()
        before = len(self.pipeline)
        if before >= MOST_WAITING:
            raise MalformedHttp(
                f"At most {MOST_WAITING} requests may wait on a connection for their answers."
            )
        if before and self._traffic.waiting >= MOST_WAITING_IN_ALL:
            raise Overloaded("Too many requests wait for the answers to those before them.")
        super().on_headers_complete()
        self._traffic.waiting += len(self.pipeline) - before

    def _check_headers(self) -> None:
        """Raises what is wrong with the headers; expects a body when they announce one."""
        hosts: list[bytes] = []
        codings: list[bytes] = []
        length = b""
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                codings.append(value)
            elif name == b"content-length":
                length = value
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise MalformedHttp("A request must have one Host header.")
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise MalformedHttp("The Host header must be a host's name, with a port or without.")
        if codings:
            self._check_codings(codings)
        if codings or length.strip(b"0"):
            self._since = self.loop.time()
            announced = None if codings else int(length)
            self._incoming = Incoming(self._traffic, announced, self.expect_100_continue)
            scope: Any = self.scope
            scope[INCOMING] = self._incoming

    def on_body(self, body: bytes) -> None:
        """Takes a part of a body, as far as somebody wants it and there is room."""
        incoming = self._incoming
        if incoming is None or self.parser.should_upgrade():
            return
        if self.cycle.response_complete:
            incoming.received += len(body)
            self._lingered += len(body)
            if self._lingered > MOST_DRAINED:
                self._linger()
        elif incoming.refusal is None:
            if incoming.take(len(body)):
                super().on_body(body)
            else:
                self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Takes note of the end of a request."""
        if self._incoming is not None and not self.parser.should_upgrade():
            self._incoming.complete = True
            self._lingered = 0
            if self.cycle.response_complete:
                self._since = self.loop.time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Goes on with the next request, or with the refusal that was due after the last one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._lingering:
            return
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._traffic.waiting -= 1
            self._start_asgi_task(cycle, app)
            return
        if not self._in_head:
            self._since = self.loop.time()
        if self._refusal is not None:
            self._send_refusal()

    def unsent(self) -> int:
        """How many bytes of answers the client has not taken yet."""
        return int(self.transport.get_write_buffer_size())

    def cut(self) -> None:
        """Ends the connection at once, with whatever was still to be sent."""
        self.transport.abort()

    def check(self, now: float) -> None:
        """Ends what has taken too long."""
        unsent = self.unsent()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since > STALLED_SECONDS:
            self.transport.abort()
            return
        if self._refusal is not None or self._lingering or self.transport.is_closing():
            return
        if self.flow.read_paused:
            # It is not the client who lets the other side wait.
            self._since += LOOK_SECONDS
            return
        waited = now - self._since
        if self._in_head:
            if waited > HEAD_SECONDS:
                self._refuse(
                    TooSlow(f"The request line and headers must arrive within {HEAD_SECONDS:g} s.")
                )
        elif self._incoming is not None and not self._incoming.complete:
            if waited > BODY_GRACE_SECONDS + self._incoming.received / BODY_RATE:
                self._end_body(self._incoming)
        elif self.idle_since() is not None and waited > (
            HEAD_SECONDS if self.cycle is None else IDLE_SECONDS
        ):
            self.transport.close()

    def idle_since(self) -> float | None:
        """Since when nothing was asked; a head that is not whole asks for nothing yet."""
        if self.cycle is not None and not (self.cycle.response_complete and not self.pipeline):
            return None
        if self._incoming is not None and not self._incoming.complete:
            return None
        return self._since

    def close_idle(self) -> None:
        """Closes the connection to make room for another."""
        self.transport.close()

    def _end_body(self, incoming: Incoming) -> None:
        """Refuses a request whose body does not come on, or ends the wait for what nobody reads."""
        if self.cycle.response_complete:
            self.transport.close()
            return
        incoming.refusal = TooSlow(
            f"The request body must arrive at {BODY_RATE} bytes a second or faster, after the"
            f" first {BODY_GRACE_SECONDS:g} s."
        )
        self.cycle.message_event.set()

    def _check_codings(self, codings: list[bytes]) -> None:
        """Refuses bodies in another transfer coding than chunks (RFC 9112, 6.1)."""
        if self.parser.get_http_version() == "1.0":
            raise MalformedHttp("A request of HTTP/1.0 cannot have a Transfer-Encoding.")
        if len(codings) > 1 or codings[0].strip().lower() != b"chunked":
            raise Unsupported(
                "The only Transfer-Encoding that waflows takes is chunked, once and alone."
            )

    def is_ending(self) -> bool:
        """Whether nothing more can be sent."""
        return self._lingering or self.transport.is_closing()

    def end(self) -> None:
        """Ends the connection; gently while some of a request is on its way."""
        if self._incoming is None or self._incoming.complete:
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Ends the connection behind the answer, and lets what still comes pass for a moment.

        Closing at once would have the client's system throw the answer away.
        """
        if self._lingering or self.transport.is_closing():
            return
        self._lingering = True
        self._lingered = 0
        self.flow.resume_reading()
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Offers a request to the gateway first: an answer from memory needs no task."""
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        scope: Any = cycle.scope
        scope[ABORT] = self.transport.abort
        if INCOMING in scope:
            cycle.transport = _Ending(self)  # type: ignore[assignment]
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

    def _without_offer(self) -> bytes | None:
        """The head of a request that offered to switch protocols, as if it had not; None for none.

        The parser skips the body of such a request, so its head is parsed again.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(MalformedHttp("waflows is no proxy: it does not answer to CONNECT."))
            return None
        version = self.parser.get_http_version().encode("ascii")
        head = [method, b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        return b"".join([*head, b"\r\n"])

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
            self._traffic.waiting -= 1
            return
        being_answered = self.cycle is not None and not self.cycle.response_complete
        if not being_answered or self.cycle.more_body:
            self._send_refusal()

    def _send_refusal(self) -> None:
        if self.transport.is_closing():
            return
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


class _Ending:
    """A connection as the answer to a request with a body sees it: it is never closed abruptly."""

    def __init__(self, protocol: EnvelopeProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._protocol.is_ending()

    def close(self) -> None:
        """Ends the connection, when the request has come in whole at once."""
        self._protocol.end()


def _head_too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"The request line and headers must be at most {MOST_HEAD_BYTES} bytes long together, and"
        f" at most {MOST_HEADERS} headers."
    )


def _explain(error: httptools.HttpParserError) -> WaflowsError:
    """What a parser's error means to the client."""
    cause = error.__context__
    if isinstance(cause, WaflowsError):
        return cause
    if isinstance(error, httptools.HttpParserCallbackError):
        return MalformedHttp("The request's target must be a path in ASCII, such as /docs.")
    return MalformedHttp(f"The request is not well-formed HTTP: {error}.")
