"""`waflows dev` started in a moment: forked from a process that has imported everything already.

What runs is the command itself, in a process of its own; only the time that Python takes to import
it is saved, which is most of a start. For tests that start servers again and again. Run as a
program, this file is the process that is forked: a JSON line in, the new process's id out.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil

_READY_SECONDS = 60.0
_PRELOADED = (
    "aiohttp",
    "psycopg",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "waflows.app",
    "waflows.cli.dev",
    "waflows.storage.postgres",
    "waflows.storage.sqlite",
)


class Forks:
    """Starts servers, one or many, in one folder and over one database."""

    def __init__(self, orders: IO[str], answers: IO[str], folder: Path, arguments: list[str]):
        self._orders = orders
        self._answers = answers
        self._folder = folder
        self._arguments = arguments

    @contextmanager
    def server(self) -> Iterator[Forked]:
        """`waflows dev` on a free port."""
        ready = self._folder / f"ready-{time.monotonic_ns()}"
        log = self._folder / "server.log"
        given = ["dev", "--port", "0", "--json", "--data", str(self._folder), *self._arguments]
        order = {"arguments": given, "out": str(ready), "log": str(log)}
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        process = psutil.Process(int(self._answers.readline()))
        forked = Forked(process, _facts(process, ready, log)["url"])
        try:
            yield forked
        finally:
            forked.kill()


class Forked:
    """A running server."""

    def __init__(self, process: psutil.Process, url: str) -> None:
        self._process = process
        self.url = url

    def kill(self) -> None:
        """Ends it as a power cut would."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process.kill()
        psutil.wait_procs([self._process])


@contextmanager
def forks(folder: Path, *arguments: str) -> Iterator[Forks]:
    """Where servers are forked from. Variables of this process reach them all."""
    popen = subprocess.Popen(
        [sys.executable, str(Path(__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert popen.stdin is not None
    assert popen.stdout is not None
    try:
        yield Forks(popen.stdin, popen.stdout, folder, list(arguments))
    finally:
        popen.stdin.close()
        popen.wait(10)
        popen.stdout.close()


def _facts(process: psutil.Process, ready: Path, log: Path) -> dict[str, Any]:
    """What the server printed when it was ready."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        text = ready.read_text("utf-8") if ready.exists() else ""
        if text.endswith("\n"):
            facts: dict[str, Any] = json.loads(text)
            return facts
        assert process.is_running(), log.read_text("utf-8")
        time.sleep(0.01)
    raise AssertionError(f"not ready in {_READY_SECONDS} s: {log.read_text('utf-8')}")


def _fork_on_order() -> None:
    # The kernel buries the children, since nobody here waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in _PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become_server(order)
        print(pid, flush=True)


def _become_server(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for path, number in ((order["out"], 1), (order["log"], 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from harness.servers import environment
    from waflows.cli import main

    variables = environment()
    os.environ.clear()
    os.environ.update(variables)
    main(order["arguments"])


if __name__ == "__main__":
    _fork_on_order()
