"""The socket a server listens on: a port, a Unix socket, or one that systemd has opened.

With `reuse_port` a second server may listen where this one does. Then `hand_over` sends new
connections to the newer server, so that none is waiting here when this one stops listening.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from waflows.errors import OperatorError
from waflows.http.traffic import raise_descriptor_limit
from waflows.settings import Settings

# Loopback addresses of servers that listen on every address.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_FIRST_SYSTEMD_DESCRIPTOR = 3
# From Linux' asm-generic/socket.h; Python has no name for it.
_SO_ATTACH_REUSEPORT_CBPF = 51
# A program of one instruction, "return 1": BPF_RET | BPF_K, no jumps, the constant 1.
_RETURN_SECOND = struct.pack("=HBBI", 0x06, 0, 0, 1)


def listen(settings: Settings) -> socket.socket:
    """A bound socket; raises OperatorError when the address cannot be had.

    As every connection needs a descriptor, this process and its workers may have more of them.
    """
    raise_descriptor_limit()
    listening = _from_systemd() or (
        _on_unix_socket(settings) if settings.unix_socket else _on_port(settings)
    )
    listening.set_inheritable(True)
    return listening


def address_of(listening: socket.socket, settings: Settings) -> str:
    """The URL at which a bound socket can be reached from this machine."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if listening.family == socket.AF_UNIX:
        return f"unix:{settings.unix_socket or listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"http://{_bracketed(_REACHED_AT.get(host, host))}:{port}"


def hand_over(listening: socket.socket) -> None:
    """Sends new connections to a newer server on the same port, if there is one.

    Closing a socket loses the connections that wait to be accepted from it. Linux lets a program
    choose among the sockets of a port: this one names the second, and is ignored while there is
    none.
    """
    if not sys.platform.startswith("linux") or listening.family == socket.AF_UNIX:
        return
    code = ctypes.create_string_buffer(_RETURN_SECOND, len(_RETURN_SECOND))
    program = struct.pack("@HP", 1, ctypes.addressof(code))
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)


def remover(settings: Settings) -> Callable[[], None]:
    """What removes the file of a Unix socket, unless another server has replaced it."""
    if not settings.unix_socket or _is_from_systemd():
        return lambda: None
    path = Path(settings.unix_socket)
    inode = path.stat().st_ino

    def remove() -> None:
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == inode:
                path.unlink()

    return remove


def _on_port(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if settings.reuse_port:
            if not hasattr(socket, "SO_REUSEPORT"):
                raise OperatorError("Bad setting reuse_port: this system has no SO_REUSEPORT.")
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise OperatorError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror};"
            " choose another with --port (0 picks a free one)."
        ) from None
    return listening


def _on_unix_socket(settings: Settings) -> socket.socket:
    """A socket whose file appears in one step, in place of one that a stopped server left."""
    path = Path(settings.unix_socket)
    if not settings.reuse_port and _answers(path):
        raise OperatorError(
            f"Cannot listen on {path}: another server does; to take over from it, start both with"
            " reuse_port = true."
        )
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise OperatorError(f"Cannot listen on {path}: it is a file, not a socket.")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        listening.bind(str(part))
        # As on a port of the machine itself, every program here may connect.
        part.chmod(0o666)
        part.replace(path)
    except OSError as error:
        raise OperatorError(f"Cannot listen on {path}: {error.strerror}.") from None
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _is_from_systemd() -> bool:
    return os.environ.get("LISTEN_PID") == str(os.getpid())


def _from_systemd() -> socket.socket | None:
    """The socket that systemd has opened for this process, None for none (sd_listen_fds(3))."""
    if not _is_from_systemd():
        return None
    count = os.environ.get("LISTEN_FDS", "")
    if count != "1":
        raise OperatorError(
            f"systemd has opened {count or 'no'} sockets; waflows listens on exactly one."
        )
    try:
        return socket.socket(fileno=_FIRST_SYSTEMD_DESCRIPTOR)
    except OSError as error:
        raise OperatorError(f"The socket from systemd cannot be used: {error.strerror}.") from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
