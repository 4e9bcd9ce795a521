"""Restarting a production server while clients use it: no connection fails, no request is lost."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from harness.databases import upgrade
from harness.servers import (
    COMMAND,
    Process,
    Tenant,
    client,
    environment,
    production_server,
)

WORKERS = ["1", "2"]
_AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


class Load:
    """Clients that ask for a list without pause, and what went wrong."""

    def __init__(self, tenant: Tenant) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._tenant = tenant
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def ask_on_new_connections(self) -> None:
        """Opens a connection for each request."""
        while not self._ended.is_set():
            with client(self._tenant.url, self._tenant.api_key) as fresh:
                self._ask(fresh)

    def ask_on_kept_connections(self) -> None:
        """Asks again and again on a connection, for as long as the server keeps it."""
        with client(self._tenant.url, self._tenant.api_key) as kept:
            while not self._ended.is_set():
                self._ask(kept)

    def ask_now_and_then(self) -> None:
        """Leaves its connection idle between two requests."""
        with client(self._tenant.url, self._tenant.api_key) as kept:
            while not self._ended.is_set():
                self._ask(kept)
                self._ended.wait(0.3)

    def write(self) -> None:
        """Creates a flow with each request, on kept connections."""
        with client(self._tenant.url, self._tenant.api_key) as kept:
            for number in itertools.count():
                if self._ended.is_set():
                    return
                body = {"name": f"{threading.get_ident()}-{number}", "categories": ["OTHER"]}
                self._note(lambda: kept.post(self._tenant.flows, json=body))  # noqa: B023

    def _ask(self, http: httpx2.Client) -> None:
        self._note(lambda: http.get(self._tenant.flows, params={"limit": 5}))

    def _note(self, ask: Callable[[], httpx2.Response]) -> None:
        try:
            status = ask().status_code
        except httpx2.TransportError as error:
            self._fail(repr(error))
            return
        if status == 200:
            with self._lock:
                self.answered += 1
        else:
            self._fail(f"status {status}")

    def _fail(self, what: str) -> None:
        with self._lock:
            self.failures.append(what)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Asks in several ways at once until the end of the block."""
        ways = [
            self.ask_on_new_connections,
            self.ask_on_new_connections,
            self.ask_on_kept_connections,
            self.ask_now_and_then,
            self.write,
        ]
        threads = [threading.Thread(target=way) for way in ways]
        for thread in threads:
            thread.start()
        try:
            self.go_on()
            yield
            self.go_on()
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(timeout=40)

    def go_on(self, more: int = 60) -> None:
        """Waits until some more requests were answered."""
        wanted = self.answered + more
        deadline = time.monotonic() + 30
        while self.answered < wanted:
            assert time.monotonic() < deadline, (self.answered, self.failures[:5])
            time.sleep(0.02)


def _workers(process: Process) -> set[int]:
    return {worker.pid for worker in process.workers}


def _wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_restart_by_sighup_loses_no_request(tmp_path: Path, workers: str) -> None:
    database_url = f"sqlite:///{tmp_path / 'waflows.db'}"
    arguments = ["--workers", workers, "--rate-limit", "0"]
    with production_server(tmp_path, database_url, *arguments) as process:
        load = Load(Tenant(process, database_url))
        with load.running():
            for _ in range(2):
                before = _workers(process)
                process.popen.send_signal(signal.SIGHUP)
                _wait_for(lambda: not before & _workers(process))  # noqa: B023
                load.go_on()

    assert load.failures == []


@pytest.mark.parametrize("workers", WORKERS)
def test_a_second_server_takes_over_from_the_first_without_losing_a_request(
    tmp_path: Path, workers: str
) -> None:
    database_url = f"sqlite:///{tmp_path / 'waflows.db'}"
    shared = ["--workers", workers, "--rate-limit", "0", "--reuse-port", "true"]
    (tmp_path / "second").mkdir()
    with ExitStack() as servers:
        first = servers.enter_context(production_server(tmp_path, database_url, *shared))
        again = [*shared, "--port", first.url.rsplit(":", 1)[1]]
        load = Load(Tenant(first, database_url))
        with load.running():
            second = servers.enter_context(
                production_server(tmp_path / "second", database_url, *again)
            )
            second.log_line(event="ready", wait=30)
            load.go_on()
            assert first.stop() in {0, -signal.SIGTERM}
            load.go_on()
            assert second.popen.poll() is None

    assert load.failures == []


def test_settings_are_read_again_at_sighup(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    file = tmp_path / "waflows.toml"
    file.write_text("rate_limit = 2\nworkers = 1\n", "utf-8")
    with production_server(tmp_path, url, "--config", str(file)) as process:
        tenant = Tenant(process, url)

        def creates() -> list[int]:
            bodies = [{"name": f"{time.monotonic_ns()}", "categories": ["OTHER"]} for _ in range(4)]
            return [tenant.http.post(tenant.flows, json=body).status_code for body in bodies]

        assert creates() == [200, 200, 429, 429]
        before = _workers(process)
        file.write_text("rate_limit = 0\nworkers = 2\n", "utf-8")
        process.popen.send_signal(signal.SIGHUP)
        _wait_for(lambda: len(_workers(process) - before) == 2 and not _workers(process) & before)
        assert creates() == [200] * 4


def test_wrong_settings_at_sighup_change_nothing_and_are_logged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    file = tmp_path / "waflows.toml"
    file.write_text("workers = 1\n", "utf-8")
    with production_server(tmp_path, url, "--config", str(file)) as process:
        before = _workers(process)
        file.write_text("worker = 2\n", "utf-8")
        process.popen.send_signal(signal.SIGHUP)
        line = process.log_line(event="not restarted: the settings cannot be used", wait=15)
        assert "Did you mean 'workers'?" in line["reason"]
        assert _workers(process) == before
        assert httpx2.get(f"{process.url}/readyz", trust_env=False).status_code == 200


def test_a_database_that_cannot_be_reached_at_sighup_does_not_end_the_server(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    upgrade(url)
    file, log = tmp_path / "waflows.toml", tmp_path / "server.log"
    file.write_text(f'database_url = "{url}"\n', "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _started(tmp_path, "--config", str(file), "--port", str(port)) as popen:
        _wait_for(lambda: _answers(port))
        file.write_text('database_url = "postgresql://nobody@127.0.0.1:1/none"\n', "utf-8")
        popen.send_signal(signal.SIGHUP)
        _wait_for(lambda: "not restarted: the settings cannot be used" in log.read_text("utf-8"))
        assert popen.poll() is None
        assert _answers(port)


@pytest.mark.parametrize("workers", WORKERS)
def test_a_server_that_was_asked_to_end_says_so_and_serves_on_for_its_delay(
    tmp_path: Path, workers: str
) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    arguments = ["--workers", workers, "--shutdown-delay", "4"]
    with production_server(tmp_path, url, *arguments) as process:
        tenant = Tenant(process, url)
        process.popen.send_signal(signal.SIGTERM)

        def is_ready() -> bool:
            with client(process.url) as fresh:
                return fresh.get("/readyz").status_code == 200

        # The signal reaches one worker after the other.
        _wait_for(lambda: not any(is_ready() for _ in range(8)), seconds=4)
        for _ in range(5):
            with client(process.url, tenant.api_key) as fresh:
                assert fresh.get("/healthz").status_code == 200
                assert fresh.get(tenant.flows).status_code == 200
                refusal = fresh.get("/readyz")
                assert refusal.status_code == 503
                assert "shutting down" in refusal.json()["message"]
        assert "unexpected error" not in [line["event"] for line in process.log_lines()]
        process.popen.wait(timeout=30)
        with pytest.raises(httpx2.TransportError), client(process.url) as fresh:
            fresh.get("/healthz")


def test_ctrl_c_ends_a_server_without_waiting_for_idle_connections(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    with production_server(tmp_path, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        assert tenant.http.get(tenant.flows).status_code == 200
        began = time.monotonic()
        process.popen.send_signal(signal.SIGINT)
        process.popen.wait(timeout=30)
        hurried = time.monotonic() - began
    assert "Traceback" not in process.log.read_text("utf-8")

    with production_server(tmp_path, url, "--workers", "1") as process:
        tenant = Tenant(process, url)
        assert tenant.http.get(tenant.flows).status_code == 200
        began = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)
        process.popen.wait(timeout=30)
        patient = time.monotonic() - began
    assert hurried < patient


def test_it_listens_on_a_unix_socket_and_removes_it_at_the_end(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    path = tmp_path / "waflows.sock"
    path.touch()
    with _serving(tmp_path, url, "--unix-socket", str(path)) as popen:
        assert popen.wait(timeout=30) == 2
    path.unlink()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with _serving(tmp_path, url, "--unix-socket", str(path)) as popen:
        _wait_for(lambda: _status_at(path) == 200)
        with _serving(tmp_path, url, "--unix-socket", str(path)) as second:
            assert second.wait(timeout=30) == 2
        assert _status_at(path) == 200
        popen.send_signal(signal.SIGTERM)
        popen.wait(timeout=30)
    assert not path.exists()


def test_it_listens_on_the_socket_that_systemd_has_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'waflows.db'}"
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        with _serving(tmp_path, url, "--port", "1", opened=opened):
            _wait_for(lambda: _answers(port))


@contextmanager
def _serving(
    folder: Path, url: str, *arguments: str, opened: socket.socket | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`waflows serve` over a database that is upgraded first."""
    upgrade(url)
    with _started(folder, "--database-url", url, *arguments, opened=opened) as popen:
        yield popen


@contextmanager
def _started(
    folder: Path, *arguments: str, opened: socket.socket | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`waflows serve` with one worker, where given with a socket opened by systemd."""
    command = [*COMMAND, "serve", "--workers", "1", *arguments]
    if opened is not None:
        command = [sys.executable, "-c", _AS_SYSTEMD, str(opened.fileno()), *command]
    with (folder / "server.log").open("ab") as log:
        popen = subprocess.Popen(
            command,
            env=environment(),
            stderr=log,
            pass_fds=() if opened is None else (opened.fileno(),),
        )
    try:
        yield popen
    finally:
        if popen.poll() is None:
            popen.terminate()
            popen.wait(timeout=30)


def _status_at(path: Path) -> int:
    try:
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path))) as http:
            return http.get("http://waflows/readyz").status_code
    except httpx2.TransportError:
        return 0


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
