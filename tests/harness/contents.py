"""Everything a database holds, read past the product, and what must be true of it."""

from __future__ import annotations

from typing import Any

from waflows.storage.database import Database, Row, Transaction

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%'"
    " ESCAPE '!' ORDER BY name",
    "postgres": "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = 'public' ORDER BY table_name",
}
_COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info(?) ORDER BY cid",
    "postgres": "SELECT column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND table_name = ? ORDER BY ordinal_position",
}
# Each is a question whose answer must be empty.
_FAULTS = {
    "a channel's count is not the number of its flows": "SELECT c.id, c.flow_count FROM channels c"
    " WHERE c.flow_count <> (SELECT COUNT(*) FROM flows f"
    " WHERE f.account_id = c.account_id AND f.channel_id = c.id)",
    "a flow lies beyond the last position of its channel": "SELECT f.id FROM flows f"
    " JOIN channels c ON c.account_id = f.account_id AND c.id = f.channel_id"
    " WHERE f.position > c.last_position",
    "a flow has not exactly the revisions 1 to its own": "SELECT f.id, f.revision FROM flows f"
    " LEFT JOIN flow_revisions r ON r.account_id = f.account_id AND r.flow_id = f.id"
    " GROUP BY f.account_id, f.id, f.revision"
    " HAVING COUNT(r.revision) <> f.revision"
    " OR COALESCE(MIN(r.revision), 1) <> 1 OR COALESCE(MAX(r.revision), 0) <> f.revision",
    "a revision belongs to no flow": "SELECT r.flow_id FROM flow_revisions r"
    " LEFT JOIN flows f ON f.account_id = r.account_id AND f.id = r.flow_id WHERE f.id IS NULL",
    "a name is there twice in a channel": "SELECT channel_id, name FROM flows"
    " GROUP BY account_id, channel_id, name HAVING COUNT(*) > 1",
    "a flow's answers are counted wrongly": "SELECT s.flow_id, s.n, c.total FROM"
    " (SELECT account_id, flow_id, sub_account_id, COUNT(*) AS n FROM submissions"
    " GROUP BY account_id, flow_id, sub_account_id) AS s"
    " LEFT JOIN submission_counts c ON c.account_id = s.account_id"
    " AND c.flow_id = s.flow_id AND c.sub_account_id = s.sub_account_id"
    " WHERE c.total IS NULL OR c.total <> s.n",
    "answers are counted that are not there": "SELECT c.flow_id, c.total FROM"
    " submission_counts c WHERE c.total <> (SELECT COUNT(*) FROM submissions s"
    " WHERE s.account_id = c.account_id AND s.flow_id = c.flow_id"
    " AND s.sub_account_id = c.sub_account_id)",
    "a message was answered twice": "SELECT reply_to FROM messages"
    " WHERE direction = 'inbound' AND reply_to IS NOT NULL"
    " GROUP BY account_id, reply_to HAVING COUNT(*) > 1",
    "an account has other than its counters say": "SELECT a.id, u.* FROM accounts a"
    " LEFT JOIN account_usage u ON u.account_id = a.id"
    " WHERE COALESCE(u.flows, 0) <>"
    " (SELECT COUNT(*) FROM flows f WHERE f.account_id = a.id)"
    " OR COALESCE(u.stored_bytes, 0) <>"
    " (SELECT COALESCE(SUM(r.bytes), 0) FROM flow_revisions r WHERE r.account_id = a.id)"
    " OR COALESCE(u.templates, 0) <>"
    " (SELECT COUNT(*) FROM templates t WHERE t.account_id = a.id)"
    " OR COALESCE(u.phones, 0) <>"
    " (SELECT COUNT(*) FROM conversations c WHERE c.account_id = a.id)"
    " OR COALESCE(u.webhooks, 0) <>"
    " (SELECT COUNT(*) FROM webhooks w WHERE w.account_id = a.id)",
    "an account stores other messages and answers than its counters say": "SELECT a.id"
    " FROM accounts a WHERE (SELECT COALESCE(SUM(c.bytes), 0) FROM account_content c"
    " WHERE c.account_id = a.id) <>"
    " (SELECT COALESCE(SUM(m.bytes), 0) FROM messages m WHERE m.account_id = a.id)"
    " + (SELECT COALESCE(SUM(s.bytes), 0) FROM submissions s WHERE s.account_id = a.id)"
    " + (SELECT COALESCE(SUM(p.bytes), 0) FROM phone_sessions p WHERE p.account_id = a.id)",
    "a published flow has no Flow JSON": "SELECT id FROM flows"
    " WHERE status <> 'DRAFT' AND revision = 0",
}


def tables(db: Database) -> dict[str, list[str]]:
    """Every table and its columns."""

    def read(tx: Transaction) -> dict[str, list[str]]:
        names = [row[0] for row in tx.all(_TABLES[db.engine])]
        return {name: [row[0] for row in tx.all(_COLUMNS[db.engine], name)] for name in names}

    return db.read_now(read)


def everything(db: Database) -> dict[str, list[Row]]:
    """Every row of every table, sorted."""
    columns = tables(db)
    return db.read_now(lambda tx: {name: _rows(tx, name, columns[name]) for name in columns})


def rows_of(db: Database, account_id: str) -> dict[str, list[Row]]:
    """Every row that belongs to an account, whatever the table."""
    owner = {"accounts": "id"}
    columns = {
        name: listed
        for name, listed in tables(db).items()
        if "account_id" in listed or name in owner
    }

    def read(tx: Transaction) -> dict[str, list[Row]]:
        return {
            name: _rows(tx, name, listed, owner.get(name, "account_id"), account_id)
            for name, listed in columns.items()
        }

    return db.read_now(read)


def faults(db: Database) -> dict[str, Any]:
    """What contradicts itself in a database; nothing in a sound one."""

    def look(tx: Transaction) -> dict[str, Any]:
        found = {fault: tx.all(sql) for fault, sql in _FAULTS.items()}
        if db.engine == "sqlite":
            found["the file is damaged"] = [
                row for row in tx.all("PRAGMA integrity_check") if row != ("ok",)
            ]
            found["a reference leads nowhere"] = tx.all("PRAGMA foreign_key_check")
        return {fault: rows for fault, rows in found.items() if rows}

    return db.read_now(look)


def _rows(
    tx: Transaction, table: str, columns: list[str], owner: str = "", account_id: str = ""
) -> list[Row]:
    select = f"SELECT {', '.join(columns)} FROM {table}"
    found = tx.all(f"{select} WHERE {owner} = ?", account_id) if owner else tx.all(select)
    return sorted(found, key=repr)
