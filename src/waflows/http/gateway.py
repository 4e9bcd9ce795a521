"""The outermost layer: assigns request ids, answers cached lists and records each request.

Written without a framework, because every request passes through it and a cached list goes no
further. The protocol offers each request before it creates a task. Requests that may be answered
from the cache are answered together at the end of the event loop's turn; all others, and those
whose cached response is stale, go on to the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waflows.errors import WaflowsError
from waflows.http.hosts import OwnHosts
from waflows.http.memory import KeptList, memory_key, names_etag
from waflows.http.resource import refused
from waflows.http.state import Exchange, RequestIds, ServerState
from waflows.http.traffic import INCOMING, Incoming, Traffic

LIFESPAN_KEY = "waflows.gateway"
"""Key of the gateway in the application's lifespan state, for the protocol."""

_EXCHANGE = "waflows.exchange"

Respond = Callable[[int, bytes, bytes], bool]
"""Sends a status, header lines and a body at once; False if that is not possible."""


class Gateway:
    """An ASGI application around the routed one."""

    def __init__(self, app: ASGIApp, state: ServerState, traffic: Traffic) -> None:
        self.traffic = traffic
        self._app = app
        self._hosts = OwnHosts(state.settings) if state.development else None
        self._db = state.db
        self._state = state
        self._ids = RequestIds()
        self._lists = state.lists
        self._recorder = state.recorder
        self._taken: list[tuple[Exchange, Respond, Callable[[], None]]] = []

    def take(self, scope: Scope, respond: Respond, go_on: Callable[[], None]) -> bool:
        """Takes a request that may be answered from the cache; False for any other.

        One of the two functions is called before the next turn of the event loop has ended.
        """
        if scope["method"] != "GET" or self._has_incoming_faults():
            return False
        exchange = self._begin(scope)
        if exchange.memory_key not in self._lists:
            return False
        if not self._taken:
            asyncio.get_running_loop().call_soon(self._answer_taken)
        self._taken.append((exchange, respond, go_on))
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange: Exchange = scope.get(_EXCHANGE) or self._begin(scope)
        incoming: Incoming | None = scope.get(INCOMING)
        if incoming is not None:
            send = _ending_what_is_unread(incoming, send)
        try:
            if self._hosts is not None:
                self._hosts.check(Headers(scope=scope).get("host", ""))
            if exchange.method == "GET" and not self._has_incoming_faults():
                await self._get(scope, exchange, receive, send)
            else:
                await self._app(scope, receive, send)
        except Exception as error:
            await self._refused(error, exchange, scope)(scope, receive, send)
        finally:
            if incoming is not None:
                incoming.release()
            self._recorder.record(exchange)

    def refuse(self, error: WaflowsError, scope: Scope) -> Response:
        """Records a request that could not be parsed and makes its response."""
        exchange = Exchange(self._ids.next(None), scope["method"], scope["path"])
        response = self._refused(error, exchange, scope)
        self._recorder.record(exchange)
        return response

    def announce_end(self) -> None:
        """Has `/readyz` say from now on that this process will end."""
        self._state.readiness.is_ending = True

    def _has_incoming_faults(self) -> bool:
        """Whether any fault rule applies to incoming requests; then the cache is not used."""
        rules = self._state.fault_rules
        return rules is not None and rules.concern("incoming")

    def _begin(self, scope: Scope) -> Exchange:
        # The first of repeated headers counts, as in the application.
        headers = dict(reversed(scope["headers"]))
        request_id = self._ids.next(headers.get(b"x-request-id"))
        exchange = scope[_EXCHANGE] = Exchange(request_id, scope["method"], scope["path"])
        exchange.memory_key = memory_key(scope, headers)
        exchange.if_none_match = headers.get(b"if-none-match")
        return exchange

    def _answer_taken(self) -> None:
        taken, self._taken = self._taken, []
        # Read once, after all of these requests have arrived.
        stamp = self._db.stamp()
        for exchange, respond, go_on in taken:
            kept = self._lists.find(exchange.memory_key, stamp)
            if kept is None or kept.has_expired():
                go_on()
                continue
            unchanged = _describe(exchange, kept)
            head = kept.head_unchanged if unchanged else kept.head
            head += b"x-request-id: %b\r\n" % exchange.request_id.encode()
            if respond(exchange.status, head, b"" if unchanged else kept.body):
                exchange.from_memory = True
                self._recorder.record(exchange)
            else:
                go_on()

    async def _get(self, scope: Scope, exchange: Exchange, receive: Receive, send: Send) -> None:
        """Has the application answer, and caches the response if possible.

        A cached list that is stale is read once for all concurrent requests.
        """
        key = exchange.memory_key
        stamp = self._db.stamp()
        kept = self._lists.find(key, stamp) or await self._lists.join(key, stamp)
        if kept is not None and not kept.has_expired():
            await _send(kept, exchange, send)
            return
        self._lists.begin(key, stamp)
        try:
            await self._app(scope, receive, send)
        finally:
            self._lists.end(key, stamp, exchange.kept)

    def _refused(self, error: Exception, exchange: Exchange, scope: Scope) -> Response:
        response = refused(error, "reference", self._state, exchange, scope)
        response.headers["X-Request-Id"] = exchange.request_id
        exchange.status = response.status_code
        return response


def _ending_what_is_unread(incoming: Incoming, send: Send) -> Send:
    """Closes the connection after a response that is sent before most of the request's body."""

    async def send_or_end(message: Message) -> None:
        if message["type"] == "http.response.start" and not incoming.may_be_drained():
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return send_or_end


def _describe(exchange: Exchange, kept: KeptList) -> bool:
    """Fills an exchange from a cached list; True if the client has it already."""
    exchange.route = kept.route
    exchange.account_id = kept.account_id
    exchange.key = kept.key
    named = exchange.if_none_match
    unchanged = named is not None and names_etag(named, kept.etag)
    exchange.status = 304 if unchanged else 200
    return unchanged


async def _send(kept: KeptList, exchange: Exchange, send: Send) -> None:
    unchanged = _describe(exchange, kept)
    exchange.from_memory = True
    headers = kept.headers_unchanged if unchanged else kept.headers
    await send(
        {
            "type": "http.response.start",
            "status": exchange.status,
            "headers": [*headers, (b"x-request-id", exchange.request_id.encode())],
        }
    )
    await send({"type": "http.response.body", "body": b"" if unchanged else kept.body})
