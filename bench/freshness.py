"""The list of 100 flows while a client changes the channel, so many times a second.

Every change ends the life of what each worker has in its memory. The writer works through the same
server, so its requests are part of the disturbance.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys

import msgspec

from bench.databases import ENGINES, databases
from bench.listing import serve
from bench.load import Load, Target, drive
from bench.processes import ROOT
from bench.rounds import in_turn, ratio, spread
from bench.tables import Table, number
from bench.writer import Written

_ROUNDS = 3
_SECONDS = 2.5
_WORKERS = 2
_RATES = (0, 1, 10, 100)


class Disturbed(msgspec.Struct, frozen=True):
    """A load and what the writer did meanwhile."""

    load: Load
    written: Written


def measure() -> list[Table]:
    """One table, with the figures of both engines."""
    with databases() as available, contextlib.ExitStack() as stack:
        measures = {}
        for engine in ENGINES:
            filled = available.filled(engine)
            server = stack.enter_context(serve(filled, _WORKERS))
            target = Target(server.url + filled.path, filled.headers)
            for rate in _RATES:
                measures[f"{engine}, {rate}"] = lambda target=target, key=filled.key, rate=rate: (
                    _disturbed(target, key, rate)
                )
        results = in_turn(_ROUNDS, measures)
    rows = []
    for engine in ENGINES:
        quiet = [each.load.per_second for each in results[f"{engine}, 0"]]
        for rate in _RATES:
            found = results[f"{engine}, {rate}"]
            rates = [each.load.per_second for each in found]
            writes = sum(each.written.writes for each in found)
            rows.append(
                [
                    f"{engine}, {rate} changes/s",
                    number(spread(rates)),
                    number(ratio(rates, quiet), 2),
                    f"{spread([each.load.p99 for each in found]).median:.1f}",
                    f"{sum(each.written.stale for each in found)} of {writes}",
                ]
            )
    columns = ["", "requests/s", "of undisturbed", "p99 ms", "stale lists after a change"]
    return [Table(f"100 flows, {_WORKERS} workers, while the channel changes", columns, rows)]


def _disturbed(target: Target, key: str, rate: int) -> Disturbed:
    if not rate:
        return Disturbed(drive(target, _SECONDS), Written(0, 0))
    command = [sys.executable, "-m", "bench.writer", target.url, key, str(rate), str(_SECONDS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        load = drive(target, _SECONDS)
        output, _ = writer.communicate(timeout=30)
    return Disturbed(load, msgspec.json.decode(output, type=Written))
