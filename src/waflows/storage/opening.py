"""Opens a database by its address: the one place that knows which engines there are.

A driver is imported when its engine is chosen, so that SQLite needs no PostgreSQL driver.
"""

from __future__ import annotations

from waflows.errors import OperatorError
from waflows.storage.database import Database
from waflows.urls import problem_of_database_url


def open_database(url: str, listen_url: str = "") -> Database:
    """The database at an address: postgresql://… or sqlite:///path. Nothing is connected yet.

    With PostgreSQL, `listen_url` is where to listen for changes, if not at the same address.
    Raises OperatorError when the address is malformed or its driver is not installed. The sentence
    repeats nothing of the address, which may hold a password.
    """
    problem = problem_of_database_url(url)
    if problem is None and listen_url:
        problem = problem_of_database_url(listen_url)
    if problem is not None:
        raise OperatorError(f"The database address cannot be used: {problem}.")
    if url.startswith("sqlite:///"):
        from waflows.storage.sqlite import SqliteDatabase

        if listen_url:
            raise OperatorError("listen_url goes with PostgreSQL only; database_url is SQLite's.")
        return SqliteDatabase(url.removeprefix("sqlite:///"))
    try:
        from waflows.storage.postgres import PostgresDatabase
    except ImportError:
        raise OperatorError(
            "PostgreSQL needs its driver: install waflows with the extra [postgres]."
        ) from None
    return PostgresDatabase(url, listen_url or url)
