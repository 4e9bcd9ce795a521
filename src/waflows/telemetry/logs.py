"""Log lines, on standard error: JSON for machines, or text for people.

Two kinds: an access line for each request, encoded straight from a Struct and written together with
others of the same moment; and events, for everything else worth logging.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from typing import Any

import msgspec

from waflows import times

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_COLOURS = {"debug": 2, "info": 32, "warning": 33, "error": 31}
_JSON = msgspec.json.Encoder(enc_hook=str)


class AccessLine(
    msgspec.Struct, omit_defaults=True, gc=False, tag_field="event", tag="request", kw_only=True
):
    """One answered request. Never holds a key, a token or a flow's content."""

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
                    # Whatever read the log has exited; the server continues without a log.
                    return


class Events:
    """Lines about everything but requests: a message and named fields.

    `exc_info` is an exception whose traceback belongs to the event.
    """

    def __init__(self, sink: Sink, threshold: int, *, json: bool, colours: bool) -> None:
        self._sink = sink
        self._threshold = threshold
        self._json = json
        self._colours = colours
        self._time = TimeText()

    def info(self, message: str, **fields: Any) -> None:
        """Something an operator may want to know."""
        self.log("info", message, **fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Something that went wrong without affecting a request."""
        self.log("warning", message, **fields)

    def error(self, message: str, **fields: Any) -> None:
        """Something that needs attention."""
        self.log("error", message, **fields)

    def log(
        self,
        level: str,
        message: str,
        *,
        exc_info: BaseException | None = None,
        **fields: Any,
    ) -> None:
        """Writes an event, unless lines of its level are turned off."""
        if _LEVELS[level] < self._threshold:
            return
        trace = "".join(traceback.format_exception(exc_info)) if exc_info else ""
        if self._json:
            line = {"event": message, "time": self._time.now(), "level": level, **fields}
            if trace:
                line["exception"] = trace
            self._sink.write(_JSON.encode(line) + b"\n")
        else:
            self._sink.write(self._text(level, message, fields, trace).encode("utf-8", "replace"))

    def _text(self, level: str, message: str, fields: dict[str, object], trace: str) -> str:
        shown = f"{level:7}"
        if self._colours:
            shown = f"\033[{_COLOURS[level]}m{shown}\033[0m"
        pairs = "".join(f"  {name}={_printable(str(value))}" for name, value in fields.items())
        return f"{self._time.now()} {shown} {_printable(message)}{pairs}\n{trace}"


class Logs:
    """The log of one process."""

    def __init__(self, format_: str, level: str, descriptor: int | None = None) -> None:
        target = sys.stderr.fileno() if descriptor is None else descriptor
        terminal = os.isatty(target)
        self.sink = Sink(target)
        self.json = format_ == "json" or (format_ == "auto" and not terminal)
        self.threshold = _LEVELS[level]
        self.events = Events(self.sink, self.threshold, json=self.json, colours=terminal)

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
            self.events.log(
                line.level,
                f"{line.method} {line.path} {line.status} {line.duration_ms:.1f} ms",
                **fields,
            )

    def take_over(self, logger_name: str) -> None:
        """Redirects the warnings of a library's logger to this log."""
        logger = logging.getLogger(logger_name)
        logger.handlers = [_Handler(self.events)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


class TimeText:
    """The present time as log lines show it; the text of each second is made once."""

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
                self._text_of_second = times.iso(second * 1000, zone="")
                self._second = second
            self._text = f"{self._text_of_second}.{part:03}Z"
            self._millisecond = millisecond
        return self._text


class _Handler(logging.Handler):
    """Turns a library's log records into events."""

    def __init__(self, events: Events) -> None:
        super().__init__()
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        cause: Any = record.exc_info and record.exc_info[1]
        self._events.log(level, record.getMessage(), logger=record.name, exc_info=cause)


def _printable(text: str) -> str:
    """Text that is safe on a terminal, as it may contain what a client sent."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
