"""Operators' commands: accounts, channels, keys, errors, the database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness.servers import Tenant, client, environment, run


@pytest.fixture
def where(database_url: str) -> list[str]:
    """The options that name an upgraded database."""
    options = ["--database-url", database_url]
    assert run("db", "upgrade", *options).returncode == 0
    return options


def answered(*arguments: str) -> Any:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def on_a_terminal(*arguments: str, columns: int = 160) -> str:
    """What a command prints when its output is a terminal."""
    code = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, sys.executable, "-m", "waflows", *arguments],
        env=environment(TERM="dumb", COLUMNS=str(columns)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.stdout.decode()


def test_an_account_a_channel_and_a_key_are_made_listed_and_shown(where: list[str]) -> None:
    account = answered("account", "create", "Harbour Café", *where)
    channel = answered("channel", "create", "Front desk", "--account", account["id"], *where)
    key = answered("key", "create", "ci", "--account", account["id"], *where)

    assert answered("account", "list", *where) == [account]
    assert answered("account", "show", account["id"].upper().replace("-", ""), *where) == account
    assert answered("channel", "list", "--account", account["id"], *where) == [channel]
    assert answered("channel", "show", channel["id"], "--account", account["id"], *where) == channel
    [listed] = answered("key", "list", "--account", account["id"], *where)
    assert listed["lastSix"] == key["apiKey"][-6:]
    assert key["apiKey"] not in json.dumps(listed)
    assert account["createdAt"].endswith("Z")


def test_a_sub_account_sends_through_one_channel_and_keys_may_be_limited_to_it(
    where: list[str],
) -> None:
    account = answered("account", "create", "Harbour Café", *where)["id"]
    of = ["--account", account, *where]
    channel = answered("channel", "create", "Front desk", *of)["id"]
    made = answered("subaccount", "create", "front-desk", "--channel", channel, *of)
    limits = ["--sub-account", "front-desk", "--masked", "--read-only"]
    key = answered("key", "create", "dashboard", *limits, *of)

    assert (made["id"], made["name"], made["channelId"]) == ("front-desk", "front-desk", channel)
    assert answered("subaccount", "list", *of) == [made]
    assert (key["subAccountIds"], key["channelIds"], key["masked"]) == (
        ["front-desk"],
        [channel],
        True,
    )
    assert "as front-desk, answers masked" in on_a_terminal("key", "list", *of)
    again = run("subaccount", "create", "front-desk", "--channel", channel, *of)
    assert again.returncode == 1
    assert "already has a sub-account front-desk" in again.stderr
    assert "is not usable" in run("subaccount", "create", "a b", "--channel", channel, *of).stderr
    unknown = run("key", "create", "k", "--sub-account", "nowhere", *of)
    assert "has no sub-account nowhere" in unknown.stderr


def test_a_terminal_shows_tables_and_a_pipe_gets_json(where: list[str]) -> None:
    account = answered("account", "create", "Harbour Café", *where)

    shown = on_a_terminal("account", "list", *where)

    first, second = shown.strip().splitlines()
    assert first.split() == ["ID", "NAME", "CREATED"]
    assert second.startswith(account["id"])
    assert "Harbour Café" in second
    assert json.loads(on_a_terminal("account", "list", "--json", *where)) == [account]


def test_ids_of_8x8_can_be_kept(where: list[str]) -> None:
    account = answered("account", "create", "x", "--id", "6F1C3D2A8F1E4B7A9C550D6F3A2B1C4E", *where)
    channel = answered(
        "channel", "create", "c", "--account", account["id"], "--id", "my-channel", *where
    )

    assert account["id"] == "6f1c3d2a-8f1e-4b7a-9c55-0d6f3a2b1c4e"
    assert channel["id"] == "my-channel"
    again = run("account", "create", "x", "--id", account["id"], *where)
    assert again.returncode == 1
    assert "already" in again.stderr


def test_a_revoked_key_says_so_and_stays_revoked(where: list[str]) -> None:
    account = answered("account", "create", "x", *where)["id"]
    key = answered("key", "create", "old", "--account", account, "--expires", "90d", *where)

    revoked = answered("key", "revoke", key["id"], "--account", account, *where)
    again = answered("key", "revoke", key["id"], "--account", account, *where)

    assert revoked["revokedAt"] == again["revokedAt"] is not None
    shown = on_a_terminal("key", "show", key["id"], "--account", account, *where)
    assert "revoked" in shown


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["account", "show", "nope"], 1, "accountId must be 32 hexadecimal digits"),
        (["account", "show", "0" * 32], 1, "There is no account"),
        (["account", "create", "\n"], 1, "printable"),
        (["channel", "list"], 2, "--account"),
        (["key", "create", "k", "--account", "0" * 32, "--expires", "soon"], 2, "such as 90d"),
        (["key", "create", "k", "--account", "0" * 32], 1, "There is no account"),
        (["accout"], 2, "Did you mean 'account'?"),
        (["errors", "show", "nope"], 1, "No error nope is known here"),
        (["db", "restore", "no-such-file"], 2, "There is no backup"),
        (["completion", "tcsh"], 2, "'bash', 'zsh', 'fish'"),
    ],
)
def test_a_mistake_gets_a_sentence_and_no_traceback(
    arguments: list[str], status: int, words: str, where: list[str]
) -> None:
    takes_database = arguments[0] in {"account", "channel", "key", "errors", "db"}

    done = run(*arguments, *(where if takes_database else []))

    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_every_command_has_help_and_completion_scripts_are_scripts() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_WAFLOWS_COMPLETE" in run("completion", shell).stdout
    completed = run(
        env={"_WAFLOWS_COMPLETE": "bash_complete", "COMP_WORDS": "waflows ac", "COMP_CWORD": "1"}
    )
    assert "account" in completed.stdout


def test_an_error_answered_over_http_is_explained_by_its_id(server: Tenant) -> None:
    answer = server.http.get(f"{server.flows}?limit=0", headers={"User-Agent": "probe/1"}).json()
    options = ["--database-url", server.database_url]

    record = answered("errors", "show", answer["errorId"], *options)

    assert record["message"] == answer["message"]
    assert record["timestamp"] == answer["timestamp"]
    assert record["query"] == "limit=0"
    assert record["accountId"] == server.account_id
    assert record["userAgent"] == "probe/1"
    assert server.api_key not in json.dumps(record)
    assert answer["errorId"] in {entry["errorId"] for entry in answered("errors", "list", *options)}
    shown = on_a_terminal("errors", "show", answer["errorId"], *options)
    assert f"GET {server.flows}?limit=0" in shown
    listed = on_a_terminal("errors", "list", *options, columns=80)
    assert answer["errorId"] in listed, "an id that is split over lines cannot be copied"


def test_a_backup_taken_while_serving_can_be_served_from(server: Tenant, tmp_path: Path) -> None:
    flow = server.create("Kept", flowJson='{"version": "7.3"}')
    file = tmp_path / "backups" / "waflows.db"

    done = answered("db", "backup", str(file), "--json", "--database-url", server.database_url)

    assert done["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    with sqlite3.connect(file) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        text = copy.execute(
            "SELECT flow_json FROM flow_revisions WHERE flow_id = ?", (flow,)
        ).fetchone()
    copy.close()
    assert text == ('{"version": "7.3"}',)
    assert [path.name for path in file.parent.iterdir()] == ["waflows.db"]
    again = run("db", "backup", str(file), "--database-url", server.database_url)
    assert again.returncode == 2
    assert "never overwrites" in again.stderr


def test_the_operators_commands_work_on_the_database_a_server_is_using(server: Tenant) -> None:
    options = ["--account", server.account_id, "--database-url", server.database_url]
    key = answered("key", "create", "late", *options)
    with client(server.url, key["apiKey"]) as http:
        assert http.get(server.flows).status_code == 200
        answered("key", "revoke", key["id"], *options)
        assert http.get(server.flows).status_code == 401


def test_a_mistyped_folder_is_told_and_stays_unmade(tmp_path: Path) -> None:
    done = run("account", "list", "--data", str(tmp_path / "typo" / "deep"))

    assert done.returncode == 2
    assert "There is no database" in done.stderr
    assert "--data" in done.stderr
    assert not (tmp_path / "typo").exists()
