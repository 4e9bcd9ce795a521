"""From names to addresses for outgoing calls; an address that must not be called stops here.

The resolver behind may be the system's or another; `addresses.py` has the say.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from waflows.upstream import addresses

# Names that resolve slowly occupy a thread each; so many may do so before others wait.
_RESOLVER_THREADS = 64


class Refused(OSError):
    """An address that must not be called; the form in which it travels through aiohttp."""


class GuardedResolver(AbstractResolver):
    """Refuses a name when any of its addresses must not be called.

    Any and not all: a name that mixes public and private addresses has no good reason to.
    """

    def __init__(self, resolver: AbstractResolver, allow_loopback: bool) -> None:
        self._resolver = resolver
        self._allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name."""
        found = await self._resolver.resolve(host, port, family)
        for one in found:
            refuse(host, one["host"], self._allow_loopback)
        return found

    async def close(self) -> None:
        """Closes the resolver behind it."""
        await self._resolver.close()


class SystemResolver(AbstractResolver):
    """The system's own resolver, on threads of its own: a slow name delays nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, "resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
            )
        except UnicodeError:
            raise OSError("it is not the name of a host") from None
        return [
            ResolveResult(
                hostname=host,
                host=str(where[0]),
                port=int(where[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, where in found
        ]

    async def close(self) -> None:
        """Lets the threads end when their look-ups do."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def refuse(host: str, address: str, allow_loopback: bool) -> None:
    """Raises for an address, as a resolver or a socket names it, that must not be called."""
    try:
        kind = addresses.refusal(addresses.parse(address), allow_loopback)
    except ValueError:
        kind = "an unreadable"
    if kind:
        raise Refused(refused(host, kind))


def refused(host: str, kind: str) -> str:
    """The sentence about a host at an address that must not be called."""
    return f"The host {host!r} is at {kind} address, which must not be called."
