"""How connections to PostgreSQL are made, whether or not a pooler stands in between.

Nothing here or in the modules that use it depends on the state of a session, so that a pooler may
give every transaction another one: no start-up options but the application's name, time-outs set
within each transaction, advisory locks and cursors that end with it. Statements are prepared only
where the session that answered the handshake is the one that does the work; a pooler answers with
a process id of its own.
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


def connect(url: str) -> psycopg.Connection[Row]:
    """A connection that prepares nothing."""
    return psycopg.connect(url, **_OPTIONS)  # type: ignore[arg-type]  # a mapping of options


def connect_for_work(url: str) -> psycopg.Connection[Row]:
    """A connection for many transactions, which prepares its statements if it is a direct one."""
    connection = connect(url)
    # Through a pooler it may be handed what another client listens for; nobody would collect it.
    connection.add_notify_handler(lambda _: None)
    answering = connection.execute("SELECT pg_backend_pid()").fetchone()
    if answering == (connection.info.backend_pid,):
        connection.prepare_threshold = _PREPARE_AFTER
    return connection
