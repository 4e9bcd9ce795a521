"""Load on one address: a fixed number of connections, each asking again as soon as it is answered.

Plain sockets in one thread, which is enough to saturate the servers measured here (beside wrk with
one thread it reaches 95 % of wrk's figure on a bare application), needs nothing to be installed and
looks at every answer.
"""

from __future__ import annotations

import gc
import selectors
import socket
import time
from urllib.parse import urlsplit

import msgspec

CONNECTIONS = 64
WARM_UP_SECONDS = 0.5
_CHUNK = 256 * 1024


class Target(msgspec.Struct, frozen=True):
    """What is asked for. `body` is what every answer must say, None when that may change."""

    url: str
    headers: dict[str, str]
    body: bytes | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80

    def request(self) -> bytes:
        """The request, as it is sent."""
        parts = urlsplit(self.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, **self.headers}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Load(msgspec.Struct, frozen=True):
    """What came of it; latencies in milliseconds."""

    requests: int
    """Answers in all, those of the warm-up too."""
    per_second: float
    p50: float
    p99: float


class WrongAnswer(Exception):
    """A server answered something else than it should have."""


class _Connection:
    """One connection and the part of an answer that has arrived."""

    def __init__(self, target: Target) -> None:
        self.socket = socket.create_connection(target.address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.received = b""
        self.asked_at = 0.0

    def ask(self, request: bytes, now: float) -> None:
        self.asked_at = now
        self.socket.send(request)

    def take(self) -> bytes | None:
        """The answer, once all of it has arrived."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise WrongAnswer("The server closed the connection.")
        data = self.received + chunk if self.received else chunk
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _length(data, end):
            self.received = data
            return None
        self.received = b""
        return data


def drive(target: Target, seconds: float, connections: int = CONNECTIONS) -> Load:
    """Asks for the target for some seconds, after a warm-up; raises WrongAnswer."""
    request = target.request()
    selector = selectors.DefaultSelector()
    open_connections = [_Connection(target) for _ in range(connections)]
    for connection in open_connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    latencies: list[float] = []
    answered = 0
    gc.disable()
    try:
        begin = time.perf_counter() + WARM_UP_SECONDS
        end = begin + seconds
        for connection in open_connections:
            connection.ask(request, time.perf_counter())
        now = 0.0
        while now < end:
            for key, _ in selector.select(5) or _silence():
                connection = key.data
                answer = connection.take()
                if answer is None:
                    continue
                now = time.perf_counter()
                if now >= begin:
                    latencies.append(now - connection.asked_at)
                answered += 1
                check(answer, target.body)
                connection.ask(request, now)
    finally:
        gc.enable()
        selector.close()
        for connection in open_connections:
            connection.socket.close()
    latencies.sort()
    return Load(
        answered,
        len(latencies) / seconds,
        latencies[len(latencies) // 2] * 1000,
        latencies[len(latencies) * 99 // 100] * 1000,
    )


def check(answer: bytes, body: bytes | None) -> None:
    """Raises WrongAnswer unless an answer is a 200 with this body."""
    if not answer.startswith(b"HTTP/1.1 200"):
        raise WrongAnswer(answer[:300].decode("latin-1"))
    if body is not None and not answer.endswith(body):
        raise WrongAnswer("The answer is not the list that was expected.")


def _length(data: bytes, end: int) -> int:
    """The Content-Length of a head, however it is spelled."""
    start = data.find(b"ontent-", 0, end)
    while start >= 0:
        if data[start + 7 : start + 14].lower() == b"length:":
            return int(data[start + 14 : data.index(b"\r", start)])
        start = data.find(b"ontent-", start + 7, end)
    raise WrongAnswer("The answer has no Content-Length.")


def _silence() -> list[tuple[selectors.SelectorKey, int]]:
    raise WrongAnswer("The server has not answered for five seconds.")
