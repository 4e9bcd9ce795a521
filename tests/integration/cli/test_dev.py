"""`waflows dev`: one command, and a server with something in it answers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx2
from harness.servers import client, dev_server, environment, run


def flows_path(facts: dict[str, str]) -> str:
    return f"/api/v1/accounts/{facts['accountId']}/channels/{facts['channelId']}/flows"


def test_the_first_line_tells_all_that_a_script_needs_to_list_the_sample_flows(
    tmp_path: Path,
) -> None:
    with dev_server(tmp_path) as (process, facts):
        assert set(facts) == {"url", "accountId", "channelId", "subAccountId", "apiKey", "pid"}
        assert facts["pid"] == process.popen.pid
        with client(facts["url"], facts["apiKey"]) as http:
            flows = http.get(flows_path(facts)).json()["flows"]

    assert len(flows) >= 3
    assert {flow["status"] for flow in flows} == {"DRAFT", "PUBLISHED"}


def test_a_restart_finds_account_key_and_flows_again(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (_, before), client(before["url"], before["apiKey"]) as http:
        body = {"name": "Mine", "categories": ["OTHER"]}
        assert http.post(flows_path(before), json=body).status_code == 200
        listed = http.get(flows_path(before)).json()
    with dev_server(tmp_path) as (_, after), client(after["url"], after["apiKey"]) as http:
        assert http.get(flows_path(after)).json() == listed

    stays = ("accountId", "channelId", "subAccountId", "apiKey")
    assert [after[name] for name in stays] == [before[name] for name in stays]


def test_a_fresh_start_forgets_what_was_there(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (_, before):
        pass
    with dev_server(tmp_path, "--fresh") as (_, after), client(after["url"]) as http:
        old_key = {"Authorization": f"Bearer {before['apiKey']}"}
        assert http.get(flows_path(before), headers=old_key).status_code == 401

    assert after["accountId"] != before["accountId"]


def test_a_person_is_shown_the_console_and_a_curl_command_that_lists_the_flows(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "waflows", "dev", "--port", "0", "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(COLUMNS="80"),
        text=True,
    )
    try:
        assert process.stdout is not None
        shown = ""
        while "Stop with Ctrl-C" not in shown:
            line = process.stdout.readline()
            assert line, shown
            shown += line
        command = shown[shown.index("curl -H") : shown.index("Or, with")]
        answer = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
        console = re.search(r"^Console.* (http://\S+/console)$", shown, re.MULTILINE)
        assert console is not None
        page = httpx2.get(console[1], follow_redirects=True)
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()

    assert answer.stdout.startswith('{"flows":[{"id":"')
    assert "the line <code>API key</code>" in page.text


def test_the_key_is_kept_in_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (_, facts):
        notes = tmp_path / "dev.json"
        assert facts["apiKey"] in notes.read_text("utf-8")
        assert notes.stat().st_mode & 0o077 == 0


def test_there_is_no_rate_limit_unless_one_is_asked_for(tmp_path: Path) -> None:
    body = {"categories": ["OTHER"]}
    with dev_server(tmp_path) as (_, facts), client(facts["url"], facts["apiKey"]) as http:
        answers = [
            http.post(flows_path(facts), json={**body, "name": f"n{count}"}).status_code
            for count in range(120)
        ]
        assert set(answers) == {200}
    limited = dev_server(tmp_path, "--rate-limit", "2")
    with limited as (_, facts), client(facts["url"], facts["apiKey"]) as http:
        answers = [
            http.post(flows_path(facts), json={**body, "name": f"m{count}"}).status_code
            for count in range(4)
        ]
        assert answers == [200, 200, 429, 429]


def test_a_port_in_use_is_refused_with_a_sentence_that_helps(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (process, _):
        port = process.url.rsplit(":", 1)[1]
        second = run("dev", "--port", port, "--data", str(tmp_path / "second"))

    assert second.returncode == 2
    assert f"Cannot listen on 127.0.0.1 port {port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_request_in_flight_is_finished_before_the_server_ends(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (process, facts):
        headers = {"Authorization": f"Bearer {facts['apiKey']}"}

        def slow_body() -> object:
            yield b'{"name": "Slow", '
            process.popen.terminate()
            yield b'"categories": ["OTHER"]}'

        answer = httpx2.post(
            facts["url"] + flows_path(facts),
            content=slow_body(),  # type: ignore[arg-type]
            headers={**headers, "Content-Type": "application/json"},
            trust_env=False,
        )
        assert process.popen.wait(timeout=20) in {0, -15}
    assert answer.status_code == 200


def test_a_data_folder_from_before_and_a_new_database_go_together(
    tmp_path: Path, folder: Path, database_url: str
) -> None:
    with dev_server(folder) as (_, before):
        pass
    with dev_server(folder, "--database-url", database_url) as (_, after):
        assert after["accountId"] != before["accountId"]


def test_a_fresh_start_leaves_alone_what_is_in_use_or_not_its_own(tmp_path: Path) -> None:
    with dev_server(tmp_path) as (_, facts), client(facts["url"], facts["apiKey"]) as http:
        refused = run("dev", "--port", "0", "--fresh", "--data", str(tmp_path))
        assert refused.returncode == 2
        assert "is in use" in refused.stderr
        assert len(http.get(flows_path(facts)).json()["flows"]) >= 3
    (tmp_path / "dev.json").unlink()
    refused = run("dev", "--port", "0", "--fresh", "--data", str(tmp_path))
    assert refused.returncode == 2
    assert "was not created by `waflows dev`" in refused.stderr
    assert (tmp_path / "waflows.db").exists()
