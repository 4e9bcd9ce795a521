"""The least a server can do: uvicorn, as waflows runs it, and an application of six lines.

Run as `python -m bench.references.bare PORT WORKERS FILE`, where the file holds the answer.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from uvicorn.supervisors import Multiprocess

_FILE = "BENCH_BARE_ANSWER"


class Answer(msgspec.Struct, frozen=True):
    """What every request is answered."""

    headers: list[tuple[bytes, bytes]]
    body: bytes


def app() -> Any:
    """The application."""
    answer = msgspec.msgpack.decode(Path(os.environ[_FILE]).read_bytes(), type=Answer)
    start = {"type": "http.response.start", "status": 200, "headers": answer.headers}
    rest = {"type": "http.response.body", "body": answer.body}

    async def same_for_all(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send(rest)

    return same_for_all


def command(port: int, workers: int, file: Path) -> list[str]:
    """How to run it."""
    return [sys.executable, "-m", __spec__.name, str(port), str(workers), str(file)]


def main(port: int, workers: int, file: str) -> None:
    """Serves until it is told to stop."""
    os.environ[_FILE] = file
    config = uvicorn.Config(
        "bench.references.bare:app",
        factory=True,
        port=port,
        workers=workers,
        loop="auto",
        http="httptools",
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
    )
    if workers == 1:
        uvicorn.Server(config).run()
    else:
        Multiprocess(config, sockets=[config.bind_socket()]).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
