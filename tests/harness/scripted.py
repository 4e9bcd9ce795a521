"""An HTTP server on loopback that answers from a script: the faults a real server shows rarely."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

CUT = b""
"""Close the connection without an answer."""
SILENT = b"\0"
"""Keep the connection open without an answer."""
_READ_SECONDS = 10.0
_LONGEST_LINE = 64 * 1024
_MOST_HEADERS = 200
_LONGEST_BODY = 64 * 1024 * 1024


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
    """The request of a connection; None for what is not one, or does not come within the time."""
    connection.settimeout(_READ_SECONDS)
    try:
        with connection.makefile("rb") as stream:
            return _parse(stream)
    except (OSError, ValueError):
        return None
    finally:
        if connection.fileno() >= 0:
            connection.settimeout(None)


def _parse(stream: BinaryIO) -> Received | None:
    first = stream.readline(_LONGEST_LINE).decode("latin-1").split()
    if len(first) != 3 or not first[2].startswith("HTTP/1."):
        return None
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = stream.readline(_LONGEST_LINE)
        if line == b"\r\n":
            length = int(headers.get("content-length", "0"))
            body = stream.read(length) if 0 <= length <= _LONGEST_BODY else b""
            return Received(first[0], first[1], headers, body) if len(body) == length else None
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            return None
        headers[name.strip().lower()] = value.strip()
    return None
