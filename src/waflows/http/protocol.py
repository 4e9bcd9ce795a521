"""The HTTP/1.1 protocol of waflows: uvicorn's protocol with stricter limits.

uvicorn answers a request that cannot be parsed in plain text. Here it gets the error envelope, a
log line and a record in the journal like any other. The head of a request is checked, and offers to
switch protocols are declined without losing the request's body.

Only the next request on a connection is parsed. What a client sends ahead is kept as bytes until
the previous answer has been sent, and meanwhile nothing more is read from the connection.

A head must arrive within `HEAD_SECONDS`, and a body at `BODY_RATE` or faster after the first
`BODY_GRACE_SECONDS`. Connections are closed if the client does not receive its answers, or sends no
request for a while. `Traffic` checks each connection once a second, so no request needs a timer.
"""

from __future__ import annotations

import functools
from typing import Any

import httptools
from starlette.types import Scope

from waflows.errors import MalformedHttp, Overloaded, TooSlow, WaflowsError
from waflows.http import heads
from waflows.http.framing import CHUNKED_PIECE_BYTES, SMALL_CHUNKED_PIECE_BYTES, Framing
from waflows.http.gateway import LIFESPAN_KEY, Gateway
from waflows.http.memory import head_lines
from waflows.http.route import ABORT
from waflows.http.traffic import (
    INCOMING,
    LOOK_SECONDS,
    MOST_DRAINED,
    MOST_UNPARSED_BYTES,
    Incoming,
    Traffic,
)
from waflows.http.uvicorn_parts import (
    STATUS_LINE,
    HttpToolsProtocol,
    ReadControl,
    RequestResponseCycle,
)

HEAD_SECONDS = 20.0
"""From the first byte of a head to its last; on a new connection, from its beginning."""
BODY_GRACE_SECONDS = 20.0
BODY_RATE = 1024
"""The slowest average rate of a body, in bytes per second, after the grace period."""
IDLE_SECONDS = 75.0
"""How long an idle connection is kept: longer than common proxies keep theirs."""
DRAIN_SECONDS = 3.0
"""How long a process that is ending keeps an idle connection for one more request."""
STALLED_SECONDS = 60.0
"""How long a client may receive nothing of an answer that is being sent."""
# How long a refused client may go on sending; closing at once could destroy the answer in transit.
_LINGER_SECONDS = 2.0
_MOST_LINGERED = 32 * 1024 * 1024


class EnvelopeProtocol(HttpToolsProtocol):
    """One connection."""

    flow: ReadControl
    _traffic: Traffic
    _framing: Framing
    _in_head = False
    # What was received and is not parsed yet: the bytes of this from that place on.
    _unparsed = b""
    _unparsed_at = 0
    _is_queued = False
    # Whether more had been received behind the piece that was parsed last.
    _is_followed = False
    _refusal: bytes | None = None
    # The body of the request that was begun last, if it has one.
    _incoming: Incoming | None = None
    # When the current phase began: receiving a head, receiving a body, or idle.
    _since = 0.0
    _lingering = False
    _lingered = 0
    _unsent = 0
    _unsent_since = 0.0

    def connection_made(self, transport: Any) -> None:
        """Accepts the connection, or refuses it if there are too many."""
        super().connection_made(transport)
        self.flow = ReadControl(transport)
        self._framing = Framing()
        self._since = self.loop.time()
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        self._traffic = gateway.traffic
        if not self._traffic.add(self):
            self._refuse(Overloaded("The server has too many connections; try again shortly."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Releases everything that is held for the connection."""
        super().connection_lost(exc)
        self._traffic.remove(self)
        self._set_unparsed(b"", 0)

    def data_received(self, data: bytes) -> None:
        """Parses received bytes; after a refusal they are discarded."""
        if self._refusal is not None or self._lingering:
            self._lingered += len(data)
            if self._lingered > _MOST_LINGERED:
                self.transport.close()
        elif self._unparsed:
            self._keep_unparsed(self._unparsed[self._unparsed_at :] + data, 0)
        elif self._can_parse() and self._framing.is_one_head(data):
            # Nearly every request is like this, so it takes the shortest path.
            self._is_followed = False
            self._feed(data)
        else:
            self._parse(data, 0, SMALL_CHUNKED_PIECE_BYTES)

    def _parse(self, data: bytes, start: int, most: int) -> None:
        """Parses the next request as far as it was received; keeps what follows it."""
        end = start
        if self._can_parse():
            end = self._parse_piece(data, start, most)
            if end < len(data) and self._framing.is_in_body:
                end = self._parse_piece(data, end, most)
        if end < len(data):
            self._keep_unparsed(data, end)

    def _parse_piece(self, data: bytes, start: int, most: int) -> int:
        """Parses one piece and returns where it ends; after a refusal, the end of the data."""
        end = self._framing.end_of_piece(data, start, most)
        self._is_followed = end < len(data)
        if self._framing.head_bytes > heads.MOST_HEAD_BYTES:
            self._refuse(heads.head_too_large())
            return len(data)
        self._feed(data[start:end])
        if self._framing.bytes_without_data > heads.MOST_BYTES_WITHOUT_DATA:
            self._refuse_trailers()
        return len(data) if self._refusal is not None or self._lingering else end

    def _feed(self, piece: bytes) -> None:
        """Parses one piece; refuses what is wrong with it."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            # The parser stops behind the head, which is the end of the piece.
            head = self._without_offer()
            if head is not None:
                self._renew_parser()
                self._feed(head)
        except httptools.HttpParserError as error:
            self._refuse(heads.explain(error))

    def _refuse_trailers(self) -> None:
        """Refuses a request with too large trailers; ends the connection if it was answered."""
        if self._refusal is None and self.cycle.response_complete:
            self._linger()
        elif self._refusal is None:
            self._refuse(heads.trailers_too_large())

    def _can_parse(self) -> bool:
        """Whether the next bytes need not wait for an answer to the request before."""
        return self.cycle is None or self.cycle.response_complete or self._framing.is_in_body

    def _keep_unparsed(self, data: bytes, start: int) -> None:
        """Keeps bytes that must wait to be parsed, and stops reading while there are any."""
        self._set_unparsed(data, start)
        if not self._unparsed:
            self.flow.release_reading(self.cycle)
        elif self._traffic.unparsed_bytes > MOST_UNPARSED_BYTES:
            self._keep_unparsed(b"", 0)
            self._refuse(Overloaded("Too many requests wait for the answers to those before them."))
        else:
            self.flow.hold_reading()
            if self._can_parse():
                self._queue()

    def _set_unparsed(self, data: bytes, start: int) -> None:
        before = len(self._unparsed) - self._unparsed_at
        self._unparsed, self._unparsed_at = (data, start) if start < len(data) else (b"", 0)
        self._traffic.unparsed_bytes += len(self._unparsed) - self._unparsed_at - before

    def _queue(self) -> None:
        """Queues the connection for parsing more."""
        if not self._is_queued:
            self._is_queued = True
            self._traffic.pacer.continue_later(self._parse_more)

    def _parse_more(self) -> None:
        self._is_queued = False
        if not self._unparsed or self.transport.is_closing():
            return
        data, start = self._unparsed, self._unparsed_at
        self._set_unparsed(b"", 0)
        self._parse(data, start, CHUNKED_PIECE_BYTES)
        if not self._unparsed:
            self.flow.release_reading(self.cycle)

    def on_message_begin(self) -> None:
        """Begins a request."""
        super().on_message_begin()
        if self.cycle is not None:
            self._since = self.loop.time()
        self._in_head = True
        self._incoming = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collects a header; trailers are ignored."""
        if not self._in_head:
            return
        if len(self.headers) >= heads.MOST_HEADERS:
            raise heads.head_too_large()
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Checks the head and starts the request; raises the reason to refuse it."""
        self._in_head = False
        length = heads.body_length(self.headers, self.parser.get_http_version())
        self._framing.begin_body(length)
        if length != 0:
            self._since = self.loop.time()
            self._incoming = Incoming(self._traffic, length, self.expect_100_continue)
            scope: Any = self.scope
            scope[INCOMING] = self._incoming
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Passes on a part of a body, if it is needed and there is room."""
        self._framing.note_data()
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
        """Completes a request."""
        self._framing.end_body()
        if self._incoming is not None and not self.parser.should_upgrade():
            self._incoming.complete = True
            self._lingered = 0
            if self.cycle.response_complete:
                self._since = self.loop.time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Continues with the next request, or sends the refusal that waits for this answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._lingering:
            return
        if self._unparsed:
            self._queue()
        if not self._in_head:
            self._since = self.loop.time()
        if self._refusal is not None:
            self._send_refusal()

    def shutdown(self) -> None:
        """Begins to end the connection, when the process ends.

        A draining process closes no idle connection at once, as a request may be on its way: it
        is answered, with the announcement that the connection ends.
        """
        if not self._traffic.is_draining:
            super().shutdown()
            return
        # After its head an answer cannot say any more that it is the last.
        if self.cycle is not None and not self.cycle.response_started:
            self._mark_last(self.cycle)

    def _mark_last(self, cycle: RequestResponseCycle) -> None:
        """Ends the connection of a draining process with an answer if no request follows it."""
        if not self._traffic.is_draining or self._unparsed:
            return
        # While a head is parsed, what follows it is not kept yet.
        if not self._is_followed or self._framing.is_in_body:
            cycle.keep_alive = False

    def unsent(self) -> int:
        """How many bytes of answers the client has not received yet."""
        return int(self.transport.get_write_buffer_size())

    def cut(self) -> None:
        """Aborts the connection; unsent bytes are discarded."""
        self.transport.abort()

    def check(self, now: float) -> None:
        """Closes the connection, or refuses its request, if a timeout has passed."""
        unsent = self.unsent()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since > STALLED_SECONDS:
            self.transport.abort()
            return
        if self._refusal is not None or self._lingering or self.transport.is_closing():
            return
        if self.flow.read_paused:
            # The client is not to blame for the delay.
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
        elif self.idle_since() is not None and waited > self._patience():
            self.transport.close()

    def _patience(self) -> float:
        """How many seconds an idle connection is kept."""
        if self._traffic.is_draining:
            return DRAIN_SECONDS
        return HEAD_SECONDS if self.cycle is None else IDLE_SECONDS

    def idle_since(self) -> float | None:
        """Since when it has been idle; an incomplete head counts as idle."""
        if self._unparsed or (self.cycle is not None and not self.cycle.response_complete):
            return None
        if self._incoming is not None and not self._incoming.complete:
            return None
        return self._since

    def close_idle(self) -> None:
        """Closes the connection to make room for another."""
        self.transport.close()

    def _end_body(self, incoming: Incoming) -> None:
        """Refuses a request whose body is too slow, or stops waiting for an unread body."""
        if self.cycle.response_complete:
            self.transport.close()
            return
        incoming.refusal = TooSlow(
            f"The request body must arrive at {BODY_RATE} bytes a second or faster, after the"
            f" first {BODY_GRACE_SECONDS:g} s."
        )
        self.cycle.message_event.set()

    def is_ending(self) -> bool:
        """Whether nothing more can be sent."""
        return self._lingering or self.transport.is_closing()

    def end(self) -> None:
        """Closes the connection; not abruptly while a request is being received."""
        if self._incoming is None or self._incoming.complete:
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Stops sending, and discards what is received for a moment before closing.

        Closing at once could make the client's system discard the answer.
        """
        if self._lingering or self.transport.is_closing():
            return
        self._lingering = True
        self._lingered = 0
        self._keep_unparsed(b"", 0)
        self.flow.resume_reading()
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Offers a request to the gateway first; an answer from the cache needs no task."""
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        scope: Any = cycle.scope
        scope[ABORT] = self.transport.abort
        if INCOMING in scope:
            cycle.transport = _Ending(self)  # type: ignore[assignment]
        go_on = functools.partial(self._start_in_turn, cycle, app)
        if not gateway.take(scope, functools.partial(self._respond, cycle), go_on):
            go_on()

    def _start_in_turn(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._traffic.pacer.start(functools.partial(self._start, cycle, app))

    def _start(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Starts a request, unless its client has disconnected meanwhile."""
        if cycle.disconnected:
            scope: Any = cycle.scope
            incoming: Incoming | None = scope.get(INCOMING)
            if incoming is not None:
                incoming.release()
        else:
            self._mark_last(cycle)
            super()._start_asgi_task(cycle, app)

    def _respond(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
        """Sends a complete answer in one system call; False if it cannot be sent now."""
        if cycle.more_body or cycle.disconnected or self.flow.write_paused:
            return False
        if self.transport.is_closing():
            return False
        if self._traffic.is_draining:
            self._mark_last(cycle)
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
        """Makes uvicorn leave requests that offer another protocol to this class."""
        return True

    def _without_offer(self) -> bytes | None:
        """The head of a request without its offer to switch protocols; None if it was refused.

        The parser skips the body of such a request, so its head is parsed again.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(MalformedHttp("waflows is not a proxy: it does not support CONNECT."))
            return None
        version = self.parser.get_http_version().encode("ascii")
        head = [method, b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        return b"".join([*head, b"\r\n"])

    def _renew_parser(self) -> None:
        """Begins with a new parser: one that has seen `Connection: close` discards what follows."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _refuse(self, error: WaflowsError) -> None:
        """Sends an error response, after the answer that is being sent, and closes."""
        gateway: Gateway = self.app_state[LIFESPAN_KEY]
        response = gateway.refuse(error, self._partial_scope())
        headers = [*self.server_state.default_headers, *response.raw_headers]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self._refusal = b"".join(
            [STATUS_LINE[response.status_code], *lines, b"connection: close\r\n\r\n", response.body]
        )
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
        """The scope of a request that was not parsed completely."""
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
    """The transport for the answer to a request with a body: it is never closed abruptly."""

    def __init__(self, protocol: EnvelopeProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._protocol.is_ending()

    def close(self) -> None:
        """Closes the connection, at once if the request was received completely."""
        self._protocol.end()
