"""Hears of other processes' changes through PostgreSQL's notifications.

Two threads with a connection each. One listens and never sends anything after LISTEN: a transaction
pooler would lend its connection a session for each statement, and notifications that wait in that
session would arrive with the answer, which looks like hearing. The other sends beats over the
address that the work uses. So a beat that is heard proves that a commit made there is heard here,
and that both addresses lead to the same database.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

import psycopg

from waflows.storage.database import Deafness, Row
from waflows.storage.hearing import BOUND_SECONDS, Hearing
from waflows.storage.postgres_connections import connect, connect_for_work

CHANNEL = "waflows_changes"
_BEAT_SECONDS = 0.5
_LOOK_SECONDS = 0.25
_PAUSE_SECONDS = 0.5
# A proxy may have lost the session behind a connection that still looks alive.
_RECONNECT_SECONDS = 30.0
_STOP_SECONDS = 2.0

_STARTING = "It has not begun to hear of changes yet."
_NOT_LISTENING = "The connection for notifications is lost or cannot be made."
_NOT_SENDING = "Notifications cannot be sent to the database."
_NOT_ARRIVING = (
    "Notifications do not arrive, as behind a pooler in transaction mode: set listen_url to an"
    " address that leads to the same database directly."
)


class Listener:
    """Keeps a Hearing up to date from `start` to `stop`.

    `report` is called, from one of the threads, each time the process goes deaf or hears again.
    """

    def __init__(
        self,
        url: str,
        listen_url: str,
        hearing: Hearing,
        report: Callable[[Deafness | None], None],
    ) -> None:
        self._url = url
        self._listen_url = listen_url
        self._hearing = hearing
        self._report = report
        self._beats = f"waflows_beat_{secrets.token_hex(8)}"
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._listening_trouble: str | None = None
        self._sending_trouble: str | None = None
        # The state that was reported last, None before the first, and since when.
        self._was_deaf: bool | None = None
        self._since = time.monotonic()
        self._threads = [
            threading.Thread(target=self._listen, name="waflows-listen", daemon=True),
            threading.Thread(target=self._send_beats, name="waflows-beat", daemon=True),
        ]

    def start(self) -> None:
        """Begins to listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends; what is being connected to just then is left to its own end."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def deafness(self) -> Deafness | None:
        """Why changes may be missed at the moment; None when they are not."""
        if not self._hearing.is_deaf(time.monotonic()):
            return None
        if self._listening_trouble is not None:
            return Deafness(_NOT_LISTENING, self._listening_trouble)
        if self._sending_trouble is not None:
            return Deafness(_NOT_SENDING, self._sending_trouble)
        if self._was_deaf is None:
            return Deafness(_STARTING)
        return Deafness(_NOT_ARRIVING)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._listen_url) as connection:
                    self._listen_on(connection)
            except psycopg.Error as error:
                self._listening_trouble = _plain(error)
                self._review()
                self._stopping.wait(_PAUSE_SECONDS)

    def _listen_on(self, connection: psycopg.Connection[Row]) -> None:
        connection.execute(f"LISTEN {CHANNEL}; LISTEN {self._beats}")
        began = time.monotonic()
        try:
            self._hearing.begin()
            self._listening_trouble = None
            self._wake.set()
            while not self._stopping.is_set():
                for notification in connection.notifies(timeout=_LOOK_SECONDS):
                    if notification.channel == self._beats:
                        self._hearing.hear_beat(notification.payload)
                        self._review()
                    else:
                        self._hearing.change()
                self._review()
                silent_since = max(began, self._since)
                if self._was_deaf and time.monotonic() - silent_since > _RECONNECT_SECONDS:
                    return
        finally:
            # Before anything else, closing the connection included.
            self._hearing.end()

    def _send_beats(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect_for_work(self._url) as connection:
                    self._send_beats_over(connection)
            except psycopg.Error as error:
                self._sending_trouble = _plain(error)
                self._review()
                self._stopping.wait(_PAUSE_SECONDS)

    def _send_beats_over(self, connection: psycopg.Connection[Row]) -> None:
        while not self._stopping.is_set():
            nonce = self._hearing.send_beat(time.monotonic())
            connection.execute("SELECT pg_notify(%s, %s)", (self._beats, nonce))
            self._sending_trouble = None
            self._wake.wait(_BEAT_SECONDS)
            self._wake.clear()

    def _review(self) -> None:
        """Reports a change between hearing and deafness, once."""
        now = time.monotonic()
        with self._lock:
            deaf = self._hearing.is_deaf(now)
            starting = self._was_deaf is None and now - self._since <= BOUND_SECONDS
            if self._stopping.is_set() or deaf == self._was_deaf or (deaf and starting):
                return
            self._was_deaf, self._since = deaf, now
        self._report(self.deafness() if deaf else None)


def _plain(error: psycopg.Error) -> str:
    """The first line of what went wrong; libpq's own messages about an address may quote it."""
    if not isinstance(error, psycopg.OperationalError):
        return type(error).__name__
    return str(error).strip().partition("\n")[0]
