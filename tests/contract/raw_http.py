"""HTTP spoken by hand, for what no client library would send."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

_SECONDS = 10.0


class Answer(msgspec.Struct, frozen=True):
    """One response as it came over the wire; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Connection:
    """A connection to a server; a context manager."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self._socket = socket.create_connection((address.hostname, address.port), _SECONDS)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, *parts: bytes) -> None:
        """Sends bytes, each part by itself; what the server no longer takes is left."""
        try:
            for part in parts:
                self._socket.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_in_background(self, data: bytes) -> None:
        """Sends bytes in a thread, for a server that reads on when its answers are read."""
        threading.Thread(target=self.send, args=(data,), daemon=True).start()

    def send_without_waiting(self, data: bytes) -> int:
        """Sends as much as the system takes at once; returns how many bytes that were."""
        return self._socket.send(data, socket.MSG_DONTWAIT)

    def answer(self) -> Answer:
        """The next response."""
        status_line = self._stream.readline()
        assert status_line.startswith(b"HTTP/1.1 "), status_line
        status = int(status_line.split()[1])
        headers = dict(self._header_lines())
        if status == 100:
            return Answer(status, headers, b"")
        body = self._stream.read(int(headers.get("content-length", "0")))
        return Answer(status, headers, body)

    def wait_at_most(self, seconds: float) -> None:
        """Has what is read from now on end in a TimeoutError after so long."""
        self._socket.settimeout(seconds)

    def is_at_its_end(self) -> bool:
        """Whether the server closes the connection without sending anything more."""
        return self._stream.read(1) == b""

    def _header_lines(self) -> Iterable[tuple[str, str]]:
        while (line := self._stream.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            yield name.lower(), value.strip()


def ask(url: str, *parts: bytes) -> Answer:
    """The one response to what is sent on a connection of its own."""
    with Connection(url) as connection:
        connection.send(*parts)
        return connection.answer()


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request, with a Host and whatever other headers."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body
