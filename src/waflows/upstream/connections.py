"""The HTTP library behind the door: look-ups, connections, and what their failures mean.

Imported by `egress` at its first call: the library takes a fifth of a second, for which neither a
command nor the start of a server should wait.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Mapping
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from waflows.upstream.addresses import Refused, refuse
from waflows.upstream.calls import CallFailed, HttpAnswer, Stage, name_of, too_slow
from waflows.upstream.resolver import GuardedResolver, SystemResolver

_READ_BYTES = 64 * 1024
# Shorter than the 5 s after which many servers close an idle connection: a request sent into a
# closing connection is lost, and nobody can tell whether it was carried out.
_IDLE_SECONDS = 3.0
_USER_AGENT = f"waflows/{version('waflows')}"


class Connections:
    """The connections of one egress; to be made in the event loop that they belong to."""

    def __init__(self, resolver: AbstractResolver | None, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self._resolver = GuardedResolver(resolver or SystemResolver(), allow_loopback)
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

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()
        await self._resolver.close()

    async def look_up(self, url: URL, seconds: float) -> None:
        """Raises CallFailed when the name in a URL does not resolve, or to what is refused."""
        assert url.raw_host is not None
        try:
            async with asyncio.timeout(seconds):
                await self._resolver.resolve(url.raw_host, url.port or 0)
        except TimeoutError:
            raise too_slow(Stage.DNS, url, seconds, sent=False) from None
        except OSError as error:
            raise _unresolved(url, error) from None

    async def request(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        *,
        seconds: float,
        max_answer_bytes: int,
        cut_off: bool,
    ) -> HttpAnswer:
        """One request and its answer, as `Egress.send` describes them. Raises CallFailed."""
        progress = _Progress()
        started = time.monotonic()
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
                trace_request_ctx=progress,
            ) as response:
                content = await _read(response, url, max_answer_bytes, cut_off)
                fields = {name.lower(): value for name, value in response.headers.items()}
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(url, error, progress, seconds) from None
        return HttpAnswer(response.status, fields, content, time.monotonic() - started)

    def _make_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one address, judged once more: the last moment before connecting."""
        family, kind, protocol, _, where = info
        refuse(where[0], where[0], self._allow_loopback)
        return socket.socket(family, kind, protocol)


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
                f"The answer of {name_of(url)} is larger than {limit:,} bytes.",
                sent=True,
            )
    return bytes(content)


def _failure(url: URL, error: Exception, progress: _Progress, seconds: float) -> CallFailed:
    """What a failure of the HTTP library means."""
    if isinstance(error, TimeoutError):
        return too_slow(progress.stage, url, seconds, progress.sent)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _unresolved(url, error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = _plain(error.certificate_error)
        return CallFailed(
            Stage.TLS, f"The certificate of {name_of(url)} is not accepted: {reason}."
        )
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, Refused):
        return CallFailed(Stage.ADDRESS, str(cause))
    hung_up = isinstance(cause, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    shaking_hands = url.scheme == "https" and progress.stage == Stage.CONNECT
    if isinstance(cause, ssl.SSLError) or (hung_up and shaking_hands):
        return CallFailed(Stage.TLS, f"No TLS with {name_of(url)}: {_plain(cause)}.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return CallFailed(Stage.CONNECT, f"No connection to {name_of(url)}: {_plain(cause)}.")
    return CallFailed(
        Stage.HTTP,
        f"No whole HTTP answer from {name_of(url)}: {_plain(error)}.",
        sent=progress.sent,
    )


def _unresolved(url: URL, error: OSError) -> CallFailed:
    if isinstance(error, Refused):
        return CallFailed(Stage.ADDRESS, str(error))
    return CallFailed(Stage.DNS, f"The name {url.raw_host} does not resolve: {_plain(error)}.")


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
