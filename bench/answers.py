"""Stored answers: a page among a thousand and among a million, and an export of a million.

One client, one request after the other, so what counts is the time of one answer; every answer is
to a real key, tenant-checked, logged and read from the database. An export is measured beside a
script that reads the same rows with one cursor and writes the same columns with `csv`.
"""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import json
import statistics
import time
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode, urlsplit

import msgspec
import psycopg

from bench.databases import ENGINES, Databases, Filled, databases
from bench.listing import serve
from bench.processes import Server
from bench.rounds import in_turn, ratio, spread
from bench.tables import Table, at_most, number
from waflows.services.submissions.exports import harmless
from waflows.storage.database import Transaction
from waflows.storage.opening import open_database

_FEW, _MANY = 1_000, 1_000_000
_ROUNDS = 5
_REQUESTS = 60
_CHUNK = 256 * 1024
_MEGABYTE = 1024 * 1024
_FLOW = "1000000000000001"
_PERSON = "+351910000050"
# Each is to cost among a million what it costs among a thousand.
_AIM = 1.5
_PAGES: dict[str, dict[str, str]] = {
    "first page": {},
    "of a flow": {"flowId": _FLOW},
    "of a flow, by date": {"flowId": _FLOW, "from": "1970-01-01T06:40Z", "to": "1970-01-01T13:20Z"},
    "of a person": {"msisdn": _PERSON},
}
# Numbered answers a minute apart, ten of each person; one statement for both engines.
_SUBMISSIONS = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO submissions (account_id, id, channel_id, sub_account_id, flow_id, flow_revision,
  message_umid, answer_umid, msisdn, submitted_at, flow_token, fields)
SELECT ?, '00000000-0000-4000-8000-' || CAST(100000000000 + i AS TEXT), ?, 'sub', ?, 1,
  '10000000-0000-4000-8000-' || CAST(100000000000 + i AS TEXT),
  '20000000-0000-4000-8000-' || CAST(100000000000 + i AS TEXT),
  '+3519' || CAST(10000000 + i / 10 AS TEXT), CAST(i AS BIGINT) * 60000, NULL,
  '{"name":"Customer ' || CAST(i AS TEXT) || '","rating":"5","topics":["a","b"],'
  || '"comment":"It was as good as it could be, and came on time."}' FROM n
"""
_FIELDS = ["name", "rating", "topics", "comment"]
_COLUMNS = (
    "id, submitted_at, msisdn, channel_id, sub_account_id, flow_id, flow_revision, message_umid,"
    " answer_umid, flow_token, fields"
)


class Exported(msgspec.Struct, frozen=True):
    """One export: megabytes a second, and by how many megabytes the server's memory grew."""

    per_second: float
    grown: float
    megabytes: float


def measure() -> list[Table]:
    """One table of pages and one of the export for each engine."""
    with databases() as available:
        tables = []
        for engine in ENGINES:
            with _served(available, engine, _FEW) as few, _served(available, engine, _MANY) as many:
                results = in_turn(
                    _ROUNDS,
                    {"few": partial(_pages, *few), "many": partial(_pages, *many)},
                )
                tables += [_pages_table(engine, results), _export_table(engine, *many)]
        return tables


def _pages_table(engine: str, results: dict[str, list[dict[str, float]]]) -> Table:
    rows = []
    for name in _PAGES:
        few = [each[name] for each in results["few"]]
        many = [each[name] for each in results["many"]]
        ratios = at_most(ratio(many, few), _AIM, 2)
        rows.append([name, number(spread(few)), number(spread(many)), ratios])
    columns = ["", f"among {_FEW:,}, µs", f"among {_MANY:,}, µs", f"ratio (aim {_AIM:g})"]
    return Table(f"A page of 50 answers, {engine}", columns, rows)


def _export_table(engine: str, server: Server, filled: Filled) -> Table:
    reference = _script(filled.database_url)
    exported = _export(server, filled)
    rows = [
        ["waflows", f"{exported.per_second:.1f}", f"{exported.per_second / reference:.2f}",
         f"{exported.grown:.1f}"],
        ["one cursor and csv", f"{reference:.1f}", "1.00", ""],
    ]  # fmt: skip
    title = f"Export of {_MANY:,} answers as CSV ({exported.megabytes:.0f} MB), {engine}"
    return Table(title, ["", "MB/s", "of the script", "memory grew by, MB"], rows)


@contextlib.contextmanager
def _served(available: Databases, engine: str, count: int) -> Iterator[tuple[Server, Filled]]:
    """A server over a database with so many answers."""
    filled = available.filled(engine, flows=1)
    db = open_database(filled.database_url)
    try:
        db.run_now(_fill, filled, count)
    finally:
        db.close()
    if engine == "PostgreSQL":
        with psycopg.connect(filled.database_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    with serve(filled, 1) as server:
        yield server, filled


def _fill(tx: Transaction, filled: Filled, count: int) -> None:
    tx.execute(_SUBMISSIONS, count, filled.account, filled.channel, _FLOW)
    tx.execute(
        "INSERT INTO submission_flows (account_id, flow_id, channel_id, field_names)"
        " VALUES (?, ?, ?, ?)",
        filled.account,
        _FLOW,
        filled.channel,
        json.dumps(_FIELDS),
    )
    tx.execute(
        "INSERT INTO submission_counts (account_id, flow_id, sub_account_id, total)"
        " VALUES (?, ?, 'sub', ?)",
        filled.account,
        _FLOW,
        count,
    )


def _pages(server: Server, filled: Filled) -> dict[str, float]:
    """The median time of each kind of page, in microseconds."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    medians = {}
    for name, query in _PAGES.items():
        path = f"{_path(filled)}?{urlencode(query | {'limit': '50'})}"
        times = []
        for _ in range(_REQUESTS):
            begun = time.perf_counter()
            connection.request("GET", path, headers=filled.headers)
            response = connection.getresponse()
            body = response.read()
            times.append((time.perf_counter() - begun) * 1e6)
            assert response.status == 200, body
        assert json.loads(body)["submissions"], "a page has something on it"
        medians[name] = statistics.median(times)
    connection.close()
    return medians


def _export(server: Server, filled: Filled) -> Exported:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    worker = server.worker()
    before = most = worker.memory_info().rss
    begun = time.perf_counter()
    connection.request("GET", f"{_path(filled)}.csv", headers=filled.headers)
    response = connection.getresponse()
    size = lines = 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        lines += chunk.count(b"\n")
        most = max(most, worker.memory_info().rss)
    seconds = time.perf_counter() - begun
    connection.close()
    assert lines == _MANY + 1, "every answer is there"
    return Exported(size / _MEGABYTE / seconds, (most - before) / _MEGABYTE, size / _MEGABYTE)


def _script(database_url: str) -> float:
    """Megabytes a second of a script that holds one cursor and writes each row with `csv`."""
    db = open_database(database_url)
    try:
        return db.read_now(_write_all)
    finally:
        db.close()


def _write_all(tx: Transaction) -> float:
    size = 0
    begun = time.perf_counter()
    out = io.StringIO()
    writer = csv.writer(out)
    for *fixed, fields in tx.each(f"SELECT {_COLUMNS} FROM submissions ORDER BY submitted_at DESC"):
        given = json.loads(fields)
        writer.writerow([*fixed, *(harmless(str(given.get(name, ""))) for name in _FIELDS)])
        if out.tell() > _CHUNK:
            size += len(out.getvalue().encode())
            out.seek(0)
            out.truncate()
    size += len(out.getvalue().encode())
    return size / _MEGABYTE / (time.perf_counter() - begun)


def _path(filled: Filled) -> str:
    return f"/api/v1/accounts/{filled.account}/submissions"
