"""The state of one server process, and of one request."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from waflows.http.authentication import KeyMemory, SessionMemory
from waflows.http.journal import Journal
from waflows.http.large_answers import LARGE_BYTES, LargeAnswers
from waflows.http.memory import KeptList, Key, ListMemory
from waflows.http.readiness import Readiness
from waflows.security.vault import Vault
from waflows.services.accounts.rate_limits import Counts
from waflows.services.accounts.sign_in_links import SignInLink
from waflows.services.endpoint.endpoint_calls import Outside
from waflows.services.flows.checking import Checker
from waflows.services.flows.contents import GivenContent, check_content
from waflows.services.flows.lifecycle import Content
from waflows.services.flows.playing import Player
from waflows.services.turns import Lines
from waflows.settings import Settings
from waflows.storage.database import Database, Transaction
from waflows.telemetry import metrics
from waflows.telemetry.logs import AccessLine, Logs, TimeText
from waflows.upstream.egress import Egress
from waflows.upstream.fault_rules import FaultRules

P = ParamSpec("P")
T = TypeVar("T")

_GATHER_SECONDS = 0.02
# 501 marks what waflows does not support; it is not a failure of the server.
_NOT_SUPPORTED = 501
_MOST_GATHERED = 512
_PERSON_IN_PATH = re.compile(r"(/phones/|/console/phone/[^/]+/)[^/]+")
_CLIENTS_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


class Exchange:
    """What is known of one request and of its response.

    Phone numbers are removed from `path`, since logs and the journal keep it. `memory_key` is the
    cache key of its response, `kept` the response if it can be cached. `owner` is the account that
    is responsible for it, by its key or by the link that was used.
    """

    memory_key: Key
    if_none_match: bytes | None = None
    route = ""
    account_id = ""
    owner = ""
    key = ""
    status = 0
    from_memory = False
    code = 0
    error_id = ""
    error = ""
    kept: KeptList | None = None

    def __init__(self, request_id: str, method: str, path: str) -> None:
        self.started = time.perf_counter()
        self.request_id = request_id
        self.method = method
        self.path = _PERSON_IN_PATH.sub(r"\1***", path) if "/phone" in path else path


class RequestIds:
    """Makes request ids: a random part for the process, and a counter."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(6)
        self._count = itertools.count(1)

    def next(self, given: bytes | None) -> str:
        """Returns the client's id if it is usable, otherwise a new one."""
        if given is not None and _CLIENTS_REQUEST_ID.fullmatch(given):
            return given.decode()
        return f"{self._process}-{next(self._count):x}"


class Recorder:
    """Records answered requests: an access log line each, and the metrics.

    Both are written in batches every few milliseconds, which costs a fraction of a system call and
    several counter updates per request.
    """

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._time = TimeText()
        self._lines: list[AccessLine] = []

    def record(self, exchange: Exchange) -> None:
        """Records a finished exchange."""
        lines = self._lines
        lines.append(
            AccessLine(
                time=self._time.now(),
                level="error"
                if exchange.status >= 500 and exchange.status != _NOT_SUPPORTED
                else "info",
                request_id=exchange.request_id,
                method=exchange.method,
                route=exchange.route,
                path=exchange.path,
                status=exchange.status,
                duration_ms=int((time.perf_counter() - exchange.started) * 1e6) / 1000,
                account=exchange.account_id,
                key=exchange.key,
                from_memory=exchange.from_memory,
                error_id=exchange.error_id,
                code=exchange.code,
                error=exchange.error,
            )
        )
        if len(lines) == 1:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self.flush)
        elif len(lines) >= _MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Writes the lines and counts the requests that were recorded so far."""
        lines, self._lines = self._lines, []
        if lines:
            self._logs.access(lines)
            metrics.count(lines)


class ServerState(msgspec.Struct, kw_only=True):
    """Everything a handler may use.

    `secret` signs links and hashes keys; `openapi` makes the document that describes the API;
    `vault` seals secrets at rest; every outgoing call goes through `egress`; `player` plays
    flows, `checker` checks their JSON, `link_uses` counts how often each preview link is used.
    `development` is true for `waflows dev` alone.
    """

    db: Database
    settings: Settings
    secret: bytes
    keys: KeyMemory
    sessions: SessionMemory
    lists: ListMemory
    journal: Journal
    logs: Logs
    recorder: Recorder
    openapi: Callable[[], bytes]
    vault: Vault
    egress: Egress
    player: Player
    checker: Checker
    link_uses: Counts
    development: bool
    own_url: str
    """The URL of the server on this machine, if known."""
    fault_rules: FaultRules | None
    """Rules that make calls fail on purpose; in development only."""
    readiness: Readiness
    large_answers: LargeAnswers = msgspec.field(default_factory=LargeAnswers)
    decoding: asyncio.Semaphore = msgspec.field(default_factory=lambda: asyncio.Semaphore(2))
    """Held while a large body is decoded, or a text that may be large is read."""
    sign_in_link: SignInLink | None = None
    """The link that `waflows dev` prints."""
    long_bodies: Lines = msgspec.field(default_factory=Lines)
    """Queues of requests with large bodies, one per account."""

    async def read_text(
        self,
        owner: str,
        size: int,
        read: Callable[Concatenate[Transaction, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Reads from the database what has a text of this many bytes in it.

        A large one is read away from the event loop, and only when an answer with it could be sent;
        raises Overloaded otherwise. `owner` is the account that the answer is for.
        """
        if size <= LARGE_BYTES:
            return await self.db.read(read, *args, **kwargs)
        async with self.decoding:
            self.large_answers.require_room(owner, size)
            return await self.db.read_slow(read, *args, **kwargs)

    async def check_content(self, account_id: str, given: GivenContent) -> Content:
        """What a client says about a flow, checked; during development any address may be tried."""
        return await check_content(
            given,
            account_id,
            self.checker,
            self.egress,
            allow_any_address=self.development,
        )

    @property
    def outside(self) -> Outside:
        """What a call to a data endpoint needs."""
        base_url = self.settings.public_url or self.own_url
        return Outside(self.db, self.vault, self.egress, self.secret, base_url)
