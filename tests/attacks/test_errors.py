"""A flood of refused requests: it costs little room, and nobody's errors but the flooder's own."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from harness.attack import Asked, Target, attacked, watched
from harness.databases import new_sqlite
from harness.servers import opened

from waflows.services.accounts import error_log
from waflows.storage.error_records import ErrorRecord
from waflows.storage.side import opened_side

_LONG = "x" * 480


def _flood(target: Target, requests: int, key: str = "") -> int:
    """Refused requests on one connection, as fast as they are answered; how many were answered."""
    address = urlsplit(target.url)
    head = (
        f"GET /api/v1/nothing/{_LONG}?a={_LONG} HTTP/1.1\r\nHost: x\r\nUser-Agent: {_LONG}\r\n\r\n"
        if not key
        else f"GET {target.attacker.flows}/1?a={_LONG} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key}\r\nUser-Agent: {_LONG}\r\n\r\n"
    ).encode()
    answered = 0
    batch = 16  # A little less than the server takes of heads at once.
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        while answered < requests:
            connection.sendall(head * batch)
            answered += _read_answers(connection, batch)
    return answered


def _read_answers(connection: socket.socket, wanted: int) -> int:
    received = b""
    while received.count(b"HTTP/1.1 4") < wanted or not received.endswith(b"}"):
        part = connection.recv(1 << 20)
        assert part, "the server closed the connection"
        received += part
    return wanted


def _kept(target: Target) -> list[ErrorRecord]:
    with opened(target.attacker.database_url) as db, opened_side(db) as side:
        return side.read_now(error_log.latest, 100_000)


def _error_of_the_neighbour(target: Target) -> dict[str, Any]:
    error: dict[str, Any] = target.neighbour.http.get(f"{target.neighbour.flows}/1").json()
    return error


def _assert_found(target: Target, error: dict[str, Any]) -> None:
    tenant = target.neighbour
    found = tenant.http.get(f"/api/v1/accounts/{tenant.account_id}/errors/{error['errorId']}")
    assert found.json()["message"] == error["message"]


def _disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.db*"))


@pytest.mark.parametrize(
    "requests", [4000, pytest.param(40_000, marks=pytest.mark.soak)], ids=["short", "long"]
)
def test_strangers_on_one_connection_fill_no_disk_and_push_out_no_error(
    database_url: str, folder: Path, requests: int
) -> None:
    with attacked(folder, database_url) as target:
        before = _error_of_the_neighbour(target)
        _assert_found(target, before)
        room = _disk(folder)
        with watched(target) as watch:
            with watch.attack():
                assert _flood(target, requests) == requests
            watch.assert_undisturbed(times=300)

        kept = [record for record in _kept(target) if not record.account_id]
        assert 0 < len(kept) <= error_log.STRANGERS_ROWS
        assert _disk(folder) - room < 16_000_000
        _assert_found(target, before)
        _assert_found(target, _error_of_the_neighbour(target))
        target.process.stop()
        refused = sum(not line.get("account_id") for line in _refused(target))
        # Two a second are kept while it goes on.
        assert 0 <= refused - _dropped(target, "") - error_log.STRANGERS_ROWS < 400


def _refused(target: Target) -> list[dict[str, Any]]:
    lines = target.process.log_lines()
    return [line for line in lines if line["event"] == "request" and line["status"] >= 400]


def _dropped(target: Target, account_id: str) -> int:
    """How many errors the log says were not kept."""
    return sum(
        line["count"]
        for line in target.process.log_lines()
        if line["event"] == "errors not kept" and line.get("account_id") == account_id
    )


def test_an_account_that_floods_keeps_its_newest_errors_and_pushes_out_no_others(
    database_url: str, folder: Path
) -> None:
    with attacked(folder, database_url, WAFLOWS_ERROR_ROWS="300") as target:
        stranger = target.attacker.http.get("/api/v1/nothing").json()
        before = _error_of_the_neighbour(target)
        _assert_found(target, before)
        room = _disk(folder)
        with watched(target) as watch:
            with watch.attack():
                _flood(target, 3000, target.attacker.api_key)
            watch.assert_undisturbed(times=300)

        kept = _kept(target)
        assert sum(record.account_id == target.attacker.account_id for record in kept) == 300
        assert stranger["errorId"] in {record.error_id for record in kept}
        _assert_found(target, before)
        _assert_found(target, _error_of_the_neighbour(target))
        assert _disk(folder) - room < 16_000_000


def test_errors_of_one_worker_leave_the_lists_of_another_in_memory(folder: Path) -> None:
    with attacked(folder, new_sqlite(folder), WAFLOWS_WORKERS="2") as target:
        tenant = target.neighbour
        tenant.create("Listed")
        asked = Asked("GET", tenant.flows)
        with watched(target, asked) as watch:
            with watch.attack():
                _flood(target, 2000)
            watch.assert_undisturbed(times=300)
        during = len(watch.during)
        assert during > 0

        def lists(*, from_memory: bool) -> int:
            return sum(
                line.get("path") == tenant.flows
                and line.get("method") == "GET"
                and bool(line.get("from_memory")) == from_memory
                for line in target.process.log_lines()
            )

        # One for each worker, and one more where the neighbour's own flow came in between.
        assert lists(from_memory=False) <= 4
        assert lists(from_memory=True) > during / 2
