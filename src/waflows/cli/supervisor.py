"""The supervisor of `waflows serve`: uvicorn's, plus logs, notifications and safe restarts.

A worker that exited or does not respond is replaced; its requests in flight are lost. Only the
supervisor knows which worker ended and how, so it writes the log line. On SIGHUP the settings are
read again and each worker is replaced: its successor serves before it drains, so no request is
lost, even with a single worker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.server import Server
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from waflows import settings
from waflows.errors import WaflowsError
from waflows.http.server import RETIRE, DrainingServer
from waflows.telemetry.logs import Logs

_LOOK_SECONDS = 0.5
"""So often it is looked whether every worker lives."""
_SIGNAL_SECONDS = 0.05
_START_SECONDS = 60.0
"""So long a new worker may take to serve."""
_PATIENCE_SECONDS = 10.0
"""So long after its grace period a draining worker is waited for."""


class Worker(Process):
    """A worker process; its server drains before it ends."""

    @property
    def server(self) -> Server:
        """The server that runs in the worker's process."""
        if self._server is None:
            chosen = settings.from_environment()
            self._server = DrainingServer(self.config, delay=chosen.shutdown_delay)
        return self._server

    def retire(self) -> None:
        """Asks the worker to drain at once."""
        assert RETIRE is not None
        self.signal(RETIRE)

    def signal(self, number: int) -> None:
        """Sends a signal, the last that is said to the worker."""
        assert self.pid is not None
        if self.exitcode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        self.parent_conn.close()
        self.child_conn.close()


class Retired(NamedTuple):
    """A worker that was replaced, and when to wait for it no longer."""

    worker: Process
    until: float


class Supervisor(Multiprocess):
    """Starts workers, and replaces those that die, or all of them when the settings change.

    `reread` reads the settings again, for the workers that are started afterwards. It raises
    OperatorError when they cannot be used, and Unavailable when their database cannot. `before_end`
    is called when the server is asked to end, while it still accepts connections.
    """

    def __init__(
        self,
        config: Config,
        sockets: list[socket.socket],
        logs: Logs,
        *,
        reread: Callable[[], None],
        before_end: Callable[[], None],
    ) -> None:
        super().__init__(config, sockets)
        self._logs = logs
        self._reread = reread
        self._before_end = before_end
        self._retired: list[Retired] = []
        self._is_ready = False
        self._is_hurried = False

    def run(self) -> None:
        """Looks after the workers until a signal ends the server."""
        self.init_processes()
        while not self.should_exit.is_set():
            self._pause()
            self.handle_signals()
            self.keep_subprocess_alive()
        self.terminate_all()
        self.join_all()

    def handle_int(self) -> None:
        """Ends the server without waiting for idle connections."""
        self._is_hurried = True
        self.should_exit.set()

    def init_processes(self) -> None:
        """Starts the workers."""
        self.processes = [self._start() for _ in range(self.config.workers)]

    def terminate_all(self) -> None:
        """Asks every worker to end."""
        notify_systemd("STOPPING=1")
        self._before_end()
        for worker in self.processes:
            assert isinstance(worker, Worker)
            worker.signal(signal.SIGINT if self._is_hurried else signal.SIGTERM)

    def join_all(self) -> None:
        """Waits for every worker to end, the replaced ones included."""
        super().join_all()
        while self._retired:
            self._bury()
            time.sleep(0.05)

    def keep_subprocess_alive(self) -> None:
        """Replaces each worker that exited or does not respond, and logs why."""
        self._bury()
        self._announce_readiness()
        patience = self.config.timeout_worker_healthcheck
        for index, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.is_alive(timeout=patience):
                continue
            unresponsive = worker.exitcode is None
            worker.kill()
            worker.join()
            facts = {"pid": worker.pid, **how_it_ended(worker.exitcode, unresponsive, patience)}
            if worker.exitcode == STARTUP_FAILURE:
                # A replacement would fail in the same way.
                self._logs.events.error("worker did not start, so the server stops", **facts)
                self.should_exit.set()
                return
            if self.should_exit.is_set():
                return
            replacement = self._start()
            self.processes[index] = replacement
            self._logs.events.error("worker died", replaced_by=replacement.pid, **facts)

    def restart_all(self) -> None:
        """Reads the settings again and replaces each worker; keeps all when that does not work."""
        notify_systemd(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self._replace_all()
        finally:
            notify_systemd("READY=1")

    def _replace_all(self) -> None:
        try:
            self._reread()
        except WaflowsError as error:
            self._logs.events.error("not restarted: the settings cannot be used", reason=str(error))
            return
        old, self.processes = self.processes, []
        for index in range(max(self.config.workers, len(old))):
            if index < self.config.workers:
                worker = self._start()
                if not worker.wait_until_ready(_START_SECONDS, self.should_exit):
                    worker.kill()
                    worker.join()
                    self.processes += old[index:]
                    if not self.should_exit.is_set():
                        self._logs.events.error("not restarted: a new worker did not start")
                    return
                self.processes.append(worker)
            if index < len(old):
                self._retire(old[index])
        self._logs.events.info("restarted", workers=len(self.processes))

    def handle_ttin(self) -> None:
        """Ignores what would change the number of workers: it is a setting."""

    handle_ttou = handle_ttin

    def _pause(self) -> None:
        """Waits half a second, or until a signal came."""
        until = time.monotonic() + _LOOK_SECONDS
        while not self.signal_queue and time.monotonic() < until:
            time.sleep(_SIGNAL_SECONDS)

    def _announce_readiness(self) -> None:
        """Logs once, and tells systemd, that every worker serves."""
        if not self._is_ready and all(worker.is_ready(timeout=1) for worker in self.processes):
            self._is_ready = True
            self._logs.events.info("ready", workers=len(self.processes))
            notify_systemd("READY=1")

    def _start(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def _retire(self, worker: Process) -> None:
        assert isinstance(worker, Worker)
        worker.retire()
        grace = self.config.timeout_graceful_shutdown or 0
        self._retired.append(Retired(worker, time.monotonic() + grace + _PATIENCE_SECONDS))

    def _bury(self) -> None:
        """Forgets the replaced workers that have ended, and ends those that take too long."""
        waiting = []
        for retired in self._retired:
            worker = retired.worker
            if worker.exitcode is None and time.monotonic() > retired.until:
                self._logs.events.error(
                    "a replaced worker did not end and was killed", pid=worker.pid
                )
                worker.process.kill()
                worker.join()
            if worker.exitcode is None:
                waiting.append(retired)
            else:
                worker.join()
        self._retired = waiting


def notify_systemd(message: str) -> None:
    """Tells systemd about the state of a service of `Type=notify` (sd_notify(3))."""
    where = os.environ.get("NOTIFY_SOCKET")
    if where and hasattr(socket, "AF_UNIX"):
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying,
        ):
            notifying.connect(where.replace("@", "\0", 1) if where[0] == "@" else where)
            notifying.send(message.encode())


def how_it_ended(exit_code: int | None, unresponsive: bool, patience: float) -> dict[str, object]:
    """How a worker ended, as fields of a log line."""
    if unresponsive:
        return {"reason": f"it did not respond for {patience:g} s and was killed"}
    if exit_code is not None and exit_code < 0:
        number = -exit_code
        # Of the real-time signals, only the first and the last have names.
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        hint = ", possibly by the kernel because memory ran out" if name == "SIGKILL" else ""
        return {"signal": name, "reason": f"it was ended by {name}{hint}"}
    return {"exit_code": exit_code, "reason": f"it exited with status {exit_code}"}
