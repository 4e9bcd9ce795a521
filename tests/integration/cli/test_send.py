"""`waflows send`, run as its users run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.databases import new_sqlite
from harness.servers import dev_server, run

USER = "+12025550123"
WORDS = ["--text", "How was it?", "--button", "Tell us"]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables that a development server says to set, and a number that has written."""
    folder = tmp_path_factory.mktemp("server")
    with dev_server(folder, "--database-url", new_sqlite(folder)) as (_, facts):
        where = {
            "WAFLOWS_URL": facts["url"],
            "WAFLOWS_ACCOUNT": facts["accountId"],
            "WAFLOWS_CHANNEL": facts["channelId"],
            "WAFLOWS_SUB_ACCOUNT": facts["subAccountId"],
            "WAFLOWS_KEY": facts["apiKey"],
        }
        assert run("phone", "say", "Hello", env=where).returncode == 0
        yield where


def sent(variables: dict[str, str], flow: str, *more: str) -> Any:
    return run("send", flow, "--to", USER, *WORDS, *more, env=variables)


def test_a_flow_sent_by_its_name_is_what_the_user_opens(variables: dict[str, str]) -> None:
    done = sent(variables, "Visitor feedback", "--token", "mine", "--footer", "Thank you")

    assert done.returncode == 0, done.stderr
    message = json.loads(done.stdout)
    assert message["status"]["state"] == "queued"
    assert run("phone", "open", env=variables).returncode == 0
    run("phone", "choose", "Overall", "Great", env=variables)
    run("phone", "submit", env=variables)
    answer = json.loads(run("phone", "submit", env=variables).stdout)
    assert answer["response"]["flow_token"] == "mine"
    kept = json.loads(run("submissions", "list", env=variables).stdout)
    assert [each["messageUmid"] for each in kept] == [message["umid"]]


def test_a_draft_is_sent_only_when_it_is_asked_for(variables: dict[str, str]) -> None:
    refused = sent(variables, "Workshop sign-up")
    assert refused.returncode == 1
    assert "DRAFT" in refused.stderr.upper()

    assert sent(variables, "Workshop sign-up", "--draft").returncode == 0


def test_data_that_the_screen_does_not_declare_is_refused_by_its_path(
    variables: dict[str, str],
) -> None:
    refused = sent(variables, "Visitor feedback", "--data", '{"nobody": "asked"}')

    assert refused.returncode == 1
    assert "nobody" in refused.stderr


def test_data_that_is_no_json_object_is_wrong_usage(variables: dict[str, str]) -> None:
    refused = sent(variables, "Visitor feedback", "--data", "[1]")

    assert refused.returncode == 2
    assert "must be a JSON object" in refused.stderr


def test_the_variables_of_the_commands_do_not_disturb_a_server(tmp_path: Path) -> None:
    more = {"WAFLOWS_SUB_ACCOUNT": "front-desk", "WAFLOWS_MSISDN": USER}

    assert run("db", "upgrade", "--data", str(tmp_path), env=more).returncode == 0
