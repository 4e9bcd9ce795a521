"""Limits of what the connections of one process hold: their number, bodies and unsent answers.

Without limits every client could hold memory and descriptors indefinitely. The number of
connections is limited, and beyond the limit the longest idle are closed. The bytes of request
bodies that are being received are limited, with a share for each account. Every connection is
checked once a second and closed if it exceeds a timeout; the timeouts are those of
`waflows.http.protocol`.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Protocol

from waflows.errors import Overloaded, WaflowsError
from waflows.http.pacing import Pacer
from waflows.telemetry.logs import Logs

try:
    import resource
except ImportError:  # Windows has no such limit.
    resource = None  # type: ignore[assignment]

INCOMING = "waflows.incoming"
"""Scope key of a request's `Incoming`; requests without a body have none."""

MOST_CONNECTIONS = 4096
MOST_UNPARSED_BYTES = 32 * 1024 * 1024
"""So many bytes may wait, on all connections, for the answers to the requests before them."""
MOST_BODY_BYTES = 256 * 1024 * 1024
MOST_BODY_BYTES_OF_ONE = 32 * 1024 * 1024
"""The size of the largest body."""
MOST_UNSENT_BYTES = 256 * 1024 * 1024
"""The most bytes of answers that clients have not received yet."""
MOST_DRAINED = 64 * 1024
"""The most of an unread body that is discarded to keep the connection open."""
LOOK_SECONDS = 1.0

_KEPT_DESCRIPTORS = 256
"""Descriptors reserved for the database, its files and outgoing calls."""
_CLOSED_AT_ONCE = 16
"""At the limit one in so many connections is closed, so that there is room for the next."""
_QUIET_SECONDS = 10.0
"""The same problem is logged at most this often."""
_NETSTAT = Path("/proc/net/netstat")


class Watched(Protocol):
    """What `Traffic` needs of a connection."""

    def check(self, now: float) -> None:
        """Closes the connection, or refuses its request, if a timeout has passed."""

    def unsent(self) -> int:
        """How many bytes of answers the client has not received yet."""

    def cut(self) -> None:
        """Ends the connection at once."""

    def idle_since(self) -> float | None:
        """Since when it has been idle; None while a request is received or answered."""

    def close_idle(self) -> None:
        """Closes the connection to make room."""


class Incoming:
    """The body of one request while it is received, shared by the protocol and the application.

    `refusal` is an error for the reader of the body to raise. `expecting` is set if the client
    waits for `100 Continue` before it sends the body.
    """

    __slots__ = (
        "_counted",
        "_owner",
        "_traffic",
        "announced",
        "complete",
        "expecting",
        "received",
        "refusal",
    )

    def __init__(self, traffic: Traffic, announced: int | None, expecting: bool) -> None:
        self.announced = announced
        self.expecting = expecting
        self.received = 0
        self.complete = False
        self.refusal: WaflowsError | None = None
        self._traffic: Traffic | None = traffic
        self._counted = 0
        self._owner = ""

    def take(self, size: int) -> bool:
        """Counts received bytes; False, with a refusal, if the process holds too many."""
        self.received += size
        if self._traffic is None:
            return False
        if not self._traffic.has_room(self._owner, size):
            self.refusal = Overloaded(
                "The server is receiving too many large requests; try again shortly."
            )
            # What was received is discarded at once, so that other requests can go on.
            self.release()
            return False
        self._traffic.count(self._owner, size)
        self._counted += size
        return True

    def belongs_to(self, account_id: str) -> None:
        """Counts the body for an account, once the sender is known."""
        if self._traffic is not None:
            self._traffic.count(self._owner, -self._counted)
            self._owner = account_id
            self._traffic.count(self._owner, self._counted)

    def release(self) -> None:
        """Stops counting the body: it was handled, or is not needed."""
        if self._traffic is not None:
            self._traffic.count(self._owner, -self._counted)
            self._traffic = None

    def may_be_drained(self) -> bool:
        """Whether the rest of the body is small enough to receive and discard it."""
        if self.complete:
            return True
        if self.expecting and not self.received:
            # It may never be sent.
            return False
        return self.announced is None or self.announced - self.received <= MOST_DRAINED


class Traffic:
    """The connections of this process."""

    def __init__(self, logs: Logs) -> None:
        self.most_connections = _most_connections()
        self.pacer = Pacer()
        self.unparsed_bytes = 0
        self.is_draining = False
        """Whether the process is ending; each connection gets one more answer."""
        self._logs = logs
        self._connections: set[Watched] = set()
        self._body_bytes = 0
        self._of_owner: dict[str, int] = {}
        self._logged: dict[str, float] = {}
        self._dropped = _dropped_connections()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts checking the connections every second."""
        self._task = asyncio.create_task(self._check_every_second())

    def stop(self) -> None:
        """Stops checking the connections."""
        if self._task is not None:
            self._task.cancel()

    def add(self, connection: Watched) -> bool:
        """Adds a connection; False if there is no room and none can be made."""
        self._connections.add(connection)
        if len(self._connections) <= self.most_connections:
            return True
        closed = self._close_the_idlest(keep=connection)
        self._warn(
            "too many connections: the idlest were closed" if closed else "too many connections",
            bound=self.most_connections,
            closed=closed,
        )
        return closed > 0

    def remove(self, connection: Watched) -> None:
        """Removes a closed connection."""
        self._connections.discard(connection)

    def has_room(self, owner: str, size: int) -> bool:
        """Whether so many more bytes of bodies can be held, in all and for this account."""
        if self._body_bytes + size > MOST_BODY_BYTES:
            return False
        return not owner or self._of_owner.get(owner, 0) + size <= MOST_BODY_BYTES_OF_ONE

    def count(self, owner: str, size: int) -> None:
        """Adds to the count of body bytes; a negative size subtracts."""
        self._body_bytes += size
        if owner:
            left = self._of_owner.get(owner, 0) + size
            if left:
                self._of_owner[owner] = left
            else:
                self._of_owner.pop(owner, None)

    async def _check_every_second(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(self._connections):
                connection.check(now)
            self._cut_the_fullest()
            self._report_lost_connections()

    def _close_the_idlest(self, keep: Watched) -> int:
        idle = [
            (since, connection)
            for connection in self._connections
            if connection is not keep and (since := connection.idle_since()) is not None
        ]
        idle.sort(key=lambda one: one[0])
        chosen = idle[: max(self.most_connections // _CLOSED_AT_ONCE, 1)]
        for _, connection in chosen:
            connection.close_idle()
        return len(chosen)

    def _cut_the_fullest(self) -> None:
        """Aborts the connections with the most unsent bytes while there are too many in all."""
        sizes = [(one.unsent(), one) for one in self._connections]
        total = sum(size for size, _ in sizes)
        if total <= MOST_UNSENT_BYTES:
            return
        sizes.sort(key=lambda pair: pair[0], reverse=True)
        cut = 0
        for size, connection in sizes:
            connection.cut()
            cut += 1
            total -= size
            if total <= MOST_UNSENT_BYTES:
                break
        self._warn(
            "too many bytes of answers are unsent: the connections with the most were aborted",
            cut=cut,
        )

    def _report_lost_connections(self) -> None:
        """Logs why clients are rejected before this process sees their connections."""
        try:
            os.close(os.dup(0))
        except OSError as error:
            self._warn(
                "no file descriptors are left, so new connections are closed unanswered:"
                " raise the limit (ulimit -n)",
                reason=error.strerror,
                connections=len(self._connections),
            )
        before, self._dropped = self._dropped, _dropped_connections()
        if self._dropped > before:
            self._warn(
                "the queue of new connections was full on this machine, so some were dropped:"
                " they came faster than they were accepted",
                dropped=self._dropped - before,
                connections=len(self._connections),
            )

    def _warn(self, message: str, **fields: object) -> None:
        now = time.monotonic()
        if now - self._logged.get(message, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._logged[message] = now
            self._logs.events.warning(message, **fields)


def raise_descriptor_limit() -> None:
    """Raises the limit of open files for this process and its children to the hard limit."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            # Some systems report a hard limit that they do not allow.
            return


def _most_connections() -> int:
    if resource is None:
        return MOST_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(min(MOST_CONNECTIONS, soft - _KEPT_DESCRIPTORS), 16)


def _dropped_connections() -> int:
    """Connections dropped because a queue was full; Linux counts them for all programs."""
    try:
        names, values, *_ = (
            line.split() for line in _NETSTAT.read_text("ascii").splitlines() if "TcpExt" in line
        )
        return int(values[names.index("ListenOverflows")])
    except (OSError, ValueError):
        return 0
