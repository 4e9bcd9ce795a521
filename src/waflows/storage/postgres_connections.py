"""How connections to PostgreSQL are made, whether or not a pooler stands in between.

Behind a pooler nothing may depend on the state of a session, as every transaction may get another
one: no start-up options but the application's name, time-outs set within each transaction, advisory
locks and cursors that end with it. Only where the session that answered the handshake is the one
that does the work are statements prepared and reads spared the time-out in each transaction; a
pooler answers the handshake with a process id of its own.
"""

from __future__ import annotations

import psycopg

from waflows.storage.database import Row

_OPTIONS = {
    "autocommit": True,
    "connect_timeout": 5,
    "application_name": "waflows",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
    "prepare_threshold": None,
}
_PREPARE_AFTER = 5

LOCK_SECONDS = 5.0
"""So long a transaction waits for a lock that says nothing else."""


def connect(url: str) -> psycopg.Connection[Row]:
    """A connection that prepares nothing."""
    return psycopg.connect(url, **_OPTIONS)  # type: ignore[arg-type]  # a mapping of options


def connect_for_work(url: str) -> psycopg.Connection[Row]:
    """A connection for many transactions, with a state of its own if it is a direct one."""
    connection = connect(url)
    # Through a pooler it may be handed what another client listens for; nobody would collect it.
    connection.add_notify_handler(lambda _: None)
    answering = connection.execute("SELECT pg_backend_pid()").fetchone()
    if answering == (connection.info.backend_pid,):
        connection.prepare_threshold = _PREPARE_AFTER
        connection.execute(f"SET lock_timeout = {round(LOCK_SECONDS * 1000)}")
    return connection


def is_direct(connection: psycopg.Connection[Row]) -> bool:
    """Whether a connection for work keeps its state from one transaction to the next."""
    return connection.prepare_threshold is not None
