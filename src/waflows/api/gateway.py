"""The outermost layer: gives each request an id, answers kept lists, notes how each one ended.

Written against plain ASGI, without a framework, because every request passes through here and a
kept list does not go further.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from waflows.api.endpoint import refused
from waflows.api.memory import KeptList, TurnStamp, memory_key, names_etag
from waflows.api.state import Exchange, RequestIds, State
from waflows.errors import WaflowsError

LIFESPAN_KEY = "waflows.gateway"
"""Where the application's lifespan state holds its gateway, for the protocol underneath."""


class Gateway:
    """An ASGI application around the routed one."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state
        self._ids = RequestIds()
        self._lists = state.lists
        self._stamp = TurnStamp(state.db)
        self._recorder = state.recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, from memory when it can."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Of a header given twice the first counts, as it does further in.
        headers = dict(reversed(scope["headers"]))
        given_id = headers.get(b"x-request-id")
        exchange = Exchange(self._ids.next(given_id), scope["method"], scope["path"])
        scope["waflows.exchange"] = exchange
        try:
            if exchange.method == "GET":
                await self._get(scope, headers, exchange, receive, send)
            else:
                await self._app(scope, receive, send)
        except Exception as error:
            await self._refused(error, exchange, scope)(scope, receive, send)
        finally:
            self._recorder.record(exchange)

    def refuse(self, error: WaflowsError, scope: Scope) -> Response:
        """The answer to a request that was too malformed to be passed on, as far as it is known."""
        exchange = Exchange(self._ids.next(None), scope["method"], scope["path"])
        response = self._refused(error, exchange, scope)
        self._recorder.record(exchange)
        return response

    def _refused(self, error: Exception, exchange: Exchange, scope: Scope) -> Response:
        response = refused(error, "reference", self._state, exchange, scope)
        response.headers["X-Request-Id"] = exchange.request_id
        exchange.status = response.status_code
        return response

    async def _get(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        exchange: Exchange,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answers from memory, or has the answer made and keeps it if it may be kept."""
        key = memory_key(scope, headers)
        stamp = self._stamp.now()
        kept = self._lists.find(key, stamp) or await self._lists.join(key, stamp)
        if kept is not None and not kept.has_expired():
            await _send_kept(kept, headers.get(b"if-none-match"), exchange, send)
            return
        # What has changed should not cost the rest of this turn the use of what is kept anew.
        self._stamp.forget()
        stamp = self._stamp.now()
        self._lists.begin(key, stamp)
        try:
            await self._app(scope, receive, send)
        finally:
            self._lists.end(key, stamp, exchange.kept)


async def _send_kept(
    kept: KeptList, if_none_match: bytes | None, exchange: Exchange, send: Send
) -> None:
    exchange.route = kept.route
    exchange.account_id = kept.account_id
    exchange.key = kept.key
    unchanged = if_none_match is not None and names_etag(if_none_match, kept.etag)
    exchange.status = 304 if unchanged else 200
    exchange.from_memory = True
    # Headers 0 and 1 describe the body, which a 304 has not.
    headers = kept.headers[2:] if unchanged else kept.headers
    await send(
        {
            "type": "http.response.start",
            "status": exchange.status,
            "headers": [*headers, (b"x-request-id", exchange.request_id.encode())],
        }
    )
    await send({"type": "http.response.body", "body": b"" if unchanged else kept.body})
