"""The supervisor of `waflows serve`: uvicorn's, plus log lines about workers that died.

A worker that exited or does not respond is replaced; its requests in flight are lost. Only the
supervisor knows which worker ended and how, so it writes the log line.
"""

from __future__ import annotations

import signal
from socket import socket

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from waflows.telemetry.logs import Logs


class Supervisor(Multiprocess):
    """Starts workers and replaces those that die."""

    def __init__(self, config: Config, sockets: list[socket], logs: Logs) -> None:
        super().__init__(config, sockets)
        self._logs = logs

    def keep_subprocess_alive(self) -> None:
        """Replaces each worker that exited or does not respond, and logs why."""
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
            replacement = Process(self.config, self.sockets)
            replacement.start()
            self.processes[index] = replacement
            self._logs.events.error("worker died", replaced_by=replacement.pid, **facts)


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
