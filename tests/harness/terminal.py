"""A command as a person at a terminal sees it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from typing import NamedTuple

from harness.servers import COMMAND, environment

_SECONDS = 60.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Seen(NamedTuple):
    """How a command ended, what the terminal received, and the same without escape sequences."""

    status: int
    raw: str
    text: str


def on_terminal(
    *arguments: str, env: Mapping[str, str] | None = None, answer: str = "", columns: int = 120
) -> Seen:
    """Runs a waflows command on a terminal of its own; answers its first question."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    popen = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        # A test runner may have set a width of its own.
        env=environment(**{"TERM": "xterm-256color", "COLUMNS": ""} | dict(env or {})),
        start_new_session=True,
    )
    os.close(terminal)
    try:
        received = _converse(main, answer)
        status = popen.wait(timeout=_SECONDS)
    finally:
        popen.kill()
        popen.wait()
        os.close(main)
    raw = received.decode().replace("\r\n", "\n")
    return Seen(status, raw, _ESCAPES.sub("", raw))


def _converse(main: int, answer: str) -> bytes:
    """Reads until the command closes its terminal, and answers when it asks."""
    received = b""
    deadline = time.monotonic() + _SECONDS
    while select.select([main], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = b""
        # The system reports the closed terminal as an error of input.
        with contextlib.suppress(OSError):
            part = os.read(main, 65536)
        if not part:
            return received
        received += part
        if answer and received.endswith(b"]: "):
            os.write(main, f"{answer}\n".encode())
            answer = ""
    raise AssertionError(f"still running after {_SECONDS} s, having said {received!r}")
