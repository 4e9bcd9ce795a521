"""The routes of one path as an ASGI application: authorise, read, decode, handle, encode.

A request is authorised by its head alone; only then is its body read, up to the limit of its route.

Every response of 400 and above is made here, in the error envelope, and recorded in the journal.
"""

from __future__ import annotations

import asyncio
import functools
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Send
from starlette.types import Scope as AsgiScope

from waflows.errors import (
    DeliberateFault,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    ShuttingDown,
    Unsupported,
    UnsupportedMediaType,
    WaflowsError,
)
from waflows.http import limits, reading
from waflows.http import refusals as answers
from waflows.http.authentication import (
    check_account,
    check_channel,
    check_uncovered,
    check_whole_channel,
    check_write,
)
from waflows.http.large_answers import LARGE_BYTES, send_in_slices
from waflows.http.memory import KeptList, head_lines, names_etag
from waflows.http.refusals import Dialect, Refusal, shortened
from waflows.http.route import ABORT, Call, Reply, Route, Scope
from waflows.http.state import Exchange, ServerState
from waflows.http.traffic import INCOMING, Incoming
from waflows.services import clock
from waflows.services.accounts import rate_limits
from waflows.services.accounts.accounts import Principal
from waflows.storage.error_records import ErrorRecord
from waflows.upstream.fault_rules import FaultRules

DEVELOPMENT_PATH = "/dev/"
"""The path of a development server's tools; fault rules do not apply to them."""

_SECRET_PARAMETERS = {"token", "msisdn"}
# By default responses are not cached and browsers do not guess their type.
_COMMON_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# Bodies that take more than a few milliseconds to decode are decoded off the event loop, and only a
# few of those that need much memory at a time.
_SHORT_BODY = 64 * 1024
_LONG_BODY = 1024 * 1024

BodyReader = Callable[[Any, bytes], Any]
"""Makes a value of a type from the bytes of a body."""


class Resource:
    """The routes of one path, selected by method.

    Subclasses for pages override how callers are authenticated, bodies decoded and errors shown.
    """

    def __init__(self, path: str, routes: list[Route], state: ServerState) -> None:
        self.path = path
        self.state = state
        self._routes = {route.method: route for route in routes}
        if "GET" in self._routes:
            self._routes["HEAD"] = self._routes["GET"]
        self._dialect: Dialect = routes[0].dialect

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        exchange: Exchange = scope["waflows.exchange"]
        exchange.route = self.path
        try:
            response = await self._answer(scope, receive, exchange)
        except ClientDisconnect:
            exchange.status = 499
            return
        except Exception as error:
            response = self.refused(error, exchange, scope)
        response.headers["X-Request-Id"] = exchange.request_id
        exchange.status = response.status_code
        if isinstance(response, StreamingResponse):
            await self._stream(response, exchange, scope, receive, send)
        elif len(response.body) > LARGE_BYTES:
            await self._send_large(response, exchange, scope, receive, send)
        else:
            await response(scope, receive, send)

    async def _send_large(
        self,
        response: Response,
        exchange: Exchange,
        scope: AsgiScope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Sends a large body when there is room for it, or the refusal."""
        try:
            with self.state.large_answers.holding(exchange.owner, len(response.body)):
                await send_in_slices(response, scope, send)
        except Overloaded as error:
            refusal = self.refused(error, exchange, scope)
            refusal.headers["X-Request-Id"] = exchange.request_id
            exchange.status = refusal.status_code
            await refusal(scope, receive, send)

    async def _stream(
        self,
        response: StreamingResponse,
        exchange: Exchange,
        scope: AsgiScope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Streams a response.

        If that fails, the head has been sent already. The response is left incomplete, so that the
        server closes the connection and the client notices that something is missing.
        """
        if scope["method"] == "HEAD":
            # The body is not sent, so it is not read either.
            await Response(None, response.status_code, response.headers)(scope, receive, send)
            return
        ended = False

        async def watched(message: Message) -> None:
            nonlocal ended
            await send(message)
            ended = not message.get("more_body", True)

        try:
            await response(scope, receive, watched)
        except Exception as error:
            self.refused(error, exchange, scope)
        else:
            # Neither an end nor an error: the client has disconnected.
            exchange.status = exchange.status if ended else 499

    async def caller(
        self, route: Route, scope: AsgiScope, headers: Headers, exchange: Exchange
    ) -> Principal | None:
        """Authenticates the caller and checks it against the route; None for a public route."""
        if route.scope is Scope.PUBLIC:
            return None
        authorization = headers.get("authorization")
        principal = await self.state.keys.principal(
            None if authorization is None else authorization.encode("latin-1")
        )
        exchange.account_id = principal.account_id
        exchange.key = principal.last_six
        if route.limited:
            kind = "read" if route.method == "GET" else "write"
            await self.limit(principal, kind, cost_of(route, headers))
        path: dict[str, str] = scope["path_params"]
        if "accountId" in path:
            check_account(principal, path["accountId"])
        if "channelId" in path:
            check_channel(principal, path["channelId"])
        check_powers(principal, route)
        if any("\0" in value for value in path.values()):
            raise NotFound("Nothing has a name with a null character in it.")
        return principal

    async def limit(self, principal: Principal, kind: str, cost: int) -> None:
        """Counts a use of the key; raises RateLimited beyond the limit."""
        settings = self.state.settings
        limit = settings.rate_limit if kind == "write" else settings.rate_limit_reads
        if limit:
            await self.state.db.run_soft(
                rate_limits.take,
                principal.account_id,
                principal.key_id,
                kind,
                limit,
                clock.now_ms(),
                cost=cost,
            )

    def body_reader(self, route: Route, headers: Headers) -> BodyReader:
        """Returns the decoder of the request's body; raises UnsupportedMediaType."""
        check_media_type(headers)
        return functools.partial(_read_json, limit=route.max_body)

    async def _body(
        self,
        route: Route,
        headers: Headers,
        receive: Receive,
        incoming: Incoming | None,
        owner: str,
        turn: AsyncExitStack,
    ) -> Any:
        """Reads and decodes the request's body; the only place where a body is read.

        Long bodies of one owner are handled one at a time, each until `turn` ends.
        """
        read = self.body_reader(route, headers)
        most = min(route.max_body.bytes, self.state.settings.max_body_bytes)
        body = await _read_whole(headers, receive, incoming, most)
        if len(body) <= _SHORT_BODY:
            return read(route.body, body)
        if len(body) <= _LONG_BODY:
            return await asyncio.to_thread(read, route.body, body)
        # Decoding, handling and encoding it takes several times its size in memory.
        await turn.enter_async_context(self.state.long_bodies.first(owner))
        async with self.state.decoding:
            return await asyncio.to_thread(read, route.body, body)

    def refused(self, error: Exception, exchange: Exchange, scope: AsgiScope) -> Response:
        """Makes the response to an error."""
        return refused(error, self._dialect, self.state, exchange, scope)

    async def _answer(self, scope: AsgiScope, receive: Receive, exchange: Exchange) -> Response:
        if b"%2f" in scope["raw_path"].lower():
            # Routing treats it as a slash, but it is part of a name, and no name has one.
            raise NotFound("Nothing has a name with a slash in it.")
        route = self._routes.get(scope["method"])
        if route is None:
            allow = ", ".join(sorted(self._routes))
            raise MethodNotAllowed(
                f"{shortened(exchange.path)} does not answer to {scope['method']}, but to {allow}.",
                allow,
            )
        if self.state.fault_rules is not None and not self.path.startswith(DEVELOPMENT_PATH):
            await _inject_fault(self.state.fault_rules, route.name, scope, receive)
        headers = Headers(scope=scope)
        caller = await self.caller(route, scope, headers, exchange)
        call: Call[Any, Any] = Call(
            state=self.state,
            caller=caller,
            path=scope["path_params"],
            query=reading.read_query(route.query, scope["query_string"]),
            body=None,
            base_url=base_url(self.state, scope, headers),
            request_path=exchange.path,
            client=_client(scope),
        )
        incoming: Incoming | None = scope.get(INCOMING)
        exchange.owner = exchange.account_id
        if route.access is not None:
            call.granted = await route.access(call)
            exchange.owner = call.granted.account_id
        if incoming is not None:
            incoming.belongs_to(exchange.owner)
        if route.body is None:
            return await self._handled(route, call, headers, exchange)
        async with AsyncExitStack() as turn:
            call.body = await self._body(route, headers, receive, incoming, exchange.owner, turn)
            return await self._handled(route, call, headers, exchange)

    async def _handled(
        self, route: Route, call: Call[Any, Any], headers: Headers, exchange: Exchange
    ) -> Response:
        reply = await route.handler(call)
        caller = call.caller
        if reply.keep and caller is not None and not self.state.settings.rate_limit_reads:
            exchange.kept = _kept(reply, caller, self.path)
        return response_of(reply, headers.get("if-none-match"))


def check_powers(principal: Principal, route: Route) -> None:
    """Raises Forbidden if the key does not allow the route, whatever it is applied to."""
    if route.scope is Scope.WRITE:
        check_write(principal)
    if route.whole_channel:
        check_whole_channel(principal)
    if route.uncovered:
        check_uncovered(principal)


def cost_of(route: Route, headers: Headers) -> int:
    """How many uses of a key a request counts as; a large Flow JSON counts as many."""
    return rate_limits.cost(_length_of(headers)) if route.max_body is limits.FLOW_JSON else 1


def _length_of(headers: Headers) -> int | None:
    """The length of the body, if the head announces it."""
    announced = headers.get("content-length", "")
    return int(announced) if announced.isdecimal() else None


async def _inject_fault(rules: FaultRules, name: str, scope: AsgiScope, receive: Receive) -> None:
    """Applies a fault rule to a request. Raises DeliberateFault, ClientDisconnect."""
    rule = rules.strike("incoming", name)
    if rule is None:
        return
    await asyncio.sleep(rule.delay_ms / 1000)
    if rule.status is not None:
        raise DeliberateFault(rule.status)
    if rule.cut:
        scope[ABORT]()
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect


def refused(
    error: Exception, dialect: Dialect, state: ServerState, exchange: Exchange, scope: AsgiScope
) -> Response:
    """Records an error and makes its response."""
    refusal = note(error, dialect, state, exchange, scope)
    return Response(
        msgspec.json.encode(refusal.envelope),
        refusal.status,
        _COMMON_HEADERS | refusal.headers,
        "application/json",
    )


def note(
    error: Exception, dialect: Dialect, state: ServerState, exchange: Exchange, scope: AsgiScope
) -> Refusal:
    """Records an error in the journal, and if unexpected in the log; returns its response."""
    refusal = answers.refuse(error, dialect)
    exchange.error_id = refusal.envelope.error_id
    exchange.code = refusal.envelope.code
    exchange.error = type(error).__name__
    state.journal.add(exchange.account_id, lambda: _record(error, refusal, exchange, scope))
    if _is_unexpected(error, refusal):
        state.logs.events.error(
            "unexpected error",
            error_id=exchange.error_id,
            request_id=exchange.request_id,
            exc_info=error,
        )
    return refusal


def _is_unexpected(error: Exception, refusal: Refusal) -> bool:
    return refusal.status >= 500 and not isinstance(
        error, Unsupported | DeliberateFault | Overloaded | ShuttingDown
    )


def base_url(state: ServerState, scope: AsgiScope, headers: Headers) -> str:
    """The server's URL as the client sees it, without a trailing slash."""
    if state.settings.public_url:
        return state.settings.public_url.rstrip("/")
    host = headers.get("host")
    if not host:
        address = scope.get("server") or ("localhost", None)
        host = address[0] if address[1] is None else f"{address[0]}:{address[1]}"
    return f"{scope['scheme']}://{host}"


def response_of(reply: Reply, if_none_match: str | None = None) -> Response:
    """Makes the HTTP response of a reply."""
    headers = _COMMON_HEADERS | reply.headers
    etag = headers.get("ETag")
    if etag and if_none_match and names_etag(if_none_match.encode("latin-1"), etag.encode()):
        return Response(None, 304, headers)
    if isinstance(reply.body, AsyncIterator):
        return StreamingResponse(reply.body, reply.status, headers, reply.content_type)
    if isinstance(reply.body, msgspec.Struct | list):
        body: bytes | None = msgspec.json.encode(reply.body)
    else:
        body = reply.body
    media_type = None if body is None else reply.content_type
    return Response(body, reply.status, headers, media_type)


def _kept(reply: Reply, caller: Principal, route: str) -> KeptList:
    assert isinstance(reply.body, bytes), "only finished answers are kept"
    named = _COMMON_HEADERS | reply.headers
    general = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *general,
    ]
    return KeptList(
        body=reply.body,
        headers=headers,
        headers_unchanged=general,
        head=head_lines(headers),
        head_unchanged=head_lines(general),
        etag=reply.headers["ETag"].encode(),
        account_id=caller.account_id,
        key=caller.last_six,
        route=route,
        expires_at=caller.expires_at,
    )


def _read_json(type_: Any, body: bytes, limit: limits.BodyLimit) -> Any:
    limits.check_json(body, limit)
    return reading.read_body(type_, body)


def check_media_type(headers: Headers) -> None:
    """Raises UnsupportedMediaType for a body that is not plain JSON."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("The request body must not be compressed.")
    given = headers.get("content-type")
    if given is None:
        return
    media_type, *rest = (part.strip().lower() for part in given.split(";"))
    charsets = [part.removeprefix("charset=").strip('"') for part in rest if "charset=" in part]
    if not (media_type == "application/json" or media_type.endswith("+json")):
        raise UnsupportedMediaType(
            f'The request body must be JSON, sent with "Content-Type: application/json",'
            f" not {media_type!r}."
        )
    if any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise UnsupportedMediaType(f"JSON is sent as UTF-8, not {charsets[0]!r}.")


async def _read_whole(
    headers: Headers, receive: Receive, incoming: Incoming | None, most: int
) -> bytes:
    """Reads a request's body; raises PayloadTooLarge if it is longer than `most` bytes.

    Also raises what the protocol refuses while it arrives: TooSlow, Overloaded.
    """
    too_large = PayloadTooLarge(f"The request body must be at most {most} bytes long here.")
    announced = _length_of(headers)
    if announced is not None and announced > most:
        raise too_large
    parts: list[bytes] = []
    try:
        await _read_parts(parts, receive, incoming, most, too_large)
        return b"".join(parts)
    finally:
        # An error's traceback would hold them until the garbage is collected.
        parts.clear()


async def _read_parts(
    parts: list[bytes],
    receive: Receive,
    incoming: Incoming | None,
    most: int,
    too_large: PayloadTooLarge,
) -> None:
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if incoming is not None and incoming.refusal is not None:
            raise incoming.refusal
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise too_large
        if not message.get("more_body", False):
            return


def _record(
    error: Exception, refusal: Refusal, exchange: Exchange, scope: AsgiScope
) -> ErrorRecord:
    headers = Headers(scope=scope)
    unexpected = _is_unexpected(error, refusal)
    cause = error.__cause__ if isinstance(error, WaflowsError) else error
    return ErrorRecord(
        error_id=refusal.envelope.error_id,
        timestamp=refusal.envelope.timestamp,
        status=refusal.status,
        code=refusal.envelope.code,
        message=refusal.envelope.message,
        method=exchange.method,
        path=shortened(exchange.path),
        request_id=exchange.request_id,
        route=exchange.route,
        query=shortened(_without_secrets(scope.get("query_string", b""))),
        client=_client(scope),
        user_agent=shortened(headers.get("user-agent", "")),
        content_type=shortened(headers.get("content-type", "")),
        content_length=headers.get("content-length", ""),
        key_last_six=exchange.key,
        cause=type(error).__name__ + (f": {cause}" if cause and unexpected else ""),
        traceback="".join(traceback.format_exception(error)) if unexpected else "",
        account_id=exchange.account_id,
        channel_id=shortened(scope.get("path_params", {}).get("channelId", "")),
    )


def _client(scope: AsgiScope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _without_secrets(query: bytes) -> str:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode([(k, "***" if k in _SECRET_PARAMETERS else v) for k, v in pairs])
