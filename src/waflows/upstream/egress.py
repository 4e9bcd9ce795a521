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
from collections.abc import Mapping
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING

from yarl import URL

from waflows.upstream import addresses
from waflows.upstream.addresses import refused
from waflows.upstream.calls import CallFailed, HttpAnswer, Stage, name_of, too_slow
from waflows.upstream.fault_rules import FaultRules, Kind
from waflows.urls import problem_of_http_url

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from waflows.upstream.connections import Connections

DEFAULT_SECONDS = 10.0
DEFAULT_ANSWER_BYTES = 1024 * 1024


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
        self._resolver = resolver
        self._connections: Connections | None = None

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
        if self._connections is not None:
            await self._connections.close()

    async def check(self, url: str, seconds: float = DEFAULT_SECONDS) -> None:
        """Raises CallFailed when a call to this URL would be refused, as things stand now.

        For a URL that is being saved. It saves no later check: every call is judged anew.
        """
        parsed = self.read(url)
        if addresses.read(parsed.raw_host or "") is not None:
            return
        await (await self._opened()).look_up(parsed, seconds)

    def read(self, url: str) -> URL:
        """The URL, after every check that needs no network. Raises CallFailed."""
        problem = problem_of_http_url(url)
        if problem is not None:
            raise CallFailed(Stage.URL, problem)
        try:
            parsed = URL(url)
        except ValueError:
            # The reason would repeat parts of the URL.
            message = "The URL cannot be read: its host is malformed."
            raise CallFailed(Stage.URL, message) from None
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
    ) -> HttpAnswer:
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
        connections = await self._opened()
        return await connections.request(
            method,
            parsed,
            body,
            headers,
            seconds=seconds,
            max_answer_bytes=max_answer_bytes,
            cut_off=cut_off,
        )

    async def _opened(self) -> Connections:
        """The connections; made at the first call, because they belong to the running loop.

        Loading the HTTP library takes a fifth of a second, so it happens on a thread.
        """
        if self._connections is None:
            module = await asyncio.to_thread(import_module, "waflows.upstream.connections")
            if self._connections is None:
                self._connections = module.Connections(self._resolver, self.allow_loopback)
        return self._connections


async def _strike(rules: FaultRules, kind: Kind, url: URL, seconds: float) -> HttpAnswer | None:
    """What a rule makes of a call in place of its answer; None for a call that goes on."""
    rule = rules.strike(kind, url.raw_host or "", name_of(url))
    if rule is None:
        return None
    delay = rule.delay_ms / 1000
    await asyncio.sleep(min(delay, seconds))
    if delay >= seconds:
        raise too_slow(Stage.HTTP, url, seconds, sent=True)
    if rule.cut:
        message = f"No whole HTTP answer from {name_of(url)}: a fault rule cut the connection."
        raise CallFailed(Stage.HTTP, message, sent=True)
    return None if rule.status is None else HttpAnswer(rule.status, {}, b"", delay)
