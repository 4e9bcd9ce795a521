"""An HTTP server on loopback that answers from a script: the faults a real server shows rarely."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

CUT = b""
"""Close the connection without an answer."""
SILENT = b"\0"
"""Keep the connection open without an answer."""


class Received(NamedTuple):
    """A request as it came in; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def answer(
    status: int,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """A whole response; `length` announces another length than the body has."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(content) if length is None else length),
        "Connection": "close",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + content


def refusal(status: int, code: int, message: str = "Refused.", **headers: str) -> bytes:
    """An error in the API's envelope; header names with underscores."""
    envelope = {
        "code": code,
        "message": message,
        "errorId": "db9dced4-3534-4d86-9d18-6b448af0d621",
        "timestamp": "2018-07-02T09:42:38.8988997+00:00",
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(status, envelope, named)


class Scripted:
    """A running scripted server: where it is, and what it has received so far."""

    def __init__(self, listening: socket.socket, script: list[bytes]) -> None:
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.received: list[Received] = []
        self._listening = listening
        self._script = script
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        """Answers one connection after another until the socket is closed."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._answer(connection) != SILENT:
                connection.close()

    def close(self) -> None:
        """Closes every connection."""
        for connection in self._open:
            connection.close()

    def _answer(self, connection: socket.socket) -> bytes:
        request = _read(connection)
        if request is None:
            return CUT
        number = len(self.received)
        self.received.append(request)
        over = answer(418, b"the script is over")
        response = self._script[number] if number < len(self._script) else over
        if response == CUT:
            # Closing with a linger of zero resets the connection, as a dying server does.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif response != SILENT:
            connection.sendall(response)
        return response


@contextmanager
def scripted(*script: bytes) -> Iterator[Scripted]:
    """A server that answers the first request with the first response, and so on."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Scripted(listening, list(script))
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        # Closing alone would leave the thread in accept().
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(timeout=5)
        server.close()


def unused_url() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _read(connection: socket.socket) -> Received | None:
    with connection.makefile("rb") as stream:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers: dict[str, str] = {}
        for line in iter(stream.readline, b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
    return Received(first[0], first[1], headers, body)
