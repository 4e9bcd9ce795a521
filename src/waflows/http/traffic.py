"""What the connections of one process hold: how many there are, and the bodies that come in.

Whoever can connect could otherwise keep memory and descriptors for as long as they like. So there
is a bound on connections, at which the idlest are closed; a bound on the bytes of bodies that are
not yet handled, of which one account has a share; and a look at every connection each second, by
which those that have taken too long are ended. The times are the protocol's; see there.
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
"""Where a request's scope holds its `Incoming`; requests without a body have none."""

MOST_CONNECTIONS = 4096
MOST_UNPARSED_BYTES = 32 * 1024 * 1024
"""So many bytes may wait, on all connections, for the answers to the requests before them."""
MOST_BODY_BYTES = 256 * 1024 * 1024
MOST_BODY_BYTES_OF_ONE = 32 * 1024 * 1024
"""As much as the largest body there may be."""
MOST_UNSENT_BYTES = 256 * 1024 * 1024
"""So many bytes of answers may wait for their clients to take them."""
MOST_DRAINED = 64 * 1024
"""So much of a body that nobody reads is let pass for the sake of the connection."""
LOOK_SECONDS = 1.0

_KEPT_DESCRIPTORS = 256
"""So many descriptors are left for the database, its files and calls to the outside."""
_CLOSED_AT_ONCE = 16
"""At the bound one connection in so many is closed, so that the next ones find room."""
_QUIET_SECONDS = 10.0
"""The same trouble is logged no more often than this."""
_NETSTAT = Path("/proc/net/netstat")


class Watched(Protocol):
    """A connection, as far as its traffic is concerned."""

    def check(self, now: float) -> None:
        """Ends the connection, or refuses its request, when something has not come in time."""

    def unsent(self) -> int:
        """How many bytes of answers the client has not taken yet."""

    def cut(self) -> None:
        """Ends the connection at once."""

    def idle_since(self) -> float | None:
        """Since when nothing was asked on it; None while a request is read or answered."""

    def close_idle(self) -> None:
        """Closes the connection to make room."""


class Incoming:
    """The body of one request while it comes in, shared by the protocol and the application.

    `refusal` is what is wrong with it, for whoever waits for more of it to raise. `expecting` is
    set when the client sends nothing until it hears `100 Continue`.
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
        """Counts bytes that came; False, with a refusal, when the process holds too many."""
        self.received += size
        if self._traffic is None:
            return False
        if not self._traffic.has_room(self._owner, size):
            self.refusal = Overloaded(
                "The server holds as much of unfinished requests as it can; try again shortly."
            )
            # What was read is thrown away at once, so that the others may go on.
            self.release()
            return False
        self._traffic.count(self._owner, size)
        self._counted += size
        return True

    def belongs_to(self, account_id: str) -> None:
        """Counts the body for an account, from when it is known who sends it."""
        if self._traffic is not None:
            self._traffic.count(self._owner, -self._counted)
            self._owner = account_id
            self._traffic.count(self._owner, self._counted)

    def release(self) -> None:
        """Counts the body no more: it was handled, or nobody wants it."""
        if self._traffic is not None:
            self._traffic.count(self._owner, -self._counted)
            self._traffic = None

    def may_be_drained(self) -> bool:
        """Whether what is still to come is little enough to let it pass."""
        if self.complete:
            return True
        if self.expecting and not self.received:
            # Nobody knows whether it will come at all.
            return False
        return self.announced is None or self.announced - self.received <= MOST_DRAINED


class Traffic:
    """The connections of this process."""

    def __init__(self, logs: Logs) -> None:
        self.most_connections = _most_connections()
        self.pacer = Pacer()
        self.unparsed_bytes = 0
        self.is_draining = False
        """Whether the process is ending: each connection is given one more answer."""
        self._logs = logs
        self._connections: set[Watched] = set()
        self._body_bytes = 0
        self._of_owner: dict[str, int] = {}
        self._logged: dict[str, float] = {}
        self._dropped = _dropped_connections()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look at the connections."""
        self._task = asyncio.create_task(self._look_forever())

    def stop(self) -> None:
        """Looks no more."""
        if self._task is not None:
            self._task.cancel()

    def opened(self, connection: Watched) -> bool:
        """Takes a connection in; False when there is no room and none can be made."""
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

    def closed(self, connection: Watched) -> None:
        """Lets a connection go."""
        self._connections.discard(connection)

    def has_room(self, owner: str, size: int) -> bool:
        """Whether so many bytes more may be held of bodies, and of this account's."""
        if self._body_bytes + size > MOST_BODY_BYTES:
            return False
        return not owner or self._of_owner.get(owner, 0) + size <= MOST_BODY_BYTES_OF_ONE

    def count(self, owner: str, size: int) -> None:
        """Counts bytes of bodies, or with a negative number no longer."""
        self._body_bytes += size
        if owner:
            left = self._of_owner.get(owner, 0) + size
            if left:
                self._of_owner[owner] = left
            else:
                self._of_owner.pop(owner, None)

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(self._connections):
                connection.check(now)
            self._cut_the_fullest()
            self._look_for_lost_connections()

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
        """Cuts the connections with most to send, while all together hold too much."""
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
        self._warn("too much waits to be sent: the connections with most of it were cut", cut=cut)

    def _look_for_lost_connections(self) -> None:
        """Says why clients are turned away that this process never hears of."""
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
    """Allows this process, and those it starts, as many open files as the system lets it."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            # Some systems name a hard limit that they do not allow.
            return


def _most_connections() -> int:
    if resource is None:
        return MOST_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(min(MOST_CONNECTIONS, soft - _KEPT_DESCRIPTORS), 16)


def _dropped_connections() -> int:
    """Connections dropped because a queue was full, as Linux counts them for all programs."""
    try:
        names, values, *_ = (
            line.split() for line in _NETSTAT.read_text("ascii").splitlines() if "TcpExt" in line
        )
        return int(values[names.index("ListenOverflows")])
    except (OSError, ValueError):
        return 0
