"""Several server processes over one database, and many clients that ask them all at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psutil

from harness.servers import Process, production_server

KINDS = ("workers", "processes")
"""One server with two workers, or two servers that know nothing of each other."""


class Fleet(NamedTuple):
    """Running servers and the database they share."""

    servers: list[Process]
    database_url: str

    def url(self, number: int) -> str:
        """Where the client of this number is served."""
        return self.servers[number % len(self.servers)].url


class Asked(NamedTuple):
    """A request to make."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    query: dict[str, str] | None = None


class Answer(NamedTuple):
    """What came of a request; `code` is 0 where there is no error.

    `process` tells the processes of a fleet apart.
    """

    asked: Asked
    status: int
    code: int
    body: Any
    process: str

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return self.status < 400


@contextmanager
def fleet(folder: Path, database_url: str, kind: str) -> Iterator[Fleet]:
    """Servers without a limit of writes."""
    count, workers = (1, "2") if kind == "workers" else (2, "1")
    with contextlib.ExitStack() as stack:
        servers = []
        for number in range(count):
            own = folder / str(number)
            own.mkdir(exist_ok=True)
            arguments = ("--workers", workers, "--rate-limit", "0")
            servers.append(stack.enter_context(production_server(own, database_url, *arguments)))
        yield Fleet(servers, database_url)


def kill(process: Process) -> None:
    """Ends a server and its workers as a power cut would: none gets to say or write anything."""
    family = [psutil.Process(process.popen.pid)]
    family += family[0].children(recursive=True)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.popen.wait()
    psutil.wait_procs(family)


def at_once(servers: Fleet, api_key: str, asked: list[Asked]) -> list[Answer]:
    """The answers to requests of as many clients, all made at the same moment."""
    return asyncio.run(_at_once(servers, api_key, asked))


async def _at_once(servers: Fleet, api_key: str, asked: list[Asked]) -> list[Answer]:
    start = asyncio.Event()
    connected = asyncio.Semaphore(0)

    async def one(number: int, wanted: Asked) -> Answer:
        async with client(servers.url(number), api_key) as http:
            # Connected before the start, so that what races is the requests.
            await http.get("/healthz")
            connected.release()
            await start.wait()
            response = await http.request(
                wanted.method, wanted.path, json=wanted.body, params=wanted.query
            )
        body: Any = response.json() if response.content else None
        code = body["code"] if response.status_code >= 400 else 0
        process = response.headers["x-request-id"].rpartition("-")[0]
        return Answer(wanted, response.status_code, code, body, process)

    order = random.sample(asked, len(asked))
    calls = [asyncio.create_task(one(number, wanted)) for number, wanted in enumerate(order)]
    for _ in calls:
        await connected.acquire()
    start.set()
    return await asyncio.gather(*calls)


def client(url: str, api_key: str) -> httpx2.AsyncClient:
    """A client that never repeats a request by itself."""
    headers = {"Authorization": f"Bearer {api_key}"}
    return httpx2.AsyncClient(
        base_url=url, headers=headers, timeout=60, trust_env=False, verify=False
    )
