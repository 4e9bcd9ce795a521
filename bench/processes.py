"""Starting and stopping what is measured, each in processes of its own on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
WAFLOWS = [sys.executable, "-m", "waflows"]
_READY_SECONDS = 60.0


class Server:
    """A running server: its main process and the workers that one has started."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def cpu_seconds(self) -> float:
        """Processor time that all its processes have used so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self._all())

    def worker(self) -> psutil.Process:
        """The process that serves, or one of them: the one that used the most memory."""
        return max(self._all(), key=lambda process: process.memory_info().rss)

    def _all(self) -> list[psutil.Process]:
        main = psutil.Process(self.process.pid)
        return [main, *main.children(recursive=True)]


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, probe: str = "/", **environ: str
) -> Iterator[Server]:
    """Runs a server that was told a port, from its first answer to the end of the block."""
    process = spawn(command, **environ)
    try:
        wait_until_answering(process, port, probe)
        yield Server(process, port)
    finally:
        stop(process)


def spawn(command: Sequence[str], **environ: str) -> subprocess.Popen[bytes]:
    """Starts a command whose output nobody wants."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAFLOWS_")}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=kept | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, and with it the workers it has started."""
    children = (
        psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    )
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()


def wait_until_answering(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    """Waits for the first answer of any status; raises RuntimeError when none comes."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        ):
            connection.sendall(request)
            if connection.recv(16).startswith(b"HTTP/1.1 "):
                return
        time.sleep(0.002)
    raise RuntimeError(f"no answer from {' '.join(map(str, process.args))}")  # type: ignore[arg-type]


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
