"""A flow's data endpoint, called as WhatsApp calls it.

    endpoint = DataEndpoint(egress, flow_url, read_key, app_secret)
    exchange = await endpoint.init(flow_token)

Every call returns an `Exchange`: nothing an endpoint does raises. What the outcome means for the
flow is for the runtime to say; the documented behaviour towards the endpoint is here: one repeat
with the key read anew after 421, ten seconds, ten megabytes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from waflows.security import flow_crypto
from waflows.security.flow_crypto import ExchangeKeys
from waflows.upstream import addresses, answers
from waflows.upstream.answers import Failed, Outcome, Reader, Step
from waflows.upstream.calls import CallFailed, HttpAnswer, Stage
from waflows.upstream.egress import Egress

_SHORT_ANSWER = 64 * 1024

SECONDS = 10.0
"""How long WhatsApp waits for an answer."""

ErrorKey = Literal[
    "public-key-missing",
    "public-key-signiture-verification",
    "response-decryption-error",
    "invalid-screen-transition",
    "payload-schema-error",
    "business-decryption-error",
]
"""The errors of which a phone notifies the endpoint, spelled as documented."""

KeyReader = Callable[[], Awaitable[RSAPublicKey | None]]


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an endpoint: the request and its outcome."""

    request: dict[str, Any]
    """The JSON that was sent, in the clear."""
    outcome: Outcome
    status: int | None
    """The HTTP status; None when there was no answer."""
    response: Any
    """The JSON of the answer, in the clear; None when it could not be read."""
    seconds: float
    attempts: int
    """2 when the endpoint answered 421 and was asked again."""
    excerpt: str = ""
    """The first line of an answer that is not encrypted; for the endpoint's owner alone."""
    content_type: str = ""
    """The media type of the answer, as it was sent."""


class DataEndpoint:
    """The endpoint at one URL.

    `read_key` gives the public key that WhatsApp has for the channel, None when it has none; it is
    asked for every request, and once more after a 421. `version` is the flow's `data_api_version`;
    with `sign_tokens` the flow token is signed too (Flow JSON 7.3 and Data API 4.0 onwards).
    """

    def __init__(
        self,
        egress: Egress,
        url: str,
        read_key: KeyReader,
        app_secret: str,
        *,
        version: str = "3.0",
        sign_tokens: bool = False,
        seconds: float = SECONDS,
    ) -> None:
        self.url = url
        self._egress = egress
        self._read_key = read_key
        self.app_secret = app_secret
        self._version = version
        self._sign_tokens = sign_tokens
        self._seconds = seconds

    async def ping(self) -> Exchange:
        """The health check; its outcome is Active or Failed."""
        return _alive(await self._exchange(self.ping_request(), answers.read_ping))

    def ping_request(self) -> dict[str, Any]:
        """The health check in the clear."""
        return {"version": self._version, "action": "ping"}

    async def init(self, flow_token: str, data: Mapping[str, Any] | None = None) -> Exchange:
        """The flow was opened with `flow_action: data_exchange`."""
        return await self._ask("INIT", flow_token, None, data or {})

    async def data_exchange(
        self, flow_token: str, screen: str, data: Mapping[str, Any]
    ) -> Exchange:
        """A screen sent its payload."""
        return await self._ask("data_exchange", flow_token, screen, data)

    async def back(self, flow_token: str, screen: str) -> Exchange:
        """The user went back from a screen with `refresh_on_back`."""
        return await self._ask("BACK", flow_token, screen, {})

    async def notify(
        self,
        flow_token: str,
        error: ErrorKey,
        message: str,
        *,
        action: Literal["INIT", "data_exchange", "navigate"] = "data_exchange",
        screen: str | None = None,
    ) -> Exchange:
        """The last answer could not be used; the outcome is Acknowledged, TokenDead or Failed."""
        # The documentation names the key both ways, so endpoints look for either.
        data = {"error": error, "error_key": error, "error_message": message}
        request = self._request(action, flow_token, screen, data)
        return await self._exchange(request, answers.read_acknowledgement)

    async def _ask(
        self, action: str, flow_token: str, screen: str | None, data: Mapping[str, Any]
    ) -> Exchange:
        request = self._request(action, flow_token, screen, data)
        if self._sign_tokens:
            signature = flow_crypto.sign_flow_token(self.app_secret, flow_token)
            request["flow_token_signature"] = signature
        return await self._exchange(request, answers.screen_reader(flow_token))

    def _request(
        self, action: str, flow_token: str, screen: str | None, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"version": self._version, "action": action}
        if screen is not None:
            request["screen"] = screen
        return request | {"data": dict(data), "flow_token": flow_token}

    async def _exchange(self, request: dict[str, Any], reader: Reader) -> Exchange:
        payload = msgspec.json.encode(request)
        problem = self._problem(payload)
        if problem is not None:
            return Exchange(
                request=request,
                outcome=problem,
                status=None,
                response=None,
                seconds=0.0,
                attempts=0,
            )
        first = await self._attempt(request, payload, reader)
        if first.status != answers.UNDECRYPTABLE:
            return first
        second = await self._attempt(request, payload, reader)
        seconds = first.seconds + second.seconds
        return msgspec.structs.replace(second, seconds=seconds, attempts=2)

    async def _attempt(self, request: dict[str, Any], payload: bytes, reader: Reader) -> Exchange:
        started = time.monotonic()
        sent = await self._send(payload)
        if isinstance(sent, Failed):
            return Exchange(
                request=request,
                outcome=sent,
                status=None,
                response=None,
                seconds=time.monotonic() - started,
                attempts=1,
            )
        answer, keys = sent
        outcome, response = await _read(answer, keys, reader)
        return Exchange(
            request=request,
            outcome=outcome,
            status=answer.status,
            response=response,
            seconds=time.monotonic() - started,
            attempts=1,
            excerpt=answers.excerpt(answer) if isinstance(outcome, Failed) else "",
            content_type=answer.headers.get("content-type", ""),
        )

    async def public_key(self) -> RSAPublicKey | None:
        """The public key that WhatsApp has for the channel; None for none."""
        return await self._read_key()

    async def deliver(
        self, body: bytes, *, app_secret: str | None = None, seconds: float | None = None
    ) -> HttpAnswer | Failed:
        """Sends bytes as the body of one request, signed with the app secret or with another."""
        secret = self.app_secret if app_secret is None else app_secret
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": flow_crypto.sign(secret, body),
        }
        try:
            return await self._egress.send(
                "POST",
                self.url,
                body,
                headers,
                seconds=self._seconds if seconds is None else min(seconds, self._seconds),
                max_answer_bytes=flow_crypto.MAX_BODY_BYTES,
                kind="endpoint",
            )
        except CallFailed as error:
            key = "timeout_error" if error.timed_out else "no_http_response_error"
            return Failed(_STEPS[error.stage], key, error.message)

    async def _send(self, payload: bytes) -> tuple[HttpAnswer, ExchangeKeys] | Failed:
        """One request under keys of its own."""
        public_key = await self.public_key()
        if public_key is None:
            return Failed(Step.KEY, "public-key-missing", "The channel has no public key.")
        body, keys = flow_crypto.seal_request(public_key, payload)
        answer = await self.deliver(body)
        return answer if isinstance(answer, Failed) else (answer, keys)

    def _problem(self, payload: bytes) -> Failed | None:
        """What keeps a request from being sent at all."""
        if len(payload) > flow_crypto.MAX_PAYLOAD_BYTES:
            return Failed(Step.SHAPE, "cannot_be_served", "The request is larger than 10 MB.")
        try:
            url = self._egress.read(self.url)
        except CallFailed as error:
            return Failed(_STEPS[error.stage], "cannot_be_served", error.message)
        if url.scheme != "https" and not addresses.is_loopback(url.raw_host or ""):
            message = "The URL starts with http://; WhatsApp calls endpoints by https:// only."
            return Failed(Step.URL, "cannot_be_served", message)
        return None


async def _read(answer: HttpAnswer, keys: ExchangeKeys, reader: Reader) -> tuple[Outcome, Any]:
    """`answers.read`, away from the event loop for what takes more than a few milliseconds."""
    if len(answer.body) <= _SHORT_ANSWER:
        return answers.read(answer, keys, reader)
    return await asyncio.to_thread(answers.read, answer, keys, reader)


_STEPS = {
    Stage.URL: Step.URL,
    Stage.DNS: Step.DNS,
    Stage.ADDRESS: Step.ADDRESS,
    Stage.CONNECT: Step.CONNECT,
    Stage.TLS: Step.TLS,
    Stage.HTTP: Step.HTTP,
}


def _alive(exchange: Exchange) -> Exchange:
    """A health check carries no flow token, so 427 does not fit it."""
    if not isinstance(exchange.outcome, answers.TokenDead):
        return exchange
    message = "A health check was answered with 427, but it carries no flow token."
    failed = Failed(Step.HTTP, "unexpected_http_status_code", message)
    return msgspec.structs.replace(exchange, outcome=failed)
