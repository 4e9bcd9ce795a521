"""A waflows server for tests: a process of its own on a free port, with a fresh database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

_READY_SECONDS = 60.0
_END_SECONDS = 10.0


class Server(msgspec.Struct, frozen=True):
    """A running server, its process, and the address of its database."""

    url: str
    pid: int
    database_url: str
    log: Path


class ServerDidNotStart(RuntimeError):
    """The server ended, or was not ready in time; the message ends with its log."""


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """`waflows dev` on a free port of this machine, with all it keeps in a folder.

    Variables of the environment that begin with WAFLOWS_ do not reach it. Raises
    ServerDidNotStart.
    """
    database = folder / "waflows.db"
    log = folder / "server.log"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAFLOWS_")}
    with log.open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "waflows", "dev", "--json", "--host", "127.0.0.1"),
                *("--port", "0", "--data", str(folder)),
                *("--database-url", f"sqlite:///{database}"),
            ],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
    try:
        facts = _first_line(process, log)
        yield Server(str(facts["url"]), process.pid, f"sqlite:///{database}", log)
    finally:
        _end(process)


def _first_line(process: subprocess.Popen[bytes], log: Path) -> dict[str, object]:
    """What the server prints when it is ready."""
    assert process.stdout is not None
    timer = threading.Timer(_READY_SECONDS, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line:
        raise ServerDidNotStart(f"The waflows server did not start:\n{log.read_text('utf-8')}")
    facts: dict[str, object] = json.loads(line)
    return facts


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
