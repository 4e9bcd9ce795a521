"""The outermost layer: gives each request an id, answers kept lists, notes how each one ended.

Written against plain ASGI, without a framework, because every request passes through here and a
kept list does not go further.
"""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from waflows.api.endpoint import memory_key
from waflows.api.memory import KeptList
from waflows.api.state import Exchange, RequestIds, State


class Gateway:
    """An ASGI application around the routed one."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state
        self._ids = RequestIds()
        self._recorder = state.recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, from memory when it can."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given_id = if_none_match = None
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given_id = value
            elif name == b"if-none-match":
                if_none_match = value
        exchange = Exchange(self._ids.next(given_id), scope["method"], scope["path"])
        kept = self._kept(scope) if exchange.method == "GET" else None
        try:
            if kept is not None:
                await _send_kept(kept, if_none_match, exchange, send)
            else:
                scope["waflows.exchange"] = exchange
                await self._app(scope, receive, send)
        finally:
            self._recorder.record(exchange)

    def _kept(self, scope: Scope) -> KeptList | None:
        state = self._state
        kept = state.lists.find(memory_key(scope), state.db.stamp())
        if kept is None:
            return None
        if kept.expires_at is not None and kept.expires_at <= time.time() * 1000:
            return None
        return kept


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


def names_etag(if_none_match: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match header names an entity tag, or any."""
    for candidate in if_none_match.split(b","):
        tag = candidate.strip()
        if tag == b"*" or tag.removeprefix(b"W/") == etag:
            return True
    return False
