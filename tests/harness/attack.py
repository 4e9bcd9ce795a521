"""Attacks on a running server: what they cost it in memory, and its other tenants in time.

    with attacked(folder, database_url) as target, watched(target) as watch:
        with watch.attack():
            ...  # do harm to target.url, with target.attacker's keys or with none
        watch.assert_undisturbed(times=20)

`watched` asks for something as the neighbour the whole time, from a process of its own: first
undisturbed, then during the attack. Memory is the highest resident size (VmHWM) of each of the
server's processes; it is set back to the present size when the attack begins.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

from harness import neighbour as neighbour_program
from harness.servers import Process, Tenant, dev_server, production_server

MOST_GROWTH = 64 * 1024 * 1024
"""By so many bytes an attack may make a process of the server grow."""
AFTER_SECONDS = 0.2
"""So long after an attack the neighbour goes on asking."""
TIMES_THE_WORST = 10
_ENDING_SECONDS = 90.0


class Target(NamedTuple):
    """A server of the test's own with two tenants: one attacks, the other wants to work."""

    process: Process
    attacker: Tenant
    neighbour: Tenant

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.process.url

    @property
    def pids(self) -> list[int]:
        """The server's processes: the one that was started, and its workers."""
        return pids_of(self.process)


class Asked(NamedTuple):
    """What the neighbour asks for; by default for its flow, which no memory answers."""

    method: str
    path: str
    body: str = ""


class Sample(NamedTuple):
    """One request of the neighbour; status 0 where there was no answer."""

    started: float
    seconds: float
    status: int


class Growth(NamedTuple):
    """How much the resident size of one process grew at its highest, in bytes."""

    pid: int
    size: int


class Watch:
    """What the neighbour and the server's memory went through."""

    def __init__(self, target: Target, program: subprocess.Popen[str]) -> None:
        self._target = target
        self._program = program
        self._attack = (0.0, 0.0)
        self._before: dict[int, int] = {}
        self.growths: list[Growth] = []
        self._samples: list[Sample] | None = None

    @contextmanager
    def attack(self) -> Iterator[None]:
        """Counts what happens within as the attack."""
        self._before = {pid: reset_peak_memory(pid) for pid in self._target.pids}
        started = time.monotonic()
        try:
            yield
        finally:
            self._attack = (started, time.monotonic())
            self.growths = [
                Growth(pid, peak_memory(pid) - before)
                for pid, before in self._before.items()
                if psutil.pid_exists(pid)
            ]

    @property
    def died(self) -> list[int]:
        """The server's processes that did not survive the attack."""
        return [pid for pid in self._before if not psutil.pid_exists(pid)]

    @property
    def samples(self) -> list[Sample]:
        """Every request of the neighbour; asking ends with the first look at them."""
        if self._samples is None:
            # One request more after the attack shows whether it left anything behind.
            time.sleep(AFTER_SECONDS)
            out, _ = self._program.communicate(timeout=_ENDING_SECONDS)
            self._samples = [Sample(*one) for one in json.loads(out)]
        return self._samples

    @property
    def undisturbed(self) -> float:
        """The median time of a request before the attack."""
        return median(self._before_attack)

    @property
    def _before_attack(self) -> list[float]:
        return [one.seconds for one in self.samples if one.started < self._attack[0]]

    @property
    def during(self) -> list[Sample]:
        """The requests that were under way while the attack went on, or right after it."""
        began, ended = self._attack
        return [
            one
            for one in self.samples
            if one.started <= ended + AFTER_SECONDS and one.started + one.seconds >= began
        ]

    @property
    def worst(self) -> float:
        """The longest time of a request during the attack."""
        return max(one.seconds for one in self.during)

    def assert_undisturbed(
        self,
        times: float,
        *,
        times_the_worst: float = TIMES_THE_WORST,
        most_growth: int = MOST_GROWTH,
    ) -> None:
        """The server lived, grew little, and kept answering the neighbour.

        No request may have taken more than `times` the undisturbed median. On a machine that was
        busy before the attack some requests already took long by themselves, and may again.
        """
        assert not self.died, "a process of the server did not survive"
        assert max(one.size for one in self.growths) < most_growth, self.growths
        assert {one.status for one in self.samples} <= {200, 201}, self.samples
        most = max(times * self.undisturbed, times_the_worst * max(self._before_attack))
        assert self.worst < most, (self.worst, self.undisturbed)

    def figures(self) -> str:
        """What was measured, in one line."""
        grown = ", ".join(f"{one.size / 1e6:.0f} MB" for one in self.growths)
        return (
            f"neighbour {self.undisturbed * 1000:.1f} ms undisturbed, {self.worst * 1000:.1f} ms"
            f" at worst ({self.worst / self.undisturbed:.1f} times); grew by {grown}"
        )


@contextmanager
def attacked(
    folder: Path, database_url: str, *arguments: str, dev: bool = False, **variables: str
) -> Iterator[Target]:
    """A server with two tenants: `waflows serve` with one worker unless told otherwise.

    `dev` is for attacks that need an endpoint on this machine. The limit of writes is off, unless
    `WAFLOWS_RATE_LIMIT` is given.
    """
    variables = {"WAFLOWS_RATE_LIMIT": "0"} | variables
    with contextlib.ExitStack() as stack:
        if dev:
            process, _ = stack.enter_context(
                dev_server(folder, "--database-url", database_url, *arguments, **variables)
            )
        else:
            variables = {"WAFLOWS_WORKERS": "1"} | variables
            process = stack.enter_context(
                production_server(folder, database_url, *arguments, **variables)
            )
        target = Target(
            process,
            Tenant(process, database_url, "Attacker"),
            Tenant(process, database_url, "Neighbour"),
        )
        stack.callback(target.attacker.http.close)
        stack.callback(target.neighbour.http.close)
        yield target


@contextmanager
def watched(target: Target, asked: Asked | None = None) -> Iterator[Watch]:
    """Has the neighbour ask for something over and over; ready when it did so some times."""
    tenant = target.neighbour
    if asked is None:
        asked = Asked("GET", f"{tenant.flows}/{tenant.create(secrets.token_hex(8))}")
    arguments = [target.url, asked.method, asked.path, tenant.api_key, asked.body]
    program = subprocess.Popen(
        [sys.executable, neighbour_program.__file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline(), "the neighbour could not ask"
        yield Watch(target, program)
    finally:
        if program.poll() is None:
            program.kill()
            program.communicate()


def pids_of(process: Process) -> list[int]:
    """A server's processes: the one that was started, and those it started."""
    family = psutil.Process(process.popen.pid)
    return [family.pid, *(child.pid for child in family.children(recursive=True))]


def peak_memory(pid: int) -> int:
    """The highest resident size of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no VmHWM of process {pid}")


def reset_peak_memory(pid: int) -> int:
    """Sets the highest resident size of a process to its present one, and says how much that is."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
    return peak_memory(pid)
