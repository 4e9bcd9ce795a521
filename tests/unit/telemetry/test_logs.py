"""Log lines, for machines and for people."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from waflows.telemetry.logs import AccessLine, Logs

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """What a log holds after something was done with it."""

    def write(do: Callable[[Logs], None], format_: str = "json", level: str = "info") -> str:
        file = tmp_path / "log"
        descriptor = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        try:
            do(Logs(format_, level, descriptor))
        finally:
            os.close(descriptor)
        return file.read_text("utf-8")

    return write


def _line(**fields: Any) -> AccessLine:
    usual: dict[str, Any] = {
        "time": "2026-01-02T03:04:05.678Z",
        "level": "info",
        "request_id": "r-1",
        "method": "GET",
        "route": "/x",
        "path": "/x",
        "status": 200,
        "duration_ms": 1.25,
    }
    return AccessLine(**usual | fields)


def test_an_event_is_a_line_of_json_with_its_fields(written: Callable[..., str]) -> None:
    line = written(lambda logs: logs.events.warning("not kept", count=3, where=Path("/there")))

    found = json.loads(line)
    assert _TIME.fullmatch(found.pop("time"))
    assert found == {"event": "not kept", "level": "warning", "count": 3, "where": "/there"}


def test_an_exception_stands_in_its_events_line_with_its_traceback(
    written: Callable[..., str],
) -> None:
    def fail(logs: Logs) -> None:
        try:
            raise ValueError("why")
        except ValueError as error:
            logs.events.error("unexpected", exc_info=error)

    [line] = written(fail).splitlines()
    trace = json.loads(line)["exception"]
    assert trace.startswith("Traceback")
    assert trace.endswith("ValueError: why\n")


def test_access_lines_leave_out_what_there_is_nothing_to_say_of(
    written: Callable[..., str],
) -> None:
    lines = written(lambda logs: logs.access([_line(), _line(status=404, code=1300)]))

    first, second = (json.loads(line) for line in lines.splitlines())
    assert first == {
        "event": "request",
        "time": "2026-01-02T03:04:05.678Z",
        "level": "info",
        "request_id": "r-1",
        "method": "GET",
        "route": "/x",
        "path": "/x",
        "status": 200,
        "duration_ms": 1.25,
    }
    assert (second["status"], second["code"]) == (404, 1300)


def test_lines_below_the_wanted_level_are_not_written(written: Callable[..., str]) -> None:
    def do(logs: Logs) -> None:
        logs.events.info("quiet")
        logs.events.error("loud")
        logs.access([_line(), _line(level="error", status=500)])

    lines = [json.loads(line) for line in written(do, level="error").splitlines()]
    assert [line.get("status", line["event"]) for line in lines] == ["loud", 500]


def test_people_read_a_line_of_text(written: Callable[..., str]) -> None:
    line = written(lambda logs: logs.access([_line(account="a")]), "console")

    assert _TIME.match(line)
    assert line.endswith("info    GET /x 200 1.2 ms  account=a  request_id=r-1\n")


def test_what_a_client_sent_does_nothing_to_a_terminal(written: Callable[..., str]) -> None:
    text = written(lambda logs: logs.access([_line(path="/\x1b[2J\r\nfake é")]), "console")

    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert r"GET /\x1b[2J\r\nfake é 200" in text


def test_a_librarys_warnings_become_events(written: Callable[..., str]) -> None:
    def do(logs: Logs) -> None:
        logs.take_over("some.library")
        library = logging.getLogger("some.library")
        library.info("chatter")
        library.warning("odd: %s", 5)
        try:
            raise OSError("gone")
        except OSError:
            library.exception("worse")

    odd, worse = (json.loads(line) for line in written(do).splitlines())
    assert (odd["event"], odd["level"], odd["logger"]) == ("odd: 5", "warning", "some.library")
    assert (worse["level"], worse["event"]) == ("error", "worse")
    assert "OSError: gone" in worse["exception"]


def test_a_log_whose_reader_is_gone_stops_nobody() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        Logs("json", "info", writing).events.info("into the void")
    finally:
        os.close(writing)
