"""Receivers of webhooks on loopback: real HTTP servers that note what they get."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from aiohttp import web

Answerer = Callable[["Received"], Awaitable[web.StreamResponse] | web.StreamResponse]


class Received(NamedTuple):
    """One request as it came; `at` is in seconds of the monotonic clock."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    request: web.Request

    @property
    def event_id(self) -> str:
        """The id by which repetitions are told."""
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        """The event."""
        return json.loads(self.body)


class Receiver:
    """A server on a port of its own. What it answers depends on the request and may be changed."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.answer: Answerer = lambda _: web.Response()
        self.url = ""
        self.most_at_once = 0
        self._at_once = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Notes a request and answers it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.path, headers, await request.read(), time.monotonic(), request)
        self.requests.append(received)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = self.answer(received)
            return answer if isinstance(answer, web.StreamResponse) else await answer
        finally:
            self._at_once -= 1

    def wait_for(self, count: int, seconds: float = 15.0) -> list[Received]:
        """The requests once there are so many."""
        self.wait_until(lambda: len(self.requests) >= count, seconds)
        return list(self.requests)

    def wait_until(self, true: Callable[[], bool], seconds: float = 15.0) -> None:
        """Waits for something to become true."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"only {len(self.requests)} requests came"
            time.sleep(0.01)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that runs on a thread."""
    one = Receiver()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", one.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def end() -> None:
        await runner.cleanup()
        # Those that hang are still at it.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield one
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
