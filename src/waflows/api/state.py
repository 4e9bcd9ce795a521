"""What one server process holds while it runs, and what it knows of one request."""

from __future__ import annotations

import itertools
import re
import secrets
import time

import msgspec

from waflows.api.auth import KeyMemory
from waflows.api.journal import Journal
from waflows.api.memory import ListMemory
from waflows.settings import Settings
from waflows.storage.database import Database
from waflows.telemetry.logs import AccessLine, Logs, TimeText
from waflows.telemetry.metrics import Observed

_CLIENTS_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


class State(msgspec.Struct):
    """Everything a handler may use.

    `secret` signs links and hashes keys; `openapi` is the document that describes the API.
    """

    db: Database
    settings: Settings
    secret: bytes
    keys: KeyMemory
    lists: ListMemory
    journal: Journal
    logs: Logs
    openapi: bytes


class Exchange:
    """One request, as far as it is known, and how it was answered."""

    __slots__ = (
        "account_id",
        "code",
        "error_id",
        "key",
        "message",
        "method",
        "path",
        "request_id",
        "route",
        "started",
        "status",
    )

    def __init__(self, request_id: str, method: str, path: str) -> None:
        self.started = time.perf_counter()
        self.request_id = request_id
        self.method = method
        self.path = path
        self.route = ""
        self.account_id = ""
        self.key = ""
        self.status = 0
        self.code = 0
        self.error_id = ""
        self.message = ""


class RequestIds:
    """Ids for requests: a random part of this process, and a count."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(6)
        self._count = itertools.count(1)

    def next(self, given: bytes | None) -> str:
        """The client's own id when it sent a usable one, else a new one."""
        if given is not None and _CLIENTS_REQUEST_ID.fullmatch(given):
            return given.decode()
        return f"{self._process}-{next(self._count):x}"


class Recorder:
    """Writes the access line of an answered request and counts it."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._time = TimeText()
        self._observed: dict[tuple[str, str, int], Observed] = {}

    def record(self, exchange: Exchange) -> None:
        """Takes note of a finished exchange."""
        seconds = time.perf_counter() - exchange.started
        kind = (exchange.method, exchange.route, exchange.status)
        observed = self._observed.get(kind)
        if observed is None:
            observed = self._observed[kind] = Observed(*kind)
        observed.add(seconds)
        self._logs.access(
            AccessLine(
                self._time.now(),
                "info" if exchange.status < 500 else "error",
                exchange.request_id,
                exchange.method,
                exchange.route,
                exchange.path,
                exchange.status,
                round(seconds * 1000, 3),
                exchange.account_id,
                exchange.key,
                exchange.error_id,
                exchange.code,
                exchange.message,
            )
        )
