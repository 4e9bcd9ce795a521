"""The clients on the running server: each test runs with the sync and with the async one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.servers import Tenant

from waflows.client import AsyncClient, Client

Connect = Callable[..., Any]


class Awaited:
    """An async client whose calls are awaited to their end, so that one test serves both."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            made = getattr(self._client, name)(*arguments, **named)
            if inspect.isasyncgen(made):
                return self._items(made)
            return self._runner.run(made)

        return call

    def _items(self, items: Any) -> Iterator[Any]:
        while True:
            try:
                yield self._runner.run(anext(items))
            except StopAsyncIteration:
                return


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes a client of either kind, closed in the end."""
    if request.param == "sync":
        made: list[Client] = []

        def make(*arguments: Any, **named: Any) -> Any:
            made.append(Client(*arguments, **named))
            return made[-1]

        yield make
        for client in made:
            client.close()
        return
    with asyncio.Runner() as runner:
        wrapped: list[Awaited] = []

        def wrap(*arguments: Any, **named: Any) -> Any:
            wrapped.append(Awaited(AsyncClient(*arguments, **named), runner))
            return wrapped[-1]

        yield wrap
        for awaited in wrapped:
            awaited.aclose()


@pytest.fixture
def client(connect: Connect, server: Tenant) -> Any:
    """A client of the test's own account and channel."""
    return connect(server.url, server.account_id, server.api_key, server.channel_id)
