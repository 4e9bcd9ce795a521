"""The one door through which calls leave the server: endpoints, webhooks, token requests.

    async with Egress() as egress:
        answer = await egress.send("POST", url, body, headers)

The URLs come from customers, so each call is held to this: http or https; no user or password in
the URL; no address but public ones, looked at after resolving and again when the socket is made,
so that a name that changes its mind gains nothing; no redirect followed; no proxy, no cookies; an
end in time and a limit in size. A development server may call itself, by an explicit argument.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import version
from types import SimpleNamespace, TracebackType
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from waflows.errors import WaflowsError
from waflows.upstream import addresses
from waflows.upstream.fault_rules import FaultRules, Kind
from waflows.upstream.resolver import GuardedResolver, Refused, SystemResolver, refuse, refused

DEFAULT_SECONDS = 10.0
DEFAULT_ANSWER_BYTES = 1024 * 1024

_LONGEST_URL = 2048
_READ_BYTES = 64 * 1024
# Shorter than the 5 s after which many servers close an idle connection: a request sent into a
# closing connection is lost, and nobody can tell whether it was carried out.
_IDLE_SECONDS = 3.0
_USER_AGENT = f"waflows/{version('waflows')}"


class Stage(StrEnum):
    """How far a call came before it failed."""

    URL = "url"
    DNS = "dns"
    ADDRESS = "address"
    CONNECT = "connect"
    TLS = "tls"
    HTTP = "http"


class CallFailed(WaflowsError):
    """A call got no answer.

    `sent` is True when the request may have reached the other side; `timed_out` when it was the
    time that ran out. The message names the host and never the rest of the URL, which may hold a
    secret.
    """

    def __init__(
        self, stage: Stage, message: str, *, sent: bool = False, timed_out: bool = False
    ) -> None:
        super().__init__(message)
        self.stage = stage
        self.sent = sent
        self.timed_out = timed_out


class Answer(msgspec.Struct, frozen=True):
    """A response as it came, whatever its status; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Egress:
    """Sends requests to the outside world; keeps connections for a while and uses them again.

    `allow_loopback` lets calls reach this machine itself, `rules` make calls fail on purpose: both
    are for development and tests. `resolver` replaces the system's; what it answers is judged all
    the same.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolver: AbstractResolver | None = None,
        rules: FaultRules | None = None,
    ) -> None:
        self.allow_loopback = allow_loopback
        self._rules = rules
        self._resolver = GuardedResolver(resolver or SystemResolver(), allow_loopback)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Egress:
        """The door itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes every connection."""
        await self.close()

    async def close(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    async def check(self, url: str, seconds: float = DEFAULT_SECONDS) -> None:
        """Raises CallFailed when a call to this URL would be refused, as things stand now.

        For a URL that is being saved. It saves no later check: every call is judged anew.
        """
        parsed = self.read(url)
        assert parsed.raw_host is not None
        if addresses.read(parsed.raw_host) is not None:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._resolver.resolve(parsed.raw_host, parsed.port or 0)
        except TimeoutError:
            raise _too_slow(Stage.DNS, parsed, seconds, sent=False) from None
        except OSError as error:
            raise _unresolved(parsed, error) from None

    def read(self, url: str) -> URL:
        """The URL, after every check that needs no network. Raises CallFailed."""
        try:
            parsed = URL(url)
        except ValueError:
            # The reason would repeat parts of the URL, such as a password.
            message = "The URL cannot be read: its host or its port is malformed."
            raise CallFailed(Stage.URL, message) from None
        problem = _problem(url, parsed)
        if problem:
            raise CallFailed(Stage.URL, problem)
        host = parsed.raw_host or ""
        try:
            address = addresses.read(host)
        except ValueError:
            raise CallFailed(
                Stage.ADDRESS,
                f"The host {host!r} is a number that is not written as an address usually is.",
            ) from None
        kind = address and addresses.refusal(address, self.allow_loopback)
        if addresses.is_loopback(host) and not self.allow_loopback:
            kind = "a loopback"
        if kind:
            raise CallFailed(Stage.ADDRESS, refused(host, kind))
        return parsed

    async def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = DEFAULT_SECONDS,
        max_answer_bytes: int = DEFAULT_ANSWER_BYTES,
        cut_off: bool = False,
        kind: Kind | None = None,
    ) -> Answer:
        """Sends one request and reads its answer; a redirect is an answer like any other.

        `seconds` is for everything from the look-up of the name to the last byte. A longer answer
        than allowed is a failure, or is cut off there. `kind` is what fault rules know the call by.
        Raises CallFailed.
        """
        parsed = self.read(url)
        if self._rules is not None and kind is not None:
            struck = await _strike(self._rules, kind, parsed, seconds)
            if struck is not None:
                return struck
        progress = _Progress()
        started = time.monotonic()
        try:
            async with self._opened().request(
                method,
                parsed,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
                trace_request_ctx=progress,
            ) as response:
                content = await _read(response, parsed, max_answer_bytes, cut_off)
                fields = {name.lower(): value for name, value in response.headers.items()}
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(parsed, error, progress, seconds) from None
        return Answer(response.status, fields, content, time.monotonic() - started)

    def _opened(self) -> aiohttp.ClientSession:
        """The session; made at the first call, because it belongs to the running event loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                use_dns_cache=False,
                keepalive_timeout=_IDLE_SECONDS,
                socket_factory=self._make_socket,
                # Callers bound how much they have in flight; a limit here would let a few
                # receivers that hang delay all others.
                limit=0,
                ssl=ssl.create_default_context(),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
                trust_env=False,
                auto_decompress=False,
                trace_configs=[_tracing()],
            )
        return self._session

    def _make_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one address, judged once more: the last moment before connecting."""
        family, kind, protocol, _, where = info
        refuse(where[0], where[0], self.allow_loopback)
        return socket.socket(family, kind, protocol)


async def _strike(rules: FaultRules, kind: Kind, url: URL, seconds: float) -> Answer | None:
    """What a rule makes of a call in place of its answer; None for a call that goes on."""
    rule = rules.strike(kind, url.raw_host or "", _name(url))
    if rule is None:
        return None
    delay = rule.delay_ms / 1000
    await asyncio.sleep(min(delay, seconds))
    if delay >= seconds:
        raise _too_slow(Stage.HTTP, url, seconds, sent=True)
    if rule.cut:
        message = f"No whole HTTP answer from {_name(url)}: a fault rule cut the connection."
        raise CallFailed(Stage.HTTP, message, sent=True)
    return None if rule.status is None else Answer(rule.status, {}, b"", delay)


class _Progress:
    """How far one call has come."""

    def __init__(self) -> None:
        self.stage = Stage.CONNECT
        self.sent = False


def _tracing() -> aiohttp.TraceConfig:
    """Writes a call's progress into the object that travels with it."""

    def reached(stage: Stage, sent: bool = False) -> Any:
        async def note(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
            context.trace_request_ctx.stage = stage
            context.trace_request_ctx.sent = sent

        return note

    config = aiohttp.TraceConfig()
    config.on_dns_resolvehost_start.append(reached(Stage.DNS))
    config.on_dns_resolvehost_end.append(reached(Stage.CONNECT))
    config.on_connection_create_end.append(reached(Stage.HTTP))
    config.on_connection_reuseconn.append(reached(Stage.HTTP))
    config.on_request_headers_sent.append(reached(Stage.HTTP, sent=True))
    return config


def _problem(url: str, parsed: URL) -> str | None:
    """What is wrong with a URL in itself."""
    if len(url) > _LONGEST_URL:
        return f"The URL is longer than {_LONGEST_URL} characters."
    if parsed.scheme not in {"http", "https"}:
        return "The URL must start with https:// or http://."
    if not parsed.raw_host:
        return "The URL names no host."
    if parsed.raw_user is not None or parsed.raw_password is not None:
        return "The URL holds a user name or a password; send credentials in a header."
    if not parsed.raw_host.isascii() or any(character in " %\\" for character in parsed.raw_host):
        return "The host in the URL holds a character that no host has."
    return None


async def _read(response: aiohttp.ClientResponse, url: URL, limit: int, cut_off: bool) -> bytes:
    content = bytearray()
    async for part in response.content.iter_chunked(_READ_BYTES):
        content += part
        if len(content) > limit:
            response.close()
            if cut_off:
                return bytes(content[:limit])
            raise CallFailed(
                Stage.HTTP,
                f"The answer of {_name(url)} is larger than {limit:,} bytes.",
                sent=True,
            )
    return bytes(content)


def _failure(url: URL, error: Exception, progress: _Progress, seconds: float) -> CallFailed:
    """What a failure of the HTTP library means."""
    if isinstance(error, TimeoutError):
        return _too_slow(progress.stage, url, seconds, progress.sent)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _unresolved(url, error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = _plain(error.certificate_error)
        return CallFailed(Stage.TLS, f"The certificate of {_name(url)} is not accepted: {reason}.")
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, Refused):
        return CallFailed(Stage.ADDRESS, str(cause))
    hung_up = isinstance(cause, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    shaking_hands = url.scheme == "https" and progress.stage == Stage.CONNECT
    if isinstance(cause, ssl.SSLError) or (hung_up and shaking_hands):
        return CallFailed(Stage.TLS, f"No TLS with {_name(url)}: {_plain(cause)}.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return CallFailed(Stage.CONNECT, f"No connection to {_name(url)}: {_plain(cause)}.")
    return CallFailed(
        Stage.HTTP,
        f"No whole HTTP answer from {_name(url)}: {_plain(error)}.",
        sent=progress.sent,
    )


def _unresolved(url: URL, error: OSError) -> CallFailed:
    if isinstance(error, Refused):
        return CallFailed(Stage.ADDRESS, str(error))
    return CallFailed(Stage.DNS, f"The name {url.raw_host} does not resolve: {_plain(error)}.")


def _too_slow(stage: Stage, url: URL, seconds: float, sent: bool) -> CallFailed:
    what = {
        Stage.DNS: f"The name {url.raw_host} did not resolve",
        Stage.CONNECT: f"No connection to {_name(url)} came about",
    }.get(stage, f"{_name(url)} did not answer in full")
    return CallFailed(stage, f"{what} within {seconds:g} s.", sent=sent, timed_out=True)


def _name(url: URL) -> str:
    return f"{url.raw_host}:{url.port}"


def _plain(error: BaseException) -> str:
    """What an error says, in a few words, none of them from the URL's path."""
    if isinstance(error, aiohttp.InvalidURL):
        return "the URL cannot be used"
    if isinstance(error, aiohttp.ClientResponseError):
        return error.message.partition("\n")[0].rstrip(".:") or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0)
    if isinstance(error, ConnectionResetError):
        return "the connection was closed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
