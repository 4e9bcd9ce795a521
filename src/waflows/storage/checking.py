"""Checks of a database: by the engine itself, and of the counters kept beside the rows.

Each check returns sentences about what is wrong, and none for a sound database. An error that the
driver raises for a damaged file becomes such a sentence too.
"""

from __future__ import annotations

from collections.abc import Callable

from waflows.storage import migrate
from waflows.storage.database import Database, Transaction
from waflows.storage.tables import TABLES

_MOST_SENTENCES = 20

# Each is a question whose answer must be empty; the rows name what it is about.
_COUNTERS = {
    "the number of flows of channel {} is wrong": "SELECT c.id FROM channels c"
    " WHERE c.flow_count <> (SELECT COUNT(*) FROM flows f"
    " WHERE f.account_id = c.account_id AND f.channel_id = c.id)",
    "flow {} lies beyond the last position of its channel": "SELECT f.id FROM flows f"
    " JOIN channels c ON c.account_id = f.account_id AND c.id = f.channel_id"
    " WHERE f.position > c.last_position",
    # Older ones may have made room for it.
    "the newest revision of flow {} is not the one it counts": "SELECT f.id FROM flows f"
    " LEFT JOIN flow_revisions r ON r.account_id = f.account_id AND r.flow_id = f.id"
    " GROUP BY f.account_id, f.id, f.revision"
    " HAVING COALESCE(MAX(r.revision), 0) <> f.revision",
    "the answers to flow {} are counted wrongly": "SELECT s.flow_id FROM"
    " (SELECT account_id, flow_id, sub_account_id, COUNT(*) AS n FROM submissions"
    " GROUP BY account_id, flow_id, sub_account_id) AS s"
    " LEFT JOIN submission_counts c ON c.account_id = s.account_id"
    " AND c.flow_id = s.flow_id AND c.sub_account_id = s.sub_account_id"
    " WHERE c.total IS NULL OR c.total <> s.n",
    "answers to flow {} are counted that are not there": "SELECT c.flow_id FROM"
    " submission_counts c WHERE c.total <> (SELECT COUNT(*) FROM submissions s"
    " WHERE s.account_id = c.account_id AND s.flow_id = c.flow_id"
    " AND s.sub_account_id = c.sub_account_id)",
    **{
        f"the {what} of account {{}} are counted wrongly": "SELECT a.id FROM accounts a"
        " LEFT JOIN account_usage u ON u.account_id = a.id"
        f" WHERE COALESCE(u.{what}, 0) <>"
        f" (SELECT {counted} FROM {table} t WHERE t.account_id = a.id)"
        for what, counted, table in (
            ("flows", "COUNT(*)", "flows"),
            ("stored_bytes", "COALESCE(SUM(t.bytes), 0)", "flow_revisions"),
            ("templates", "COUNT(*)", "templates"),
            ("phones", "COUNT(*)", "conversations"),
            ("webhooks", "COUNT(*)", "webhooks"),
        )
    },
    "the bytes of messages and answers of account {} are counted wrongly": "SELECT a.id"
    " FROM accounts a WHERE (SELECT COALESCE(SUM(c.bytes), 0) FROM account_content c"
    " WHERE c.account_id = a.id) <> "
    + " + ".join(
        f"(SELECT COALESCE(SUM(t.bytes), 0) FROM {table} t WHERE t.account_id = a.id)"
        for table in ("messages", "submissions", "phone_sessions")
    ),
}
_TABLES_OF = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgres": "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = current_schema()",
}


def faults_of_schema(database: Database) -> list[str]:
    """Checks that the schema is that of this version and that every table exists."""

    def look(tx: Transaction) -> list[str]:
        numbers = {row[0] for row in tx.all("SELECT number FROM schema_migrations")}
        wanted = {migration.number for migration in migrate.bundled()}
        found = {row[0] for row in tx.all(_TABLES_OF[database.engine])}
        return [
            *(f"migration {number:04} is missing" for number in sorted(wanted - numbers)),
            *(
                f"migration {number:04} is of a newer version"
                for number in sorted(numbers - wanted)
            ),
            *(f"table {name} is missing" for name in TABLES if name not in found),
        ]

    return _ask(database, look)


def faults_of_storage(database: Database) -> list[str]:
    """Returns the damage that the engine finds in its tables and indexes."""
    if database.engine == "sqlite":
        return _ask(
            database,
            lambda tx: [row[0] for row in tx.all("PRAGMA integrity_check") if row[0] != "ok"],
        )
    indexes = _ask(
        database,
        lambda tx: [
            f"index {row[0]} is not valid"
            for row in tx.all(
                "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid ="
                " i.indrelid WHERE c.relnamespace = current_schema()::regnamespace"
                " AND NOT (i.indisvalid AND i.indisready)"
            )
        ],
    )
    found = {row[0] for row in database.read_now(lambda tx: tx.all(_TABLES_OF["postgres"]))}
    there = [table for table in TABLES if table in found]
    return indexes + [fault for table in there for fault in _ask(database, _reader(table))]


def faults_of_indexes(database: Database) -> list[str] | None:
    """Returns what amcheck finds in PostgreSQL's indexes; None where it is not installed."""
    if not database.read_now(
        lambda tx: tx.one("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")
    ):
        return None
    names = database.read_now(
        lambda tx: tx.all(
            "SELECT i.indexrelid::regclass::text FROM pg_index i"
            " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_am a ON a.oid = c.relam"
            " WHERE t.relnamespace = current_schema()::regnamespace AND a.amname = 'btree'"
            " AND i.indisvalid"
        )
    )

    def check(name: str) -> Callable[[Transaction], list[str]]:
        def look(tx: Transaction) -> list[str]:
            tx.all("SELECT bt_index_check(?::regclass, true)", name)
            return []

        return look

    return [fault for (name,) in names for fault in _ask(database, check(name))]


def faults_of_references(database: Database) -> list[str]:
    """Returns dangling references; on PostgreSQL, constraints that are not enforced."""
    if database.engine == "sqlite":
        return _ask(
            database,
            lambda tx: [
                f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there"
                for row in tx.all("PRAGMA foreign_key_check")
            ],
        )
    return _ask(
        database,
        lambda tx: [
            f"constraint {row[0]} is not validated"
            for row in tx.all(
                "SELECT conname FROM pg_constraint WHERE NOT convalidated"
                " AND connamespace = current_schema()::regnamespace"
            )
        ],
    )


def faults_of_counters(database: Database) -> list[str]:
    """Returns the counters that do not match the rows they count."""
    found = []
    for sentence, sql in _COUNTERS.items():
        found += _ask(database, _sentences_about(sentence, sql))
    return found


def _sentences_about(sentence: str, sql: str) -> Callable[[Transaction], list[str]]:
    return lambda tx: [sentence.format(row[0]) for row in tx.all(sql)]


def _reader(table: str) -> Callable[[Transaction], list[str]]:
    """Returns a check that reads every row of a table, which reveals damaged pages."""

    def look(tx: Transaction) -> list[str]:
        for _ in tx.each(f"SELECT * FROM {table}"):
            pass
        return []

    return look


def _ask(database: Database, look: Callable[[Transaction], list[str]]) -> list[str]:
    try:
        found = database.read_now(look)
    except Exception as error:  # an error for a damaged table is the finding
        return [" ".join(str(error).split())]
    if len(found) > _MOST_SENTENCES:
        found = [*found[:_MOST_SENTENCES], f"and {len(found) - _MOST_SENTENCES:,} more"]
    return found
