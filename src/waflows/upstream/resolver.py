"""From names to addresses for outgoing calls; an address that must not be called stops here.

The resolver behind may be the system's or another; `addresses.py` has the say.
"""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver, ResolveResult

from waflows.upstream.addresses import refuse

# A look-up cannot be cut short: its thread is busy for as long as the system goes on asking, long
# after the call that wanted it has ended. So names of one domain have a few threads only, and names
# that are not known to resolve quickly leave some to those that are.
_THREADS = 64
_THREADS_FOR_STRANGERS = 48
_THREADS_FOR_A_DOMAIN = 8
_QUICK_SECONDS = 1.0
_MOST_REMEMBERED = 4096


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
        self._threads = ThreadPoolExecutor(_THREADS, "resolver")
        self._quick: set[str] = set()
        self._strangers = asyncio.Semaphore(_THREADS_FOR_STRANGERS)
        # A gate is there as long as somebody holds it.
        self._domains: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name."""
        loop = asyncio.get_running_loop()
        with ExitStack() as held:
            for gate in self._gates(host):
                await gate.acquire()
                held.callback(gate.release)
            look_up = loop.run_in_executor(
                self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
            )
            ended = partial(self._ended, host, time.monotonic(), held.pop_all())
            look_up.add_done_callback(ended)
        try:
            # Whoever gives up waiting does not free the thread, so not the place either.
            found = await asyncio.shield(look_up)
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

    def _gates(self, host: str) -> list[asyncio.Semaphore]:
        domain = ".".join(host.rstrip(".").rsplit(".", 2)[-2:])
        of_domain = self._domains.setdefault(domain, asyncio.Semaphore(_THREADS_FOR_A_DOMAIN))
        return [of_domain] if host in self._quick else [of_domain, self._strangers]

    def _ended(
        self, host: str, began: float, held: ExitStack, look_up: asyncio.Future[Any]
    ) -> None:
        held.close()
        resolved = not look_up.cancelled() and look_up.exception() is None
        if not resolved or time.monotonic() - began > _QUICK_SECONDS:
            self._quick.discard(host)
            return
        if len(self._quick) >= _MOST_REMEMBERED:
            self._quick.clear()
        self._quick.add(host)

    async def close(self) -> None:
        """Lets the threads end when their look-ups do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
