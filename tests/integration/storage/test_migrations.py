"""Upgrading the schema: from every earlier version, with data in it, by many at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness.contents import everything, faults, tables
from harness.databases import new_sqlite
from harness.servers import COMMAND, environment, opened, run

from waflows.errors import OperatorError
from waflows.services.accounts import accounts, quotas
from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.storage import migrate
from waflows.storage.database import Database, Transaction
from waflows.storage.migrate import Migration

_BUNDLED = migrate.bundled()
_ACCOUNT, _CHANNEL, _FLOW = "5b6f6a3e-0d52-4d55-8d3c-2f1f4b1f7a10", "channel-1", "1234567890123456"
_BEFORE_MESSAGE_BYTES = 13
# Rows as they were written when their table was new: what an old database may hold.
_OLD_ROWS: dict[str, list[dict[str, Any]]] = {
    "instance": [{"name": "secret", "value": "ab" * 32}],
    "accounts": [{"id": _ACCOUNT, "name": "Ünïcode & Söhne", "created_at": 1_700_000_000_000}],
    "channels": [
        {
            "account_id": _ACCOUNT,
            "id": _CHANNEL,
            "name": "First",
            "created_at": 1_700_000_000_001,
            "flow_count": 2,
            "last_position": 7,
        }
    ],
    "api_keys": [
        {
            "account_id": _ACCOUNT,
            "id": "abcdefghij01",
            "name": "limited",
            "digest": "cd" * 32,
            "last_six": "xyz_-9",
            "read_only": 1,
            "channel_ids": f'["{_CHANNEL}"]',
            "created_at": 1_700_000_000_002,
            "expires_at": 4_000_000_000_000,
            "revoked_at": None,
        }
    ],
    "flows": [
        {
            "account_id": _ACCOUNT,
            "id": id_,
            "channel_id": _CHANNEL,
            "position": position,
            "name": name,
            "name_folded": name.casefold(),
            "status": status,
            "categories": '["OTHER","SURVEY"]',
            "endpoint_uri": "https://example.org/flow",
            "application_id": None,
            "revision": 2,
            "created_at": 1_700_000_000_003,
            "updated_at": 1_700_000_000_004,
            "preview_nonce": "ef" * 16,
            "preview_expires_at": 1_700_000_100,
        }
        for id_, position, name, status in [
            (_FLOW, 3, "Straße", "PUBLISHED"),
            ("6543210987654321", 7, "Draft", "DRAFT"),
        ]
    ],
    "flow_revisions": [
        {
            "account_id": _ACCOUNT,
            "flow_id": id_,
            "revision": revision,
            "flow_json": text,
            "bytes": len(text.encode()),
            "sha256": "0" * 64,
            "created_at": 1_700_000_000_003,
        }
        for id_ in (_FLOW, "6543210987654321")
        for revision, text in [(1, '{"a": "é\\u0000"}'), (2, " {}\n")]
    ],
    # Of a database that has them already; in an older one they are counted by the migration.
    "account_usage": [
        {
            "account_id": _ACCOUNT,
            "flows": 2,
            "stored_bytes": 2 * len('{"a": "é\\u0000"} {}\n'.encode()),
            "templates": 0,
            "phones": 1,
            "webhooks": 0,
        }
    ],
    "errors": [{"account_id": "", "id": "e" * 36, "at": 1_700_000_000_005, "record": "{}"}],
    "rate_limits": [
        {
            "account_id": _ACCOUNT,
            "key_id": "abcdefghij01",
            "kind": "write",
            "window_start": 1_700_000_000_006,
            "used": 3,
            "used_before": 9,
        }
    ],
    "conversations": [
        {
            "account_id": _ACCOUNT,
            "channel_id": _CHANNEL,
            "msisdn": "+351910000001",
            "name": "Inês",
            "sub_account_id": "sub-1",
            "last_position": 2,
            "last_inbound_at": 1_700_000_000_007,
        }
    ],
    "messages": [
        {
            "account_id": _ACCOUNT,
            "umid": umid,
            "channel_id": _CHANNEL,
            "msisdn": "+351910000001",
            "position": position,
            "sub_account_id": "sub-1",
            "direction": direction,
            "kind": "interactive",
            "bubble": bubble,
            "flow": flow,
            "state": "delivered",
            "state_at": 1_700_000_000_008,
            "created_at": 1_700_000_000_008,
        }
        for umid, position, direction, bubble, flow in [
            ("asked", 1, "outbound", '{"body":"Olá"}', '{"id":"1","data":{"a":"b"}}'),
            ("answered", 2, "inbound", '{"response":"{}"}', None),
        ]
    ],
    "phone_sessions": [
        {
            "account_id": _ACCOUNT,
            "channel_id": _CHANNEL,
            "msisdn": "+351910000001",
            "message_umid": "asked",
            "turn": 3,
            "state": '{"typed":"a"}',
        }
    ],
    "submissions": [
        {
            "account_id": _ACCOUNT,
            "id": "5b6f6a3e-0d52-4d55-8d3c-2f1f4b1f7a11",
            "channel_id": _CHANNEL,
            "sub_account_id": "sub-1",
            "flow_id": _FLOW,
            "flow_revision": 2,
            "message_umid": "asked",
            "answer_umid": "answered",
            "msisdn": "+351910000001",
            "submitted_at": 1_700_000_000_009,
            "flow_token": None,
            "fields": '{"a":"b"}',
        }
    ],
    "submission_counts": [
        {"account_id": _ACCOUNT, "flow_id": _FLOW, "sub_account_id": "sub-1", "total": 1}
    ],
}


def _insert(tx: Transaction, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" for _ in row)
    tx.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())


def _old_contents(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What is there now of the rows and columns that were there before."""
    present = tables(db)
    return {
        table: db.read_now(
            lambda tx, table=table, rows=rows: sorted(  # type: ignore[misc]
                tx.all(f"SELECT {', '.join(rows[0])} FROM {table}"), key=repr
            )
        )
        for table, rows in _OLD_ROWS.items()
        if table in present
    }


@pytest.mark.parametrize("version", range(1, len(_BUNDLED) + 1))
def test_an_upgrade_from_any_version_keeps_every_row(database_url: str, version: int) -> None:
    with opened(database_url) as db:
        migrate.upgrade(db, _BUNDLED[:version])
        present = tables(db)
        for table, rows in _OLD_ROWS.items():
            for row in rows if table in present else []:
                db.run_now(_insert, table, row)
        before = _old_contents(db)

        applied = migrate.upgrade(db)

        assert [migration.number for migration in applied] == list(
            range(version + 1, len(_BUNDLED) + 1)
        )
        after = _old_contents(db)
        assert {table: after[table] for table in before} == before
        assert migrate.pending(db) == []
        if "flows" in before:
            assert faults(db) == {}
        if version == _BEFORE_MESSAGE_BYTES:
            counted = 4 * 1024
            texts = '{"body":"Olá"}', '{"id":"1","data":{"a":"b"}}', '{"response":"{}"}'
            contents = sum(map(len, (*texts, '{"typed":"a"}', '{"a":"b"}')))
            flow_json = _OLD_ROWS["account_usage"][0]["stored_bytes"]
            space = db.read_now(quotas.space, _ACCOUNT)
            assert space.usage.stored_bytes == flow_json + counted + contents


@pytest.mark.parametrize("version", range(1, len(_BUNDLED)))
def test_an_upgraded_database_has_the_schema_of_a_new_one(
    db: Database, tmp_path: Path, database_url: str, version: int, request: pytest.FixtureRequest
) -> None:
    old_url = f"sqlite:///{tmp_path / 'old.db'}"
    if db.engine == "postgres":
        old_url = request.getfixturevalue("postgres").new_database()
    with opened(old_url) as old:
        migrate.upgrade(old, _BUNDLED[:version])
        migrate.upgrade(old)
        assert _schema(old) == _schema(db)


def _schema(db: Database) -> dict[str, Any]:
    indexes = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name",
        "postgres": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " ORDER BY indexname",
    }
    return {"tables": tables(db), "indexes": db.read_now(lambda tx: tx.all(indexes[db.engine]))}


def test_a_database_of_an_earlier_version_works_once_upgraded(database_url: str) -> None:
    with opened(database_url) as db:
        migrate.upgrade(db, _BUNDLED[:2])
        for table in ("accounts", "channels", "flows", "flow_revisions"):
            for row in _OLD_ROWS[table]:
                db.run_now(_insert, table, row)
        migrate.upgrade(db)

        where = (_ACCOUNT, _CHANNEL)
        assert db.read_now(lifecycle.revision_json, *where, _FLOW, 1) == '{"a": "é\\u0000"}'
        db.run_now(lifecycle.deprecate, *where, _FLOW)
        made = db.run_now(lifecycle.create, *where, Content(name="Newest", categories=["OTHER"]))
        assert made.position == 8
        assert db.read_now(accounts.get_channel, *where).flow_count == 3
        assert faults(db) == {}


def test_upgrades_run_by_many_processes_at_once_apply_each_step_once(database_url: str) -> None:
    commands = [
        subprocess.Popen(
            [*COMMAND, "db", "upgrade", "--json", "--database-url", database_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        for _ in range(4)
    ]
    applied: list[int] = []
    for command in commands:
        out, err = command.communicate(timeout=60)
        assert command.returncode == 0, err
        applied += json.loads(out)["applied"]

    assert sorted(applied) == [migration.number for migration in _BUNDLED]
    with opened(database_url) as db:
        assert migrate.pending(db) == []


def test_a_step_that_fails_leaves_nothing_of_itself(database_url: str) -> None:
    broken = Migration(
        len(_BUNDLED) + 1,
        "broken",
        "CREATE TABLE half_made (id TEXT); INSERT INTO nowhere (id) VALUES ('x');",
    )
    with opened(database_url) as db:
        migrate.upgrade(db)
        before = everything(db)
        with pytest.raises(Exception, match="nowhere"):
            migrate.upgrade(db, [*_BUNDLED, broken])
        assert everything(db) == before
        assert migrate.pending(db) == []


def test_a_database_of_a_newer_version_is_refused(db: Database) -> None:
    newer = Migration(len(_BUNDLED) + 1, "from_the_future", "CREATE TABLE future (id TEXT)")
    migrate.upgrade(db, [*_BUNDLED, newer])
    before = everything(db)

    for attempt in (migrate.upgrade, migrate.pending, migrate.require_current):
        with pytest.raises(OperatorError, match="newer waflows"):
            attempt(db)
    assert everything(db) == before


def test_a_server_refuses_a_database_that_is_not_current(tmp_path: Path) -> None:
    url = new_sqlite(tmp_path)
    with opened(url) as db:
        migrate.upgrade(db, _BUNDLED[:1])
        refused = run("serve", "--port", "0", "--database-url", url)
        assert refused.returncode == 2
        assert "waflows db upgrade" in refused.stderr

        future = len(_BUNDLED) + 1
        migrate.upgrade(db, [*_BUNDLED, Migration(future, "future", "CREATE TABLE f (id TEXT)")])
        for command in ("serve", "dev"):
            refused = run(command, "--port", "0", "--data", str(tmp_path), "--database-url", url)
            assert refused.returncode == 2
            assert "newer waflows" in refused.stderr


def test_steps_are_numbered_without_gaps(tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("SELECT 1")
    (tmp_path / "0003_three.sql").write_text("SELECT 3")
    with pytest.raises(OperatorError, match="not numbered"):
        migrate.from_folder(tmp_path)

    (tmp_path / "0002 two.sql").write_text("SELECT 2")
    with pytest.raises(OperatorError, match="0002 two"):
        migrate.from_folder(tmp_path)


def test_every_table_of_a_tenant_names_the_account_first_in_its_key(db: Database) -> None:
    for table, columns in tables(db).items():
        if table not in {"instance", "accounts", "schema_migrations"}:
            assert columns[0] == "account_id", table
