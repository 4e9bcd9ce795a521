"""`waflows flows`, run as its users run it: in a pipe and on a terminal."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.flow_json import AWKWARD, VALID, valid_flow
from harness.scripted import CUT, answer, refusal, scripted, unused_url
from harness.servers import COMMAND, Tenant, environment, run
from harness.terminal import Seen, on_terminal

KEY = "wf_live_abcdef0123456789"
NAMES = ["list", "get", "create", "update", "delete", "preview", "publish", "deprecate",
            "export"]  # fmt: skip


def at(url: str) -> dict[str, str]:
    return {"WAFLOWS_URL": url, "WAFLOWS_ACCOUNT": "a", "WAFLOWS_CHANNEL": "c", "WAFLOWS_KEY": KEY}


@pytest.fixture
def flows(tenant: Tenant) -> Callable[..., Any]:
    """Runs a `waflows flows` command in a pipe."""

    def command(*arguments: str, **more: Any) -> Any:
        return run("flows", *arguments, env=tenant.variables, **more)

    return command


@pytest.fixture
def terminal(tenant: Tenant) -> Callable[..., Seen]:
    """Runs a `waflows flows` command on a terminal."""

    def command(*arguments: str, **more: Any) -> Seen:
        return on_terminal("flows", *arguments, env=tenant.variables, **more)

    return command


# --- list


def test_a_list_is_json_in_a_pipe_and_a_table_on_a_terminal(
    tenant: Tenant, flows: Any, terminal: Any
) -> None:
    older = tenant.create("Loan [bold]Collection")
    newer = tenant.create("Feedback", flowJson=VALID, publish=True)

    piped = flows("list")
    shown = terminal("list")

    assert piped.returncode == 0
    assert piped.stderr == ""
    assert json.loads(piped.stdout) == [
        {"id": newer, "name": "Feedback", "status": "PUBLISHED"},
        {"id": older, "name": "Loan [bold]Collection", "status": "DRAFT"},
    ]
    assert shown.status == 0
    assert [line.split(maxsplit=1) for line in shown.text.splitlines()] == [
        ["ID", "NAME                   STATUS   "],
        [newer, "Feedback               PUBLISHED"],
        [older, "Loan [bold]Collection  DRAFT    "],
    ]
    assert json.loads(terminal("list", "--json").text) == json.loads(piped.stdout)


def test_a_list_is_narrowed_and_cut_when_asked(tenant: Tenant, flows: Any) -> None:
    tenant.create("Booking one")
    published = tenant.create("BOOKING two", flowJson=VALID, publish=True)
    newest = tenant.create("Feedback")

    def ids(*options: str) -> list[str]:
        return [flow["id"] for flow in json.loads(flows("list", *options).stdout)]

    assert ids("--status", "published", "--name", "booking") == [published]
    assert ids("--limit", "1") == [newest]
    assert ids("--limit", "1", "--name", "book") == [published]
    assert len(ids()) == 3


def test_an_empty_list_says_so_on_a_terminal_and_stays_json_in_a_pipe(
    flows: Any, terminal: Any
) -> None:
    assert terminal("list").text == "The channel has no flows yet.\n"
    assert terminal("list", "--name", "x").text == "No matching flows.\n"
    assert json.loads(flows("list").stdout) == []


def test_8x8_itself_is_asked_for_nothing_it_does_not_know() -> None:
    flow = {"flowId": "1", "name": "One", "status": "DRAFT", "categories": ["OTHER"]}
    listed = answer(200, {"flows": [{"id": "1", "name": "One", "status": "DRAFT"}]})
    script = [listed, listed, answer(200, flow), answer(200, {"id": "2", "success": True}), listed]
    with scripted(*script) as server:
        plain = run("flows", "list", env=at(server.url))
        by_name = run("flows", "get", "One", env=at(server.url))
        created = run("flows", "create", "--name", "Two", env=at(server.url))
        narrowed = run("flows", "list", "--status", "PUBLISHED", env=at(server.url))

    path = "/api/v1/accounts/a/channels/c/flows"
    assert [request.target for request in server.received] == [
        f"{path}?limit=1000",
        f"{path}?limit=1000",
        f"{path}/1",
        path,
        f"{path}?limit=1000&status=PUBLISHED",
    ]
    assert len(json.loads(plain.stdout)) == 1
    assert json.loads(by_name.stdout)["flowId"] == "1"
    assert json.loads(created.stdout)["id"] == "2"
    # A server that passes over the filter does not make the answer wrong.
    assert json.loads(narrowed.stdout) == []
    assert {request.headers["authorization"] for request in server.received} == {f"Bearer {KEY}"}


def test_a_list_that_a_server_may_have_cut_off_says_so() -> None:
    many = [{"id": str(number), "name": "N", "status": "DRAFT"} for number in range(1000)]
    with scripted(answer(200, {"flows": many})) as server:
        done = run("flows", "list", env=at(server.url))

    assert len(json.loads(done.stdout)) == 1000
    assert done.stderr == "This server lists 1,000 flows at most; there may be more.\n"


def test_control_characters_in_a_name_do_not_reach_the_terminal() -> None:
    name = "\x1b]0;owned\x07evil\x9b2J"
    listed = answer(200, {"flows": [{"id": "1", "name": name, "status": "DRAFT"}]})
    flow = answer(200, {"flowId": "1", "name": name, "status": "DRAFT"})
    with scripted(listed, flow, refusal(404, 1300, name)) as server:
        seen = [
            on_terminal("flows", "list", env=at(server.url)),
            on_terminal("flows", "get", "1", env=at(server.url)),
            on_terminal("flows", "get", "1", env=at(server.url)),
        ]

    for each in seen:
        assert "evil" in each.text
        for control in ("\x1b]", "\x07", "\x9b"):
            assert control not in each.raw


# --- get, preview


def test_a_flow_is_shown_by_its_id_and_by_its_name(
    tenant: Tenant, flows: Any, terminal: Any
) -> None:
    flow_id = tenant.create("Loan Collection", flowJson=VALID, endPointUri="https://e.example/x")

    by_id = json.loads(flows("get", flow_id).stdout)
    by_name = json.loads(flows("get", "Loan Collection").stdout)
    full = json.loads(flows("get", flow_id, "--full").stdout)
    shown = terminal("get", flow_id, "--full")

    assert set(by_id) == {"flowId", "flowJsonUrl", "name", "status", "categories"}
    assert by_name["flowId"] == by_id["flowId"] == flow_id
    assert full["endPointUri"] == "https://e.example/x"
    lines = dict(line.split(maxsplit=1) for line in shown.text.splitlines())
    assert lines["id"] == flow_id
    assert lines["status"] == "DRAFT"
    assert lines["endpoint"] == "https://e.example/x"
    assert lines["revision"] == "1"


def test_the_faults_of_a_flow_are_shown_with_their_places() -> None:
    fault = {"error": "INVALID_PROPERTY_VALUE", "errorType": "AWKWARD_ERROR",
             "message": "Invalid value.", "lineStart": 3, "columnStart": 9}  # fmt: skip
    flow = {"flowId": "1", "name": "N", "status": "DRAFT", "validationErrors": [fault]}
    with scripted(
        answer(200, flow), answer(200, {"id": "1", "success": True, "validationErrors": [fault]})
    ) as server:
        shown = on_terminal("flows", "get", "1", env=at(server.url))
        updated = run("flows", "update", "1", "--name", "N", env=at(server.url))

    told = "line 3, column 9: INVALID_PROPERTY_VALUE: Invalid value."
    assert f"finding 1   {told}\n" in shown.text
    assert updated.stderr == f"  {told}\n"
    assert json.loads(updated.stdout)["validationErrors"][0]["lineStart"] == 3


def test_a_preview_link_is_shown_and_renewed(tenant: Tenant, flows: Any, terminal: Any) -> None:
    flow_id = tenant.create("Seen")

    first = json.loads(flows("preview", flow_id).stdout)
    again = json.loads(flows("preview", flow_id).stdout)
    renewed = json.loads(flows("preview", flow_id, "--refresh").stdout)
    shown = terminal("preview", "Seen")

    assert first == again
    assert first["preview_url"] != renewed["preview_url"]
    assert renewed["preview_url"] in shown.text


# --- create, update


def test_a_file_becomes_a_flow_of_its_name_byte_for_byte(
    tenant: Tenant, flows: Any, tmp_path: Path
) -> None:
    file = tmp_path / "Room booking.v2.json"
    file.write_bytes(AWKWARD)

    created = flows("create", str(file), "--category", "survey", "--category", "OTHER",
                    "--endpoint", "https://e.example/x")  # fmt: skip

    told = json.loads(created.stdout)
    assert told == {
        "file": str(file),
        "name": "Room booking.v2",
        "id": told["id"],
        "success": True,
        "validationErrors": [],
    }
    details = tenant.http.get(f"{tenant.flows}/{told['id']}?fields=endPointUri").json()
    assert details["name"] == "Room booking.v2"
    assert details["categories"] == ["SURVEY", "OTHER"]
    assert details["endPointUri"] == "https://e.example/x"
    assert tenant.http.get(details["flowJsonUrl"]).content == AWKWARD


def test_a_flow_is_created_from_standard_input_from_another_flow_and_from_nothing(
    tenant: Tenant, flows: Any
) -> None:
    piped = json.loads(flows("create", "-", "--name", "Piped", input='{"a": 1}').stdout)
    cloned = json.loads(flows("create", "--name", "Cloned", "--clone", piped["id"]).stdout)
    flows("create", "--name", "Bare")

    assert flows("export", cloned["id"]).stdout == '{"a": 1}'
    assert "flowJsonUrl" not in json.loads(flows("get", "Bare").stdout)


def test_many_files_are_created_past_those_that_fail_and_every_failure_is_told(
    tenant: Tenant, flows: Any, tmp_path: Path
) -> None:
    tenant.create("taken")
    for name, content in {
        "one.json": VALID.encode(),
        "taken.json": VALID.encode(),
        "latin.json": b'{"a": "\xe9"}',
        "text.json": b"not JSON",
        "two.json": valid_flow("two").encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.json").mkdir()
    files = ["one", "taken", "latin", "text", "folder", "absent", "two"]

    done = flows("create", *[str(tmp_path / f"{name}.json") for name in files])

    assert done.returncode == 1
    created = [json.loads(line) for line in done.stdout.splitlines()]
    assert [flow["name"] for flow in created] == ["one", "two"]
    taken, latin, text, folder, absent, last = done.stderr.splitlines()
    assert taken.startswith(f"{tmp_path}/taken.json: Flow name must be unique")
    assert "code 1000, errorId " in taken
    assert latin.endswith("latin.json: The Flow JSON is not UTF-8 text: byte 0xe9 at offset 7.")
    assert text.startswith(f"{tmp_path}/text.json: Invalid flowJson")
    assert folder == f"{tmp_path}/folder.json is a folder; pass the files in it."
    assert absent == f"Cannot read {tmp_path}/absent.json: No such file or directory."
    assert last == "Error: 5 of 7 failed."
    assert {flow["name"] for flow in tenant.http.get(tenant.flows).json()["flows"]} == {
        "one",
        "two",
        "taken",
    }


def test_many_files_show_their_progress_on_a_terminal(terminal: Any, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.json" for number in range(3)]
    for file in files:
        file.write_text(VALID)

    seen = terminal("create", *map(str, files))

    assert seen.status == 0
    assert "Creating" in seen.text
    assert "3/3" in seen.text
    for file in files:
        assert f"  {file}\n" in seen.text


def test_one_file_that_fails_is_one_sentence(flows: Any, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xff\xfe{")

    bad = flows("create", str(tmp_path / "x.json"))
    missing = flows("create", str(tmp_path / "y.json"))

    assert (bad.returncode, missing.returncode) == (1, 1)
    assert bad.stderr == (
        f"Error: {tmp_path}/x.json: The Flow JSON is not UTF-8 text: byte 0xff at offset 0.\n"
    )
    assert missing.stderr == f"Error: Cannot read {tmp_path}/y.json: No such file or directory.\n"


def test_uploads_wait_out_the_rate_limit_and_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}')
    with scripted(
        refusal(429, 429, Retry_After="1"), answer(200, {"id": "7", "success": True})
    ) as server:
        done = run("flows", "create", "-", "--name", "A", env=at(server.url), input='{"a": 1}')

    assert done.returncode == 0, done.stderr
    assert done.stderr == "Rate limit reached; waiting 1 s.\n"
    assert json.loads(done.stdout)["id"] == "7"
    first, second = server.received
    assert first.body == second.body
    assert json.loads(second.body)["flowJson"] == '{"a": 1}'


@pytest.mark.parametrize(
    ("fault", "tried"),
    [(refusal(401, 1200), 1), (refusal(429, 429, Retry_After="3600"), 1), (CUT, 3)],
)
def test_an_upload_stops_when_every_other_file_would_fail_alike(
    tmp_path: Path, fault: bytes, tried: int
) -> None:
    files = [tmp_path / f"{number}.json" for number in range(3)]
    for file in files:
        file.write_text(VALID)

    with scripted(*[fault] * 3) as server:
        done = run("flows", "create", *map(str, files), env=at(server.url))

    assert done.returncode == 1
    assert len(server.received) == tried
    rest = " The other 2 were not tried." if tried == 1 else ""
    assert done.stderr.splitlines()[-1] == f"Error: {tried} of 3 failed.{rest}"


def test_a_draft_is_changed_by_what_is_named(tenant: Tenant, flows: Any, tmp_path: Path) -> None:
    flow_id = tenant.create("Old", flowJson=VALID)
    file = tmp_path / "new.json"
    file.write_bytes(AWKWARD)

    renamed = flows("update", flow_id, "--name", "New", "--application", "app-1")
    filled = flows("update", "New", str(file), "--category", "SURVEY")
    piped = flows("update", "New", "-", input="nonsense")

    assert json.loads(renamed.stdout) == {"id": flow_id, "success": True, "validationErrors": []}
    assert filled.returncode == 0, filled.stderr
    details = tenant.http.get(f"{tenant.flows}/{flow_id}?fields=applicationId,revision").json()
    assert details["name"] == "New"
    assert details["categories"] == ["SURVEY"]
    assert (details["applicationId"], details["revision"]) == ("app-1", 2)
    assert tenant.http.get(details["flowJsonUrl"]).content == AWKWARD
    assert piped.returncode == 1
    assert "Invalid flowJson" in piped.stderr


# --- delete, publish, deprecate


def test_what_cannot_be_undone_is_asked_for_on_a_terminal(tenant: Tenant, terminal: Any) -> None:
    flow_id = tenant.create("Final", flowJson=VALID)

    no = terminal("publish", "Final", answer="n")
    unchanged = tenant.status_of(flow_id)
    yes = terminal("publish", flow_id, answer="y")

    assert f"Publish flow {flow_id}, 'Final'?" in no.text
    assert "cannot be changed, deleted or made a draft again" in no.text
    assert (no.status, unchanged) == (130, "DRAFT")
    assert yes.status == 0
    assert yes.text.endswith(f"Published flow {flow_id}.\n")
    assert tenant.status_of(flow_id) == "PUBLISHED"


@pytest.mark.parametrize(
    "arguments",
    [["delete", "F"], ["publish", "F"], ["deprecate", "F"], ["update", "F", "--publish"],
     ["create", "--name", "G", "--clone", "1", "--publish"]],
)  # fmt: skip
def test_without_a_terminal_nothing_final_is_done_unless_yes_is_said(
    tenant: Tenant, flows: Any, arguments: list[str]
) -> None:
    tenant.create("F", flowJson=VALID)

    done = flows(*arguments, input="y\n")

    assert done.returncode == 2
    assert done.stderr == (
        "Error: This cannot be undone, and there is no terminal to ask for confirmation:"
        " pass --yes.\n"
    )
    assert tenant.http.get(tenant.flows).json()["flows"][0]["status"] == "DRAFT"


def test_a_flow_goes_through_its_life_by_commands_alone(tenant: Tenant, flows: Any) -> None:
    created = json.loads(flows("create", "-", "--name", "Life", input=VALID).stdout)
    published = flows("publish", "Life", "--yes")
    refused = flows("delete", "Life", "--yes")
    deprecated = flows("deprecate", "Life", "--yes")
    draft = tenant.create("Draft")
    deleted = flows("delete", draft, "--yes")

    assert published.stderr == f"Published flow {created['id']}.\n"
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: Flow must be in DRAFT status")
    assert deprecated.returncode == 0
    assert tenant.status_of(created["id"]) == "DEPRECATED"
    assert deleted.stderr == f"Deleted flow {draft}.\n"
    assert tenant.http.get(f"{tenant.flows}/{draft}").status_code == 404


def test_create_and_update_publish_when_told_to(tenant: Tenant, flows: Any) -> None:
    created = json.loads(
        flows("create", "-", "--name", "At once", "--publish", "--yes", input=VALID).stdout
    )
    later = tenant.create("Later", flowJson=VALID)
    flows("update", later, "--publish", "--yes")

    assert tenant.status_of(created["id"]) == "PUBLISHED"
    assert tenant.status_of(later) == "PUBLISHED"


# --- export


def test_a_flow_json_is_written_to_standard_output_byte_for_byte(
    tenant: Tenant,
) -> None:
    tenant.create("Exact", flowJson=AWKWARD.decode())

    written = subprocess.check_output(
        [*COMMAND, "flows", "export", "Exact"], env=environment(**tenant.variables)
    )

    assert written == AWKWARD


def test_a_file_that_exists_is_overwritten_only_when_told_to(
    tenant: Tenant, flows: Any, tmp_path: Path
) -> None:
    flow_id = tenant.create("Exact", flowJson=AWKWARD.decode())
    file = tmp_path / "exact.json"
    file.write_text("precious")

    refused = flows("export", flow_id, "--out", str(file))
    kept = file.read_text()
    done = flows("export", flow_id, "--out", str(file), "--force")

    assert refused.returncode == 1
    assert refused.stderr == f"Error: {file} exists; overwrite it with --force.\n"
    assert kept == "precious"
    assert done.stdout == ""
    assert file.read_bytes() == AWKWARD


def test_a_whole_channel_is_exported_and_created_again_elsewhere(
    tenant: Tenant, flows: Any, tmp_path: Path
) -> None:
    contents = {f"Flow {number}": f'{{ "n": {number} }}\n' for number in range(3)}
    for name, content in contents.items():
        tenant.create(name, flowJson=content)
    awkward = tenant.create("../a/b", flowJson=VALID)
    tenant.create("Empty")
    folder = tmp_path / "new" / "folder"

    exported = flows("export", "--all", str(folder))
    files = sorted(path.name for path in folder.iterdir())
    other = tenant.new_channel()
    created = flows("create", *map(str, folder.glob("Flow*")), "--channel", other)

    assert exported.returncode == 0
    assert exported.stderr.endswith("has no Flow JSON.\n")
    told = [json.loads(line) for line in exported.stdout.splitlines()]
    assert {flow["file"] for flow in told} == {str(folder / name) for name in files}
    assert files == sorted(["Flow 0.json", "Flow 1.json", "Flow 2.json", f"_a_b {awkward}.json"])
    for name, content in contents.items():
        assert (folder / f"{name}.json").read_bytes() == content.encode()
    assert created.returncode == 0
    again = json.loads(flows("list", "--channel", other).stdout)
    assert {flow["name"] for flow in again} == set(contents)


def test_an_export_leaves_existing_files_alone_and_writes_the_others(
    tenant: Tenant, flows: Any, tmp_path: Path
) -> None:
    tenant.create("Old", flowJson=VALID)
    tenant.create("New", flowJson=VALID)
    (tmp_path / "Old.json").write_text("precious")

    done = flows("export", "--all", str(tmp_path))
    kept = (tmp_path / "Old.json").read_text()
    forced = flows("export", "--all", str(tmp_path), "--force")

    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path}/Old.json exists; overwrite it with --force.\nError: 1 of 2 failed.\n"
    )
    assert kept == "precious"
    assert (tmp_path / "New.json").read_text() == VALID
    assert forced.returncode == 0
    assert (tmp_path / "Old.json").read_text() == VALID


# --- mistakes


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["update", "1"], "Nothing to change: pass a FILE or an option such as --name."),
        (["create"], "Pass a FILE of Flow JSON, or --name to create a flow without one."),
        (["create", "a", "--clone", "1"], "Pass a FILE or --clone, not both"),
        (["create", "a", "b", "--name", "N"], "--name is for a single flow"),
        (["create", "-"], "needs --name."),
        (["export"], "Pass the FLOW to export, or --all DIR"),
        (["export", "1", "--all", "x"], "Pass the FLOW to export, or --all DIR"),
        (["get", ".."], "The channel has no flow named '..'."),
        (["get", "No such"], "The channel has no flow named 'No such'."),
        (["get", "9" * 16], "Flow not found"),
        (["list", "--status", "LOST"], "'LOST' is not one of"),
        (["list", "--limit", "0"], "0 is not in the range"),
        (["create", "--name", "N", "--category", "FUN"], "'FUN' is not one of"),
        (["update", "1", "/"], "/ is a folder"),
        (["export", "9" * 16, "--out", "/"], "Flow not found"),
        (["lst"], "lst"),
    ],
)
def test_a_mistake_gets_a_sentence_and_no_traceback(
    flows: Any, arguments: list[str], sentence: str
) -> None:
    done = flows(*arguments)

    assert done.returncode in {1, 2}
    assert done.stdout == ""
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_what_is_missing_is_named_with_its_flag_and_its_variable(tenant: Tenant) -> None:
    nothing = run("flows", "list")
    keyless = run("flows", "list", env={**tenant.variables, "WAFLOWS_KEY": ""})

    assert nothing.returncode == 2
    assert nothing.stderr == (
        "Error: Missing connection settings for flows: set --url or WAFLOWS_URL,"
        " --account or WAFLOWS_ACCOUNT, --channel or WAFLOWS_CHANNEL, --key or WAFLOWS_KEY.\n"
    )
    assert keyless.stderr == (
        "Error: Missing connection settings for flows: set --key or WAFLOWS_KEY.\n"
    )


def test_flags_count_before_variables(tenant: Tenant) -> None:
    wrong = dict.fromkeys(tenant.variables, "http://127.0.0.1:1")

    done = run("flows", "list", "--url", tenant.url, "--account", tenant.account_id,
               "--channel", tenant.channel_id, "--key", tenant.api_key, env=wrong)  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_a_refusal_of_the_server_shows_message_code_and_error_id(tenant: Tenant) -> None:
    done = run("flows", "list", env={**tenant.variables, "WAFLOWS_KEY": "nonsense"})

    assert done.returncode == 1
    assert done.stderr.startswith("Error: Request was not authenticated properly")
    assert "code 1200" in done.stderr
    error_id = done.stderr.rpartition("errorId ")[2].strip(").\n")
    assert tenant.process.log_line(error_id=error_id)["status"] == 401


def test_a_server_that_cannot_be_reached_or_is_another_is_named_in_a_sentence() -> None:
    with scripted(answer(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})) as other:
        strange = run("flows", "list", env=at(other.url))
    url = unused_url()
    nobody = run("flows", "list", env=at(url))
    odd = run("flows", "list", env=at("localhost:8088"))

    assert strange.returncode == nobody.returncode == 1
    assert "cannot be read" in strange.stderr
    assert nobody.stderr == (
        f"Error: No response from {url}: Connection refused."
        " Is the server running, and is --url or WAFLOWS_URL right?\n"
    )
    assert odd.returncode == 2
    assert odd.stderr == (
        "Error: The URL must be like https://chatapps.8x8.com, not 'localhost:8088'.\n"
    )


def test_the_key_is_never_shown() -> None:
    faults = [refusal(500, 2000, f"Bearer {KEY}"), answer(502, f"<pre>{KEY}</pre>".encode()), CUT]
    for fault in faults:
        with scripted(*[fault] * 4) as server:
            done = run("flows", "publish", "1", "--yes", env=at(server.url))
        assert done.returncode == 1
        assert KEY not in done.stdout + done.stderr
    bad = run("flows", "list", env={**at("http://127.0.0.1:1"), "WAFLOWS_KEY": f"{KEY} x"})
    assert KEY not in bad.stderr
    assert bad.stderr == "Error: The API key must be visible ASCII characters without blanks.\n"
    assert KEY not in run("flows", "list", "--help", env=at("http://127.0.0.1:1")).stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    done = run("flows", name, "--help")

    assert done.returncode == 0
    assert f"Example: waflows flows {name}" in done.stdout
    assert "WAFLOWS_KEY" in done.stdout


def test_the_shell_completes_the_ids_of_flows(tenant: Tenant) -> None:
    flow_id = tenant.create("Completed")
    completion = {
        "_WAFLOWS_COMPLETE": "fish_complete",
        "COMP_WORDS": f"waflows flows get {flow_id[:3]}",
        "COMP_CWORD": flow_id[:3],
    }

    found = run(env={**tenant.variables, **completion})
    lost = run(env={**at("http://127.0.0.1:1"), **completion})

    assert flow_id in found.stdout
    assert "Completed" in found.stdout
    assert (lost.returncode, lost.stdout.strip(), lost.stderr) == (0, "", "")
