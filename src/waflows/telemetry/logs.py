"""Log lines, on standard error: JSON for machines, or coloured text for a terminal.

Access lines come by the thousand: whoever makes them hands over many at once, which are encoded
straight from Structs and written together. Everything else goes through structlog and is written
at once.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_JSON = msgspec.json.Encoder()


class AccessLine(msgspec.Struct, omit_defaults=True, gc=False, tag_field="event", tag="request"):
    """One answered request. Never a key, a token or a flow's content."""

    time: str
    level: str
    request_id: str
    method: str
    route: str
    path: str
    status: int
    duration_ms: float
    account: str = ""
    key: str = ""
    from_memory: bool = False
    error_id: str = ""
    code: int = 0
    error: str = ""


class Sink:
    """Where lines go: a file descriptor, written in order from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        """Writes one or more whole lines."""
        with self._lock:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except OSError:
                    # Whoever read the log is gone; the server goes on without one.
                    return


class Logs:
    """The log of one process."""

    def __init__(self, format_: str, level: str, descriptor: int | None = None) -> None:
        target = sys.stderr.fileno() if descriptor is None else descriptor
        self.sink = Sink(target)
        self.json = format_ == "json" or (format_ == "auto" and not os.isatty(target))
        self.threshold = _LEVELS[level]
        self.events: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            _Writer(self.sink),
            processors=_processors(self.json),
            wrapper_class=structlog.make_filtering_bound_logger(self.threshold),
        )

    def access(self, lines: list[AccessLine]) -> None:
        """Writes access lines."""
        wanted = [line for line in lines if _LEVELS[line.level] >= self.threshold]
        if self.json:
            self.sink.write(_JSON.encode_lines(wanted))
            return
        for line in wanted:
            fields = {
                name: value
                for name in ("account", "request_id", "error_id", "error")
                if (value := getattr(line, name))
            }
            getattr(self.events, line.level)(
                f"{line.method} {line.path} {line.status} {line.duration_ms:.1f} ms", **fields
            )

    def take_over(self, logger_name: str) -> None:
        """Sends the warnings of a library's logger here."""
        logger = logging.getLogger(logger_name)
        logger.handlers = [_Handler(self.events)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


class TimeText:
    """The present time as log lines show it; the text of a second is made once."""

    def __init__(self) -> None:
        self._second = 0
        self._millisecond = 0
        self._text_of_second = ""
        self._text = ""

    def now(self) -> str:
        """UTC, to the millisecond."""
        millisecond = time.time_ns() // 1_000_000
        if millisecond != self._millisecond:
            second, part = divmod(millisecond, 1000)
            if second != self._second:
                moment = datetime.fromtimestamp(second, UTC)
                self._text_of_second = moment.strftime("%Y-%m-%dT%H:%M:%S")
                self._second = second
            self._text = f"{self._text_of_second}.{part:03}Z"
            self._millisecond = millisecond
        return self._text


class _Writer:
    """The end of structlog's chain."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def msg(self, message: str) -> None:
        self._sink.write(message.encode("utf-8", "replace") + b"\n")

    debug = info = warning = error = critical = exception = msg


class _Handler(logging.Handler):
    """Turns a library's log records into events."""

    def __init__(self, events: Any) -> None:
        super().__init__()
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        self._events.log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )


def _processors(as_json: bool) -> list[structlog.typing.Processor]:
    first: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    if as_json:
        return [*first, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [*first, structlog.dev.ConsoleRenderer(timestamp_key="time")]
