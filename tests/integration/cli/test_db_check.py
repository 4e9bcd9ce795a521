"""`waflows db check` and `db backup` on databases that are damaged, each in one way."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from harness.answers import submission
from harness.databases import new_sqlite
from harness.flow_json import VALID
from harness.servers import opened, run

from waflows.services.accounts import accounts, sealing
from waflows.services.endpoint import endpoint_keys
from waflows.services.flows import lifecycle, texts
from waflows.services.flows.lifecycle import Content
from waflows.services.submissions import submissions
from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Wanted
from waflows.settings import Settings
from waflows.storage import migrate

_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
_OTHER_KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="


@pytest.fixture
def url(database_url: str) -> str:
    """A database with something of everything that is counted and sealed."""
    with opened(database_url) as db:
        migrate.upgrade(db)
        vault = sealing.open_vault(db, Settings(secrets_key=_KEY))
        account = db.run_now(accounts.create_account, "Ours").id
        channel = db.run_now(accounts.create_channel, account, "Channel").id
        for number in range(40):
            text = texts.check_now(VALID + " " * 4000)
            content = Content(name=f"Flow {number}", categories=["OTHER"], flow_json=text)
            db.run_now(lifecycle.create, account, channel, content)
        db.run_now(submissions.record, submission(account, channel))
        db.run_now(endpoint_keys.set_app_secret, vault, account, channel, "app-secret")
        wanted = Wanted(
            sub_account_id="*", url="https://1.1.1.1/", type="MSG", http_authorization="Bearer x"
        )
        db.run_now(subscriptions.configure, vault, account, [wanted])
        db.run_now(subscriptions.rotate_secret, vault, account, "*", "MSG", 24)
    return database_url


def _changed(url: str, sql: str) -> None:
    """Changes a database past the product."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute(sql)
        connection.close()
    else:
        with psycopg.connect(url) as postgres:
            postgres.execute(sql.encode())


def _checked(url: str, key: str = _KEY) -> tuple[int, dict[str, Any]]:
    """The exit status of `db check`, and what it says of each thing it looks at."""
    ended = run("db", "check", "--database-url", url, "--json", env={"WAFLOWS_SECRETS_KEY": key})
    assert "Traceback" not in ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["sound"] is (ended.returncode == 0)
    return ended.returncode, {one["name"]: one for one in answer["checks"]}


def _failed(found: dict[str, Any]) -> set[str]:
    return {name for name, one in found.items() if one["state"] == "failed"}


def test_a_sound_database_is_said_to_be_sound(url: str) -> None:
    status, found = _checked(url)
    assert (status, _failed(found)) == (0, set())
    shown = run("db", "check", "--database-url", url, env={"WAFLOWS_SECRETS_KEY": _KEY})
    assert re.search(r"^seals +ok$", shown.stdout, re.MULTILINE)
    assert shown.returncode == 0


@pytest.mark.parametrize(
    ("sql", "failing", "words"),
    [
        ("UPDATE channels SET flow_count = 7", "counters", "the number of flows of channel"),
        ("UPDATE submission_counts SET total = 9", "counters", "are counted wrongly"),
        ("DELETE FROM flow_revisions", "counters", "the newest revision of flow"),
        ("UPDATE account_usage SET stored_bytes = 7", "counters", "the stored_bytes of account"),
        ("UPDATE account_usage SET phones = 7", "counters", "the phones of account"),
        ("UPDATE app_secrets SET secret = 'v1:AAAA'", "seals", "cannot be decrypted"),
        ("DROP TABLE endpoint_checks", "schema", "table endpoint_checks is missing"),
        ("DELETE FROM schema_migrations WHERE number = 4", "schema", "migration 0004 is missing"),
    ],
)
def test_what_is_wrong_is_found_and_named(url: str, sql: str, failing: str, words: str) -> None:
    _changed(url, sql)
    status, found = _checked(url)
    assert status == 1
    assert _failed(found) == {failing}
    assert any(words in detail for detail in found[failing]["details"])


def test_another_secrets_key_or_none_does_not_open_the_seals(url: str, tmp_path: Path) -> None:
    status, found = _checked(url, _OTHER_KEY)
    assert (status, _failed(found)) == (1, {"seals"})
    variables = {"WAFLOWS_SECRETS_KEY": "", "WAFLOWS_DATA": str(tmp_path / "empty")}
    ended = run("db", "check", "--database-url", url, env=variables)
    assert ended.returncode == 1
    assert "there is no secrets key to open them with" in ended.stdout
    assert not (tmp_path / "empty").exists()


def _damage(path: Path) -> None:
    """Overwrites the page that the table of flows begins with, as a failing disk does."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [size] = connection.execute("PRAGMA page_size").fetchone()
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'flows'"
        ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * (size // 2))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_of_a_damaged_file_no_backup_is_made_and_nothing_is_left(url: str, tmp_path: Path) -> None:
    _damage(Path(url.removeprefix("sqlite:///")))
    status, found = _checked(url)
    assert status == 1
    assert "storage" in _failed(found)

    folder = tmp_path / "backups"
    refused = run("db", "backup", str(folder / "copy.db"), "--database-url", url)
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: No backup was made: the copy is damaged")
    assert "Traceback" not in refused.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE flows SET channel_id = 'nowhere' WHERE name = 'Flow 1'",
        "DROP TABLE webhook_lanes",
    ],
)
def test_a_copy_that_contradicts_its_schema_is_no_backup(
    url: str, tmp_path: Path, sql: str
) -> None:
    _changed(url, sql)
    refused = run("db", "backup", str(tmp_path / "b" / "copy.db"), "--database-url", url)
    assert refused.returncode == 2
    assert "No backup was made" in refused.stderr
    assert list((tmp_path / "b").iterdir()) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_check_makes_no_database_where_there_is_none(tmp_path: Path, engine: str) -> None:
    ended = run("db", "check", "--database-url", new_sqlite(tmp_path / engine))
    assert ended.returncode == 2
    assert "There is no database" in ended.stderr
    assert not (tmp_path / engine).exists()
