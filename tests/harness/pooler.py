"""PgBouncer in front of a test's PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

_READY_SECONDS = 15.0
_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin"
_INSTALL = "PgBouncer is not installed (Debian: apt-get install pgbouncer)."


class Pooler:
    """A pooler that can be killed and started again at the same address."""

    def __init__(self, program: str, config: Path, port: int) -> None:
        self._command = [program, str(config)]
        self._port = port
        self._popen: subprocess.Popen[bytes] | None = None

    def url(self, direct: str) -> str:
        """The way through the pooler to the database at an address."""
        name = conninfo_to_dict(direct)["dbname"]
        return f"postgresql://postgres@127.0.0.1:{self._port}/{name}"

    def start(self) -> None:
        """Starts it, and waits until it takes connections."""
        self._popen = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            assert self._popen.poll() is None, "the pooler did not start"
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "the pooler takes no connections"
                time.sleep(0.05)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait()
            self._popen = None


@contextmanager
def running_pooler(folder: Path, direct: str, mode: str = "transaction") -> Iterator[Pooler]:
    """A pooler for every database of the server that an address names."""
    program = shutil.which("pgbouncer", path=_PLACES)
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_INSTALL)
        pytest.skip(_INSTALL)
    sockets = Path(str(conninfo_to_dict(direct)["host"]))
    # It refuses to be root, and must reach the socket of PostgreSQL, which does not run as root.
    owner = pwd.getpwuid(sockets.stat().st_uid).pw_name
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={sockets} user=postgres\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\nmax_client_conn = 500\ndefault_pool_size = 10\n"
        + (f"user = {owner}\n" if os.getuid() == 0 else "")
    )
    folder.chmod(0o755)
    pooler = Pooler(program, config, port)
    pooler.start()
    try:
        yield pooler
    finally:
        pooler.kill()


@contextmanager
def administrator(direct: str) -> Iterator[psycopg.Connection[tuple[int]]]:
    """A connection to the same server that lies outside the database in question."""
    with psycopg.connect(direct, dbname="postgres", autocommit=True) as connection:
        yield connection


def end_listeners(direct: str) -> int:
    """Ends the sessions that listen for changes of a database; how many there were."""
    name = conninfo_to_dict(direct)["dbname"]
    with administrator(direct) as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND query LIKE 'LISTEN%%'",
            (name,),
        ).fetchall()
    return len(rows)
