"""Checks Flow JSON where it delays nothing else.

    checker = Checker(logs)
    text = await checker.check(account_id, flow_json)

A short text is checked at once, which takes a few milliseconds at most. A longer one waits for its
account's turn and is checked on a thread; a long one in a separate process, since a thread would
share the interpreter with the event loop. An account has one turn at a time: its second check waits
for its first, and is refused when the queue is full. `services.flows.checking_process` is the
program of the processes.

A process is started when it is first needed, works at a lower priority with bounded memory, and is
replaced after many checks, when it has grown large, when it died, and when a check timed out.
Limits: the number of processes and the queues are those of one server process.
"""

from __future__ import annotations

import os
import select
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue

import msgspec

from waflows.errors import InvalidFlowJson, OutOfRange, Unavailable
from waflows.flowjson import Report, lint
from waflows.services.flows import texts
from waflows.services.flows.texts import FlowText
from waflows.services.turns import Turns
from waflows.storage.flows import StoredText
from waflows.telemetry.logs import Logs

AT_ONCE = 4 * 1024
"""Characters that are checked on the event loop: some 5 ms for the worst of them."""
ON_A_THREAD = 64 * 1024
"""Characters that are checked on a thread: some 80 ms for the worst of them."""
MOST_WAITING = 8
"""How many checks of one account may wait; each may hold ten megabytes."""
SECONDS = 20.0
"""The timeout of a check, which takes a few seconds at most on a machine that has time."""
_MOST_PROCESSES = 4
_MOST_CHECKS = 500
_LARGEST = 256 * 1024 * 1024
LENGTH = struct.Struct(">Q")
"""The size of a message, which is written before it."""
_PIECE = 1024 * 1024
_ENVIRONMENT = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUSERBASE",
    "PYTHONUTF8",
    "SYSTEMROOT",
    "TMPDIR",
)
"""What a process inherits: how to start Python, and nothing else.

It reads what strangers wrote, and the server's environment may hold any secret: settings,
PGPASSWORD, the keys of a cloud.
"""


class Job(msgspec.Struct, frozen=True):
    """A request to a process: to check a text that is to be stored, or to report on any text."""

    text: bytes
    version: str | None = None
    kept: bool = False


class Done(msgspec.Struct, frozen=True):
    """Its response: one of the first four fields. `size` is its memory in bytes."""

    kept: FlowText | None = None
    report: Report | None = None
    not_json: str = ""
    out_of_range: str = ""
    size: int = 0


class Checker:
    """The checks of one server process. Belongs to one event loop."""

    def __init__(self, logs: Logs, *, seconds: float = SECONDS) -> None:
        # At least two: with a single place, one account could block all others.
        places = min(max(2, (os.cpu_count() or 1) - 1), _MOST_PROCESSES)
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="waflows-checker")
        self._turns = Turns(self._threads, MOST_WAITING)
        self._processes = _Processes(logs, seconds)

    async def check(self, account_id: str, text: str) -> FlowText:
        """Checks a text that is to be stored, and returns it with its findings.

        Raises InvalidFlowJson, OutOfRange, RateLimited when too many checks of the account wait,
        Unavailable when the check could not be done.
        """
        if len(text) <= AT_ONCE:
            return texts.check_now(text)
        if len(text) <= ON_A_THREAD:
            return await self._turns.run(account_id, texts.check_now, text)
        data = texts.encoded(text)
        done = await self._turns.run(account_id, self._processes.run, Job(data, kept=True))
        if done.not_json:
            raise InvalidFlowJson(done.not_json)
        if done.out_of_range or done.kept is None:
            raise OutOfRange(done.out_of_range)
        if done.kept.stored.packed is not None:
            return done.kept
        return msgspec.structs.replace(done.kept, stored=StoredText(text, None))

    async def report(self, account_id: str, text: str, version: str | None = None) -> Report:
        """Reports what is wrong with any text as a Flow JSON.

        Raises RateLimited and Unavailable as `check` does, OutOfRange for lack of memory.
        """
        if len(text) <= AT_ONCE:
            return lint(text, version=version)
        if len(text) <= ON_A_THREAD:
            return await self._turns.run(account_id, _reported, text, version)
        job = Job(text.encode("utf-8", "surrogatepass"), version)
        done = await self._turns.run(account_id, self._processes.run, job)
        if done.report is None:
            raise OutOfRange(done.out_of_range)
        return done.report

    def close(self) -> None:
        """Ends the processes, busy ones too, and the threads."""
        self._processes.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _reported(text: str, version: str | None) -> Report:
    return lint(text, version=version)


class _Died(Exception):
    """A process ended without a response."""


class _OutOfTime(Exception):
    """A process did not respond in time."""


class _Processes:
    """The idle and the busy processes. `run` is called from threads."""

    def __init__(self, logs: Logs, seconds: float) -> None:
        self._logs = logs
        self._seconds = seconds
        self._free: LifoQueue[_Process] = LifoQueue()
        self._all: set[_Process] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, job: Job) -> Done:
        """The response to a job; if the process died, the job is given to another one once."""
        try:
            try:
                return self._run(job)
            except _Died:
                return self._run(job)
        except _OutOfTime:
            self._logs.events.warning("a check of a Flow JSON timed out", bytes=len(job.text))
            raise Unavailable(
                f"The check of this Flow JSON timed out after {self._seconds:g} s: the server is"
                " busy; try again shortly."
            ) from None
        except (_Died, OSError) as error:
            if not self._closed:
                self._logs.events.error("a Flow JSON could not be checked", exc_info=error)
            raise Unavailable("The Flow JSON could not be checked; try again shortly.") from None

    def close(self) -> None:
        """Ends every process."""
        with self._lock:
            self._closed = True
            processes, self._all = self._all, set()
        for process in processes:
            process.end()

    def _run(self, job: Job) -> Done:
        process = self._take()
        kept = False
        try:
            done = process.ask(job, self._seconds)
            kept = process.checks < _MOST_CHECKS and done.size < _LARGEST
            return done
        except _Died:
            if not self._closed:
                self._logs.events.warning("a process that checks Flow JSON died", pid=process.pid)
            raise
        finally:
            if kept:
                self._free.put(process)
            else:
                self._drop(process)

    def _take(self) -> _Process:
        while not self._free.empty():
            # There are no more threads than processes, so none is taken in between.
            process = self._free.get()
            if process.is_alive():
                return process
            self._drop(process)
        with self._lock:
            if self._closed:
                raise _Died
            process = _Process()
            self._all.add(process)
        return process

    def _drop(self, process: _Process) -> None:
        with self._lock:
            self._all.discard(process)
        process.end()


class _Process:
    """A process that does one job after the other, over its standard input and output."""

    def __init__(self) -> None:
        self.checks = 0
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-m", "waflows.services.flows.checking_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            bufsize=0,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._popen.pid

    def is_alive(self) -> bool:
        """Whether it is running."""
        return self._popen.poll() is None

    def ask(self, job: Job, seconds: float) -> Done:
        """The response to a job; raises _Died, _OutOfTime."""
        self.checks += 1
        until = time.monotonic() + seconds
        data = msgspec.msgpack.encode(job)
        try:
            self._write(LENGTH.pack(len(data)), until)
            self._write(data, until)
            (size,) = LENGTH.unpack(self._read(LENGTH.size, until))
            return msgspec.msgpack.decode(self._read(size, until), type=Done)
        except (BrokenPipeError, ValueError, msgspec.MsgspecError):
            raise _Died from None

    def end(self) -> None:
        """Kills it."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()

    def _write(self, data: bytes, until: float) -> None:
        assert self._popen.stdin is not None
        descriptor = self._popen.stdin.fileno()
        os.set_blocking(descriptor, False)
        rest = memoryview(data)
        while rest:
            _wait(descriptor, select.POLLOUT, until)
            rest = rest[os.write(descriptor, rest[:_PIECE]) :]

    def _read(self, size: int, until: float) -> bytes:
        assert self._popen.stdout is not None
        descriptor = self._popen.stdout.fileno()
        pieces: list[bytes] = []
        while size:
            _wait(descriptor, select.POLLIN, until)
            piece = os.read(descriptor, min(size, _PIECE))
            if not piece:
                raise _Died
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


def _wait(descriptor: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise _OutOfTime
