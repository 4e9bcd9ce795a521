"""Backups: one moment of a database, taken while it is written to, restored into either engine."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness.answers import submission
from harness.contents import everything, faults, tables
from harness.databases import Postgres, new_sqlite
from harness.flow_json import valid_flow
from harness.servers import COMMAND, Tenant, client, environment, opened, production_server, run

from waflows.errors import OperatorError
from waflows.services.accounts import accounts
from waflows.services.flows import lifecycle, texts
from waflows.services.flows.lifecycle import Content
from waflows.services.submissions import submissions
from waflows.storage import backup, migrate
from waflows.storage.database import Database
from waflows.storage.flows import Selection
from waflows.storage.tables import TABLES

_FLOW_JSON = valid_flow("é" * 3000)


def _filled(db: Database) -> tuple[str, str]:
    """An account and a channel with something of everything in it."""
    account = db.run_now(accounts.create_account, "Ünïcode").id
    channel = db.run_now(accounts.create_channel, account, "Channel").id
    db.run_now(accounts.create_key, account, "key", channel_ids=[channel])
    first, second = texts.check_now(_FLOW_JSON), texts.check_now("{}")
    for number in range(30):
        content = Content(name=f"Flow {number}", categories=["OTHER"], flow_json=first)
        flow = db.run_now(lifecycle.create, account, channel, content)
        if number % 3 == 0:
            db.run_now(lifecycle.update, account, channel, flow.id, Content(flow_json=second))
        if number % 3 == 1:
            db.run_now(lifecycle.publish, account, channel, flow.id)
    db.run_now(submissions.record, submission(account, channel))
    return account, channel


def _empty_database_of_the_other_engine(db: Database, folder: Path, postgres: Postgres) -> str:
    return postgres.new_database() if db.engine == "sqlite" else new_sqlite(folder)


def test_a_backup_restores_row_for_row_into_the_other_engine(
    db: Database, tmp_path: Path, postgres: Postgres
) -> None:
    _filled(db)
    copy = tmp_path / "copy.db"
    copied = backup.back_up(db, copy)
    assert copied.bytes == copy.stat().st_size
    folder = tmp_path / "restored"
    with opened(_empty_database_of_the_other_engine(db, folder, postgres)) as restored:
        assert backup.restore(copy, restored).rows == copied.rows
        assert everything(restored) == everything(db)
        assert faults(restored) == {}
        # And back again, into the engine it came from.
        again = tmp_path / "again.db"
        backup.back_up(restored, again)
    url = new_sqlite(tmp_path / "back") if db.engine == "sqlite" else postgres.new_database()
    with opened(url) as back:
        backup.restore(again, back)
        assert everything(back) == everything(db)


def test_a_backup_is_one_file_for_its_owner_only(db: Database, tmp_path: Path) -> None:
    _filled(db)
    folder = tmp_path / "backups"
    backup.back_up(db, folder / "copy.db")

    assert [entry.name for entry in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600


def test_a_backup_holds_every_table(db: Database) -> None:
    assert {*TABLES, "schema_migrations"} == set(tables(db))


def test_a_backup_never_overwrites_a_file(db: Database, tmp_path: Path) -> None:
    precious = tmp_path / "precious.db"
    precious.write_text("mine")
    with pytest.raises(OperatorError, match="exists already"):
        backup.back_up(db, precious)
    assert precious.read_text() == "mine"


def test_a_backup_takes_no_name_beside_which_an_old_log_would_be_read_into_it(
    db: Database, tmp_path: Path
) -> None:
    (tmp_path / "copy.db-wal").write_text("the log of a file that is gone")
    with pytest.raises(OperatorError, match=r"copy\.db-wal exists already"):
        backup.back_up(db, tmp_path / "copy.db")


def test_a_backup_goes_on_where_an_earlier_one_was_broken_off(db: Database, tmp_path: Path) -> None:
    _filled(db)
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"copy.db.part{ending}").write_text("half a backup")
    backup.back_up(db, tmp_path / "copy.db")

    assert not list(tmp_path.glob("*.part*"))
    with opened(new_sqlite(tmp_path / "restored")) as restored:
        backup.restore(tmp_path / "copy.db", restored)
        assert everything(restored) == everything(db)


def test_a_backup_from_an_earlier_version_is_upgraded_on_its_way(
    database_url: str, tmp_path: Path
) -> None:
    old_url = f"sqlite:///{tmp_path / 'old.db'}"
    with opened(old_url) as old:
        migrate.upgrade(old, migrate.bundled()[:2])
        old.run_now(accounts.create_account, "From before")
    with opened(database_url) as db:
        backup.restore(tmp_path / "old.db", db)
        assert [a.name for a in db.read_now(accounts.list_accounts)] == ["From before"]
        assert migrate.pending(db) == []


def test_a_restore_reads_a_database_that_is_still_in_use_and_leaves_it_alone(
    db: Database, tmp_path: Path
) -> None:
    live = tmp_path / "live.db"
    with opened(f"sqlite:///{live}") as source:
        migrate.upgrade(source)
        _filled(source)
        assert (tmp_path / "live.db-wal").stat().st_size > 0, "most of it is not in the file yet"
        before = live.read_bytes()
        backup.restore(live, db)
        assert everything(db) == everything(source)
        assert live.read_bytes() == before


def test_what_is_no_backup_is_refused_and_changes_nothing(db: Database, tmp_path: Path) -> None:
    db.run_now(accounts.instance_secret)
    before = everything(db)
    (tmp_path / "text.db").write_text("not a database, but quite a long text\n" * 40)
    (tmp_path / "empty.db").touch()
    with sqlite3.connect(tmp_path / "foreign.db") as foreign:
        foreign.execute("CREATE TABLE songs (title TEXT)")
    for name in ("text.db", "empty.db", "foreign.db", "missing.db"):
        with pytest.raises(OperatorError, match=name):
            backup.restore(tmp_path / name, db)
    assert everything(db) == before


def test_a_restore_into_a_database_in_use_is_refused(db: Database, tmp_path: Path) -> None:
    _filled(db)
    before = everything(db)
    backup.back_up(db, tmp_path / "copy.db")
    with pytest.raises(OperatorError, match="not empty"):
        backup.restore(tmp_path / "copy.db", db)
    assert everything(db) == before


def test_a_backup_taken_while_the_server_writes_is_whole_and_misses_nothing_older(
    server: Tenant, tmp_path: Path, postgres: Postgres
) -> None:
    stop = threading.Event()
    acknowledged: dict[str, str] = {}

    def write(number: int) -> None:
        with client(server.url, server.api_key) as http:
            for count in range(100_000):
                if stop.is_set():
                    return
                body: dict[str, Any] = {"name": f"{number}-{count}", "categories": ["OTHER"]}
                made = http.post(server.flows, json=body | {"flowJson": _FLOW_JSON})
                assert made.status_code == 200, made.text
                flow_id = made.json()["id"]
                changed = http.put(f"{server.flows}/{flow_id}", json={"flowJson": "{}"})
                assert changed.status_code == 200, changed.text
                if count % 4 == 3:
                    assert http.delete(f"{server.flows}/{flow_id}").status_code == 200
                else:
                    acknowledged[flow_id] = body["name"]

    copies = [tmp_path / f"copy{number}.db" for number in range(2)]
    older: list[set[str]] = []
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        try:
            for copy in copies:
                older.append(set(acknowledged))
                made = run("db", "backup", str(copy), "--database-url", server.database_url)
                assert made.returncode == 0, made.stderr
            newest = set(acknowledged)
        finally:
            stop.set()
        for writer in writers:
            writer.result()

    assert len(older[0]) < len(older[1]) < len(newest), "writes went on meanwhile"
    totals = []
    for copy, known in zip(copies, older, strict=True):
        with opened(f"sqlite:///{copy}") as taken:
            assert faults(taken) == {}
            page = taken.read_now(
                lifecycle.list_page,
                server.account_id,
                server.channel_id,
                Selection(),
                None,
                1_000_000,
            )
        assert known <= {flow.id for flow in page.flows}
        totals.append(page.total)

    # The copy is served from the other engine; keys, links and all go on working.
    url = postgres.new_database()
    if server.database_url.startswith("postgres"):
        url = new_sqlite(tmp_path / "restored")
    restored = run("db", "restore", str(copies[0]), "--database-url", url)
    assert restored.returncode == 0, restored.stderr
    with (
        production_server(tmp_path, url, "--workers", "1") as process,
        client(process.url, server.api_key) as http,
    ):
        listed = http.get(server.flows)
        assert listed.status_code == 200
        assert listed.headers["x-total-count"] == str(totals[0])


def test_a_backup_that_is_broken_off_leaves_no_file_of_that_name(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    _filled(db)
    copy = tmp_path / "copy.db"
    command = subprocess.Popen(
        [*COMMAND, "db", "backup", str(copy), "--database-url", database_url],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    part = tmp_path / "copy.db.part"
    while command.poll() is None and not part.exists():
        time.sleep(0.001)
    os.kill(command.pid, signal.SIGKILL)
    command.communicate()
    if copy.exists():
        with opened(f"sqlite:///{copy}") as whole:
            assert everything(whole)["flows"] == everything(db)["flows"]
    copy.unlink(missing_ok=True)

    again = run("db", "backup", str(copy), "--database-url", database_url, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["bytes"] == copy.stat().st_size
