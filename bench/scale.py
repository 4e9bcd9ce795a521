"""The first page of a channel, with few and many flows in it, in a small and a large database.

One client, one request after the other: what counts here is the time of one answer. "From memory"
is a list that was asked for before. "Read" is a list after the channel was changed, so that key,
channel and flows are all read from the database.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import time
from urllib.parse import urlsplit

import msgspec

from bench.databases import ENGINES, Filled, databases
from bench.listing import serve
from bench.processes import Server
from bench.rounds import in_turn, ratio, spread
from bench.tables import Table, number

_ROUNDS = 5
_ANSWERS = 200
_SMALL = (100, 10)
_SIZES = (_SMALL, (100_000, 10), (100, 10_000), (100_000, 10_000))


class Times(msgspec.Struct, frozen=True):
    """Median times of an answer, in microseconds."""

    from_memory: float
    read: float


def measure() -> list[Table]:
    """One table for each engine."""
    with databases() as available:
        tables = []
        for engine in ENGINES:
            with contextlib.ExitStack() as stack:
                measures = {}
                for flows, channels in _SIZES:
                    filled = available.filled(engine, flows, channels)
                    server = stack.enter_context(serve(filled, 1))
                    measures[_name(flows, channels)] = lambda server=server, filled=filled: _times(
                        server, filled
                    )
                results = in_turn(_ROUNDS, measures)
            tables.append(_table(engine, results))
        return tables


def _table(engine: str, results: dict[str, list[Times]]) -> Table:
    small = results[_name(*_SMALL)]
    rows = []
    for name, found in results.items():
        cells = [name]
        for field in Times.__struct_fields__:
            values = [getattr(each, field) for each in found]
            cells.append(number(spread(values)))
            cells.append(number(ratio(values, [getattr(each, field) for each in small]), 2))
        rows.append(cells)
    columns = ["", "from memory, µs", "of the smallest", "read, µs", "of the smallest"]
    return Table(f"First page of 100 flows, {engine}", columns, rows)


def _name(flows: int, channels: int) -> str:
    return f"{flows:,} flows in the channel, {channels:,} channels"


def _times(server: Server, filled: Filled) -> Times:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    flow = json.loads(_ask(connection, "GET", filled.path, filled))["flows"][0]["id"]
    from_memory: list[float] = []
    read: list[float] = []
    for number_ in range(_ANSWERS):
        body = json.dumps({"name": f"Renamed {number_} {time.time_ns()}"})
        _ask(connection, "PUT", f"{filled.path}/{flow}", filled, body)
        for times in (read, from_memory):
            begun = time.perf_counter()
            _ask(connection, "GET", filled.path, filled)
            times.append((time.perf_counter() - begun) * 1e6)
    connection.close()
    return Times(statistics.median(from_memory), statistics.median(read))


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    filled: Filled,
    body: str | None = None,
) -> bytes:
    headers = (
        filled.headers if body is None else filled.headers | {"Content-Type": "application/json"}
    )
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
    return content
