"""`waflows submissions`, run as its users run it: in a pipe and on a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.answers import FLOW
from harness.flow_json import VALID
from harness.servers import Tenant, run
from harness.terminal import Seen, on_terminal
from integration.api.test_submissions import MARCH, keep


@pytest.fixture
def command(tenant: Tenant) -> Callable[..., Any]:
    """Runs a `waflows submissions` command in a pipe."""

    def runs(*arguments: str, **more: Any) -> Any:
        return run("submissions", *arguments, env=tenant.variables, **more)

    return runs


@pytest.fixture
def terminal(tenant: Tenant) -> Callable[..., Seen]:
    """Runs a `waflows submissions` command on a terminal."""

    def runs(*arguments: str, **more: Any) -> Seen:
        return on_terminal("submissions", *arguments, env=tenant.variables, **more)

    return runs


def test_a_list_is_json_in_a_pipe_and_a_table_with_a_column_for_each_field_on_a_terminal(
    tenant: Tenant, command: Any, terminal: Any
) -> None:
    flow = tenant.create("Feedback", flowJson=VALID)
    fields = {"name": "José [bold]", "topics": ["a", "b"]}
    kept = keep(tenant, {"flow_id": flow, "submitted_at": MARCH, "fields": fields}, {})[0]

    piped = json.loads(command("list", "--flow", "Feedback").stdout)
    shown = terminal("list", "--flow", flow).text

    assert [each["id"] for each in piped] == [kept.id]
    assert piped[0]["fields"] == fields
    # A narrow terminal breaks the id at the end of the row.
    head, row, *_ = (line.split() for line in shown.strip().splitlines())
    assert head == ["SUBMITTED", "PHONE", "NUMBER", "name", "topics", "ID"]
    assert row[:6] == ["2026-03-01", "00:00:00", kept.msisdn, "José", "[bold]", '["a","b"]']
    assert kept.id.startswith(row[6])


def test_a_name_that_no_flow_has_is_an_error_and_no_empty_answer(
    command: Any, tmp_path: Path
) -> None:
    file = tmp_path / "answers.csv"

    for what in (["list"], ["export", "--out", str(file)]):
        done = command(*what, "--flow", "No such")
        assert (done.returncode, done.stdout) == (1, "")
        assert "no flow named 'No such'" in done.stderr
    assert not file.exists()


def test_a_list_of_several_flows_shows_each_answer_whole(tenant: Tenant, terminal: Any) -> None:
    keep(tenant, {"fields": {"a": 1}}, {"flow_id": "2", "fields": {"b": 2}})

    shown = terminal("list", "--limit", "1").text

    assert '{"b":2}' in shown or '{"a":1}' in shown
    assert "1 of 2." in shown


def test_a_list_is_about_the_channel_unless_all_are_wanted(tenant: Tenant, command: Any) -> None:
    keep(tenant, {}, {"channel_id": tenant.new_channel(), "flow_id": "2"})

    assert len(json.loads(command("list").stdout)) == 1
    assert len(json.loads(command("list", "--all-channels").stdout)) == 2


def test_one_submission_is_shown(tenant: Tenant, command: Any, terminal: Any) -> None:
    kept = keep(tenant, {"fields": {"name": "Ines"}})[0]

    assert json.loads(command("show", kept.id).stdout)["messageUmid"] == kept.message_umid
    assert "field name    Ines" in terminal("show", kept.id).text
    missing = command("show", kept.message_umid)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "no submission" in missing.stderr


def test_an_export_goes_to_standard_output_or_to_a_file_that_is_whole(
    tenant: Tenant, command: Any, tmp_path: Path
) -> None:
    kept = keep(tenant, {"fields": {"name": "Ines"}})[0]
    file = tmp_path / "answers.jsonl"

    piped = command("export", "--flow", FLOW)
    written = command("export", "--format", "jsonl", "--out", str(file))
    again = command("export", "--out", str(file))

    assert piped.stdout.splitlines()[0].endswith("flowToken,name,otherFields")
    assert json.loads(file.read_text("utf-8"))["id"] == kept.id
    assert written.stderr == f"Wrote {file.stat().st_size:,} bytes to {file}.\n"
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    assert command("export", "--out", str(file), "--force").returncode == 0
    assert file.read_text("utf-8").startswith("id,submittedAt")
    refused = command("export", "--since", "never", "--out", str(tmp_path / "none.csv"))
    assert (refused.returncode, "from must be a date" in refused.stderr) == (1, True)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_submissions_are_deleted_by_id_or_by_person_once_it_is_sure(
    tenant: Tenant, command: Any, terminal: Any
) -> None:
    first, second, third = keep(tenant, {}, {"msisdn": "+351910000009"}, {})

    assert command("delete", first.id).returncode == 2
    assert terminal("delete", first.id, answer="n\n").status == 130
    assert command("delete", first.id, "--yes").stderr == "Deleted 1.\n"
    assert command("delete", "--msisdn", "+351910000009", "--yes").stderr == (
        "Deleted 1 submissions, 0 messages and 0 events.\n"
    )
    assert command("delete", "--yes").returncode == 2
    assert command("delete", second.id, "--yes").returncode == 1
    assert [each["id"] for each in json.loads(command("list").stdout)] == [third.id]
