"""How soon the command line and a server are there, and how much memory a worker takes."""

from __future__ import annotations

import http.client
import itertools
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import msgspec

from bench.databases import ENGINES, Databases, databases
from bench.listing import answer_to, serve
from bench.load import Target, drive
from bench.processes import WAFLOWS, Server, free_port, running, spawn, stop, wait_until_answering
from bench.references.bare import Answer
from bench.references.bare import command as bare_command
from bench.rounds import Spread, in_turn, ratio, spread
from bench.tables import Table, at_most, number

_ROUNDS = 7
_LOAD_SECONDS = 3.0
_DISTINCT_LISTS = 5000
_PYTHON = sys.executable
_HELP = "`waflows --help`"


class Cost(msgspec.Struct, frozen=True):
    """What a process took, in seconds."""

    cpu: float
    wall: float


def measure() -> list[Table]:
    """Commands, servers, memory."""
    with databases() as available:
        return [_commands(), _servers(available), _memory(available)]


def _commands() -> Table:
    commands = {
        _HELP: [*WAFLOWS, "--help"],
        "`waflows flows list --help`": [*WAFLOWS, "flows", "list", "--help"],
        "`python -c pass`": [_PYTHON, "-c", "pass"],
    }
    results = in_turn(_ROUNDS, {name: partial(_run, command) for name, command in commands.items()})
    least = [cost.cpu for cost in results["`python -c pass`"]]
    rows = []
    for name, found in results.items():
        cpu = [cost.cpu * 1000 for cost in found]
        rows.append(
            [
                name,
                (at_most(spread(cpu), 200) if name == _HELP else number(spread(cpu))),
                number(spread([cost.wall * 1000 for cost in found])),
                number(ratio([cost.cpu for cost in found], least), 1),
            ]
        )
    columns = ["", "CPU ms (aim 200)", "wall ms", "CPU of `python -c pass`"]
    return Table("A command's start", columns, rows)


def _run(command: list[str]) -> Cost:
    begun = time.perf_counter()
    process = spawn(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - begun)


def _servers(available: Databases) -> Table:
    sqlite, postgres = (available.filled(engine).database_url for engine in ENGINES)
    bare = "bare ASGI application on uvicorn"
    file = available.folder / "bare-start"
    file.write_bytes(msgspec.msgpack.encode(Answer([], b"")))
    folders = (available.folder / f"dev-{number_}" for number_ in itertools.count())
    known_folder = next(folders)
    _until_ready(_waflows("dev", "--data", str(known_folder)), "/readyz")

    def serving(url: str, workers: int) -> Callable[[], Cost]:
        command = _waflows("serve", "--database-url", url, "--workers", str(workers))
        return lambda: _until_ready(command, "/readyz")

    results = in_turn(
        _ROUNDS,
        {
            "`waflows dev`, first start": lambda: _until_ready(
                _waflows("dev", "--data", str(next(folders))), "/readyz"
            ),
            "`waflows dev`, later start": lambda: _until_ready(
                _waflows("dev", "--data", str(known_folder)), "/readyz"
            ),
            "`waflows serve`, 1 worker": serving(sqlite, 1),
            "`waflows serve`, 2 workers": serving(sqlite, 2),
            "`waflows serve`, 2 workers, PostgreSQL": serving(postgres, 2),
            bare: lambda: _until_ready(lambda port: bare_command(port, 1, file), "/"),
        },
    )
    rows = [
        [
            name,
            (number if name == bare else _within_a_second)(
                spread([cost.wall for cost in found]), 2
            ),
            number(spread([cost.cpu for cost in found]), 2),
            number(ratio([cost.wall for cost in found], [cost.wall for cost in results[bare]]), 1),
        ]
        for name, found in results.items()
    ]
    columns = ["", "s to the first answer (aim 1)", "CPU s", "time of the bare application"]
    return Table("A server's start", columns, rows)


def _within_a_second(seconds: Spread, digits: int) -> str:
    return at_most(seconds, 1.0, digits)


def _waflows(*arguments: str) -> Callable[[int], list[str]]:
    return lambda port: [*WAFLOWS, *arguments, "--port", str(port)]


def _until_ready(command: Callable[[int], list[str]], probe: str) -> Cost:
    """What it takes from the start of a command, given a port, to its first answer."""
    port = free_port()
    begun = time.perf_counter()
    process = spawn(command(port))
    try:
        wait_until_answering(process, port, probe)
        return Cost(Server(process, port).cpu_seconds(), time.perf_counter() - begun)
    finally:
        stop(process)


def _memory(available: Databases) -> Table:
    rows = []
    for engine in ENGINES:
        filled = available.filled(engine)
        with serve(filled, 1) as server:
            target = Target(server.url + filled.path, filled.headers)
            rows.append([f"waflows, {engine}, just started", *_memory_of(server)])
            drive(target, _LOAD_SECONDS)
            rows.append([f"waflows, {engine}, after load on one list", *_memory_of(server)])
            _ask_for_many(target)
            rows.append([f"waflows, {engine}, its memory full of lists", *_memory_of(server)])
            answer = answer_to(target)
    file = available.folder / "bare-memory"
    file.write_bytes(msgspec.msgpack.encode(answer))
    port = free_port()
    with running(bare_command(port, 1, file), port) as server:
        drive(Target(server.url + filled.path, filled.headers), _LOAD_SECONDS)
        rows.append(["bare ASGI application, after load", *_memory_of(server)])
    return Table("Memory of one worker", ["", "RSS MB (aim 120)", "PSS MB"], rows)


def _memory_of(server: Server) -> list[str]:
    memory = server.worker().memory_full_info()
    rss = memory.rss / 1e6
    return [f"{rss:.0f} {'✓' if rss <= 120 else '✗'}", f"{memory.pss / 1e6:.0f}"]


def _ask_for_many(target: Target) -> None:
    """Asks for so many different lists, each twice, that no more can be kept."""
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    for number_ in range(_DISTINCT_LISTS):
        headers = {**target.headers, "Host": f"host-{number_}.localhost"}
        for _ in range(2):
            connection.request("GET", parts.path, headers=headers)
            assert connection.getresponse().read()
    connection.close()
