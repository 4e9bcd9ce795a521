"""The list of a channel's 100 flows: `waflows serve` beside three others that answer the same call.

Every answer of waflows is to a request with a real key, tenant-checked, logged and counted.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

import msgspec

from bench import prism
from bench.databases import ENGINES, Databases, Filled, databases
from bench.load import Load, Target, drive
from bench.processes import WAFLOWS, Server, free_port, running
from bench.references import bare, ordinary, plain
from bench.references.bare import Answer
from bench.rounds import in_turn, ratio, spread
from bench.tables import Table, at_least, number

_ROUNDS = 5
_SECONDS = 2.5
_PLAIN = "waflows, SQLite, under plain uvicorn"
_BARE, _ORDINARY, _PRISM = "bare ASGI application", "FastAPI, SQLAlchemy ORM, aiosqlite", "Prism"
_AIMS = {_BARE: 0.8, _ORDINARY: 30.0, _PRISM: 12.0}
_SHORT = {_BARE: "of bare", _ORDINARY: "x FastAPI", _PRISM: "x Prism"}


class Measured(msgspec.Struct, frozen=True):
    """One load and the processor time, in microseconds, that the server used for each answer."""

    load: Load
    cpu: float


def measure() -> list[Table]:
    """One table with one worker process, one with two."""
    with databases() as available:
        return [_measure(available, workers) for workers in (1, 2)]


def answer_to(target: Target) -> Answer:
    """What a server answers, without what uvicorn adds by itself."""
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", parts.path, headers=target.headers)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body
    headers = [(n.encode(), v.encode()) for n, v in response.getheaders() if n != "date"]
    connection.close()
    return Answer(headers, body)


def serve(
    filled: Filled, workers: int, program: Sequence[str] = WAFLOWS
) -> contextlib.AbstractContextManager[Server]:
    """`waflows serve` on a database."""
    port = free_port()
    command = [*program, "serve", "--port", str(port), "--workers", str(workers)]
    return running(
        [*command, "--rate-limit", "0", "--database-url", filled.database_url], port, "/readyz"
    )


def _measure(available: Databases, workers: int) -> Table:
    with _servers(available, workers) as targets:
        results = in_turn(
            _ROUNDS,
            {name: partial(_load, server, target) for name, (server, target) in targets.items()},
        )
    return _table(workers, results)


def _table(workers: int, results: dict[str, list[Measured]]) -> Table:
    rates = {name: [each.load.per_second for each in found] for name, found in results.items()}
    references = [name for name in _AIMS if name in rates]
    rows = []
    for name, found in results.items():
        ratios = [ratio(rates[name], rates[reference]) for reference in references]
        if name in references:
            cells = [f"{each.median:.3g}" for each in ratios]
        else:
            cells = [
                at_least(each, _AIMS[reference], 2)
                for each, reference in zip(ratios, references, strict=True)
            ]
        rows.append(
            [
                name,
                number(spread(rates[name])),
                *cells,
                f"{spread([each.load.p50 for each in found]).median:.1f}",
                f"{spread([each.load.p99 for each in found]).median:.1f}",
                f"{spread([each.cpu for each in found]).median:,.0f}",
            ]
        )
    aims = [f"{_SHORT[reference]} (aim {_AIMS[reference]:g})" for reference in references]
    columns = ["", "requests/s", *aims, "p50 ms", "p99 ms", "CPU µs each"]
    return Table(f"100 flows, {workers} worker{'s' if workers > 1 else ''}", columns, rows)


def _load(server: Server, target: Target) -> Measured:
    before = server.cpu_seconds()
    load = drive(target, _SECONDS)
    used = server.cpu_seconds() - before
    return Measured(load, used / load.requests * 1e6)


@contextlib.contextmanager
def _servers(available: Databases, workers: int) -> Iterator[dict[str, tuple[Server, Target]]]:
    """Everything that is compared, running."""
    targets: dict[str, tuple[Server, Target]] = {}
    with contextlib.ExitStack() as stack:
        for engine in ENGINES:
            filled = available.filled(engine)
            server = stack.enter_context(serve(filled, workers))
            target = Target(server.url + filled.path, filled.headers)
            answer = answer_to(target)
            target = msgspec.structs.replace(target, body=answer.body)
            targets[f"waflows, {engine}"] = (server, target)
        sqlite = available.filled("SQLite")
        server = stack.enter_context(serve(sqlite, workers, plain.COMMAND))
        targets[_PLAIN] = (server, Target(server.url + sqlite.path, sqlite.headers))

        file = available.folder / f"bare-{workers}"
        file.write_bytes(msgspec.msgpack.encode(answer))
        port = free_port()
        server = stack.enter_context(running(bare.command(port, workers, file), port))
        targets[_BARE] = (server, Target(server.url + filled.path, filled.headers, answer.body))

        flows = msgspec.json.decode(answer.body)["flows"]
        file = available.folder / f"ordinary-{workers}.db"
        ordinary.fill(file, filled.account, filled.channel, filled.key, flows)
        port = free_port()
        server = stack.enter_context(running(ordinary.command(port, workers, file), port))
        targets[_ORDINARY] = (server, Target(server.url + filled.path, filled.headers, answer.body))

        port = free_port()
        command = prism.command(port)
        if command is not None:
            server = stack.enter_context(running(command, port))
            targets[_PRISM] = (server, Target(server.url + filled.path, filled.headers))
        yield targets
