"""The ASGI application of an endpoint: from an encrypted request to a handler and back.

What is answered with which status, as Meta documents it:

    200  the encrypted answer
    400  decrypted, and not a request of the documented form
    405  another method than POST
    413  larger than any request may be
    421  cannot be decrypted, or was answered before: the phone fetches the key and tries again
    427  the flow token is dead: the phone closes the flow for good
    432  the signature is not WhatsApp's
    500  no handler, or a handler failed

The phone shows a general error for all but 200, 421 and 427.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from waflows.endpoint import values
from waflows.endpoint.replay import SeenExchanges
from waflows.endpoint.values import Answer, ErrorNotice, FlowTokenDead, Request, UnfitData, Wire
from waflows.security import flow_crypto, key_pairs
from waflows.security.flow_crypto import CannotOpen, ExchangeKeys

Handler = Callable[[Request], Answer | Awaitable[Answer]]
TokenCheck = Callable[[Request], Awaitable[None] | None]
NoticeHandler = Callable[[ErrorNotice], Awaitable[None] | None]
H = TypeVar("H", bound=Handler)
C = TypeVar("C", bound=TokenCheck)
N = TypeVar("N", bound=NoticeHandler)

_CANNOT_DECRYPT, _TOKEN_DEAD, _BAD_SIGNATURE = 421, 427, 432
_REMEMBERED_REQUESTS = 10_000

_log = logging.getLogger("waflows.endpoint")


class Endpoint:
    """A data endpoint; an ASGI application that answers at any path it is mounted at.

    `private_key` is PEM text, however it was pasted, with its `passphrase` if it has one. With
    `app_secret`, one or several while it is being changed, requests that WhatsApp did not sign are
    refused; None leaves them unchecked, which suits trials only. Raises UnusableKey.

    Handlers are plain functions, which run on a thread, or coroutine functions. They raise
    FlowTokenDead when the session is over.
    """

    def __init__(
        self,
        private_key: str | bytes | RSAPrivateKey,
        *,
        app_secret: str | Sequence[str] | None,
        passphrase: str | None = None,
    ) -> None:
        if isinstance(private_key, str | bytes):
            private_key = key_pairs.read_private_key(private_key, passphrase)
        self._private_key = private_key
        self._app_secrets = _secrets(app_secret)
        self._handlers: dict[tuple[str, str | None], Handler] = {}
        self._token_check: TokenCheck | None = None
        self._notice_handler: NoticeHandler | None = None
        self._seen = SeenExchanges(_REMEMBERED_REQUESTS)

    def init(self, handler: H) -> H:
        """Decorates the function that answers when the flow is opened."""
        self._register(values.INIT, (), handler)
        return handler

    def data_exchange(self, *screens: str) -> Callable[[H], H]:
        """Decorates the function that answers what these screens send; without any, all others."""
        return self._registration(values.DATA_EXCHANGE, screens)

    def back(self, *screens: str) -> Callable[[H], H]:
        """Decorates the function that answers when the user goes back from one of these screens.

        The phone asks only for screens with `refresh_on_back`. Without any, all others.
        """
        return self._registration(values.BACK, screens)

    def flow_token(self, check: C) -> C:
        """Decorates a function that sees each request first, and may raise FlowTokenDead."""
        self._token_check = check
        return check

    def error(self, handler: N) -> N:
        """Decorates the function that is called when the phone could not use an answer."""
        self._notice_handler = handler
        return handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        try:
            response = await self._respond(HttpRequest(scope, receive))
        except Refused as refused:
            _log.warning("answered %d: %s", refused.status, refused, exc_info=refused.__cause__)
            response = PlainTextResponse(f"{refused.answer}\n", refused.status, refused.headers)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answers a request in plain text, as tests and `waflows play` send it.

        The request has the fields of a decrypted one, and so has the answer. Nothing is encrypted
        or signed. Raises FlowTokenDead, and Refused where the status would not be 200.
        """
        try:
            wire = values.read(msgspec.json.encode(request))
        except UnfitData as error:
            raise Refused(400, str(error)) from None
        answered: dict[str, Any] = msgspec.json.decode(await self._answer(wire))
        return answered

    async def _respond(self, http: HttpRequest) -> Response:
        if http.method != "POST":
            raise Refused(405, "A data endpoint answers POST only.", headers={"Allow": "POST"})
        body = await _body(http)
        signature = http.headers.get("x-hub-signature-256", "")
        if self._app_secrets and not flow_crypto.is_signed(self._app_secrets, body, signature):
            raise Refused(_BAD_SIGNATURE, "X-Hub-Signature-256 is missing or wrong.")
        wire, keys = await self._opened(body)
        try:
            payload = await self._answer(wire)
        except FlowTokenDead as dead:
            # Documented in the clear, unlike every other answer.
            return JSONResponse({"error_msg": dead.message}, _TOKEN_DEAD)
        return PlainTextResponse(flow_crypto.seal_answer(keys, payload))

    async def _opened(self, body: bytes) -> tuple[Wire, ExchangeKeys]:
        """The request in a body, decrypted and seen for the first time."""
        try:
            # RSA takes a millisecond and lets go of the interpreter meanwhile.
            payload, keys = await run_in_threadpool(
                flow_crypto.open_request, self._private_key, body
            )
        except CannotOpen as error:
            # The sender learns that it failed and not where, which could help to guess a key.
            answer = "The request cannot be decrypted."
            raise Refused(_CANNOT_DECRYPT, answer, f"{error} (at {error.step})") from None
        if not self._seen.is_new(keys.fingerprint):
            raise Refused(_CANNOT_DECRYPT, "The request was answered before.")
        try:
            return values.read(payload), keys
        except UnfitData as error:
            raise Refused(400, str(error)) from None

    async def _answer(self, wire: Wire) -> bytes:
        if wire.action == values.PING:
            return values.ACTIVE
        notice = values.notice_in(wire)
        if notice:
            _log.warning(
                "the phone reports %s at %r: %r", notice.key, notice.screen, notice.message
            )
            await self._handled(wire, self._notice_handler, notice)
            return values.ACKNOWLEDGED
        if wire.action not in values.ACTIONS:
            raise Refused(400, "The action is unknown.", f"unknown action {wire.action!r}")
        self._check_token_signature(wire)
        request = values.request_in(wire)
        await self._handled(wire, self._token_check, request)
        handler = self._handlers.get((wire.action, request.screen)) or self._handlers.get(
            (wire.action, None)
        )
        if handler is None:
            raise Refused(500, "Nothing here answers this.", f"no handler for {_name(wire)}")
        answer = await self._handled(wire, handler, request)
        return _encoded(answer, request, wire)

    def _check_token_signature(self, wire: Wire) -> None:
        """Data API 4.0 signs the flow token too, but not for flows before Flow JSON 7.3.

        A request does not tell which Flow JSON it belongs to, so one without is let through; its
        body is signed in any case.
        """
        if wire.flow_token_signature is None or not self._app_secrets:
            return
        token, signature = wire.flow_token or "", wire.flow_token_signature
        if not flow_crypto.is_flow_token_signed(self._app_secrets, token, signature):
            raise Refused(_BAD_SIGNATURE, "flow_token_signature is wrong.")

    async def _handled(
        self, wire: Wire, handler: Callable[[Any], Any] | None, argument: Request | ErrorNotice
    ) -> Any:
        """What a function of the endpoint's author returns; its failures become a 500."""
        if handler is None:
            return None
        try:
            if inspect.iscoroutinefunction(handler):
                return await handler(argument)
            returned = await run_in_threadpool(handler, argument)
            return await returned if inspect.isawaitable(returned) else returned
        except (FlowTokenDead, Refused):
            raise
        except UnfitData as error:
            raise Refused(400, "The data is not what this screen sends.", str(error)) from None
        except Exception as error:
            detail = f"the handler of {_name(wire)} failed"
            raise Refused(500, "The endpoint failed.", detail) from error

    def _registration(self, action: str, screens: tuple[str, ...]) -> Callable[[H], H]:
        def register(handler: H) -> H:
            self._register(action, screens, handler)
            return handler

        return register

    def _register(self, action: str, screens: tuple[str, ...], handler: Handler) -> None:
        for screen in screens or (None,):
            if (action, screen) in self._handlers:
                raise ValueError(f"{action} of {screen or 'any screen'} has a handler already.")
            self._handlers[action, screen] = handler


class Refused(Exception):
    """The request is answered with another status than 200, and with a sentence.

    As text it is the reason, which may say more than `answer`. When a function of the endpoint's
    author raised, its exception is the cause.
    """

    def __init__(
        self, status: int, answer: str, detail: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail or answer)
        self.status = status
        self.answer = answer
        self.headers = headers


def _secrets(app_secret: str | Sequence[str] | None) -> list[str]:
    if app_secret is None:
        return []
    found = [app_secret] if isinstance(app_secret, str) else list(app_secret)
    if not found or not all(found):
        # An empty variable of the environment must not open the endpoint to everybody.
        raise ValueError("app_secret is empty; pass None to leave signatures unchecked.")
    return found


async def _body(http: HttpRequest) -> bytes:
    too_large = Refused(413, "The request is larger than 10 MB.")
    announced = http.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > flow_crypto.MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    async for part in http.stream():
        body += part
        if len(body) > flow_crypto.MAX_BODY_BYTES:
            raise too_large
    return bytes(body)


def _encoded(answer: Any, request: Request, wire: Wire) -> bytes:
    if not isinstance(answer, Answer):
        detail = f"the handler of {_name(wire)} returned a {type(answer).__name__}"
        raise Refused(500, "The endpoint failed.", f"{detail}, not a NextScreen or a Completion")
    try:
        payload = values.encode(answer, request)
    except (TypeError, ValueError, RecursionError) as error:
        detail = f"the answer of {_name(wire)} cannot be written as JSON: {error}"
        raise Refused(500, "The endpoint failed.", detail) from None
    if len(payload) > flow_crypto.MAX_PAYLOAD_BYTES:
        detail = f"the answer of {_name(wire)} is larger than 10 MB"
        raise Refused(500, "The endpoint failed.", detail)
    return payload


def _name(wire: Wire) -> str:
    return f"{wire.action} of {wire.screen!r}" if wire.screen else wire.action


async def _live(receive: Receive, send: Send) -> None:
    """Tells the server that there is nothing to start and nothing to stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
