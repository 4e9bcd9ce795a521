"""`waflows lint` as authors and their CI run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness.servers import COMMAND, environment, run
from harness.terminal import on_terminal

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_GUIDE = Path(__file__).resolve().parents[3] / "docs" / "linting.md"
_FAULTY = sorted((_EXAMPLES / "err").glob("*.json"))
CLEAN = (_EXAMPLES / "ok" / "greeting.json").read_bytes()
ERROR = (_EXAMPLES / "err" / "misspelt_property.json").read_bytes()
WARNING = (_EXAMPLES / "err" / "key_given_twice.json").read_bytes()


def linted(*arguments: str, cwd: Path | None = None, stdin: bytes = b"", **env: str) -> Any:
    """The finished command, its output as bytes."""
    return subprocess.run(
        [*COMMAND, "lint", *arguments],
        env=environment(**env),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


def files_of(done: Any) -> list[str]:
    return [each["file"] for each in json.loads(done.stdout)["files"]]


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A folder with a clean file, one with an error and one with a warning."""
    for name, text in {"clean": CLEAN, "error": ERROR, "warning": WARNING}.items():
        (tmp_path / f"{name}.json").write_bytes(text)
    return tmp_path


@pytest.mark.parametrize("example", _FAULTY, ids=lambda path: path.stem)
def test_a_faulty_example_is_reported_in_these_very_words(example: Path) -> None:
    done = linted(example.name, cwd=example.parent)

    assert done.stdout.decode() == example.with_suffix(".out").read_text("utf-8")
    assert done.stderr == b""
    assert done.returncode == (0 if b"error" not in done.stdout else 1)


def test_the_clean_examples_have_no_fault() -> None:
    done = linted("--strict", str(_EXAMPLES / "ok"))

    assert done.stdout.decode() == "No findings in 2 files.\n"
    assert done.returncode == 0


def test_errors_fail_and_warnings_fail_only_when_strict(flows: Path) -> None:
    assert linted("clean.json", cwd=flows).returncode == 0
    assert linted("clean.json", "error.json", cwd=flows).returncode == 1
    assert linted("warning.json", cwd=flows).returncode == 0
    assert linted("--strict", "warning.json", cwd=flows).returncode == 1
    assert linted("--strict", "clean.json", cwd=flows).returncode == 0


@pytest.mark.parametrize("form", ["human", "json", "github", "sarif"])
def test_every_format_ends_with_the_same_status(flows: Path, form: str) -> None:
    assert linted("--format", form, "clean.json", cwd=flows).returncode == 0
    assert linted("--format", form, "error.json", cwd=flows).returncode == 1
    assert linted("--format", form, "gone.json", cwd=flows).returncode == 2


def test_what_cannot_be_used_is_told_and_the_rest_is_still_linted(flows: Path) -> None:
    (flows / "latin.json").write_bytes('{\n "title": "café"}'.encode("latin-1"))
    (flows / "wide.json").write_bytes(CLEAN.decode().encode("utf-16"))

    done = linted("gone.json", "latin.json", "wide.json", "error.json", cwd=flows)

    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "Error: Cannot read gone.json: No such file or directory.",
        "Error: latin.json is not UTF-8: byte 0xe9 in line 2; save it as UTF-8.",
        "Error: wide.json is UTF-16; save it as UTF-8.",
    ]
    assert b"error.json:6:7" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_is_unusable(flows: Path) -> None:
    (flows / "error.json").chmod(0)

    done = linted("error.json", cwd=flows)

    assert done.returncode == 2
    assert done.stderr.decode() == "Error: Cannot read error.json: Permission denied.\n"


def test_wrong_usage_is_told_and_fails_with_status_2() -> None:
    assert linted().returncode == 2
    assert b"'9.9' is not one of" in linted("--version", "9.9", "-").stderr
    assert linted("--format", "xml", "-").returncode == 2


def test_standard_input_is_linted_under_a_name_of_ones_choice() -> None:
    assert b"--> <stdin>:6:7 at" in linted("-", stdin=ERROR).stdout
    assert b"--> a/b.json:6:7 at" in linted("-", "--stdin-name", "a/b.json", stdin=ERROR).stdout


def test_of_a_folder_every_flow_json_is_linted_in_order_and_nothing_else(tmp_path: Path) -> None:
    files = {
        "b.json": CLEAN,
        "a/z.json": CLEAN,
        "a/A.JSON": CLEAN,
        "broken.json": ERROR[:100],
        "no_screens_yet.json": b'{"version": "7.1", "routing_model": {}}',
        "utf-16.json": CLEAN.decode().encode("utf-16"),
        # Other kinds of JSON, and what is nobody's business.
        "package.json": b'{"name": "bookings", "version": "1.0.0"}',
        "tsconfig.json": b'{ // comments\n "compilerOptions": {}, }',
        "list.json": b'[{"version": "7.1", "screens": []}]',
        "request.json": b'{"name": "a", "flowJson": {"version": "7.1", "screens": []}}',
        "empty.json": b"",
        "a/flow.txt": CLEAN,
        ".hidden/flow.json": CLEAN,
        ".flow.json": CLEAN,
        "node_modules/x/flow.json": CLEAN,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text)
    (tmp_path / "a" / "round").symlink_to(tmp_path, target_is_directory=True)

    done = linted(".", "--format", "json", cwd=tmp_path)

    assert files_of(done) == [
        "a/A.JSON",
        "a/z.json",
        "b.json",
        "broken.json",
        "no_screens_yet.json",
    ]
    assert [each["file"] for each in json.loads(done.stdout)["unusable"]] == ["utf-16.json"]


def test_a_file_is_linted_whatever_its_name_and_kind(tmp_path: Path) -> None:
    (tmp_path / "package.txt").write_bytes(b'{"name": "bookings"}')

    done = linted("package.txt", cwd=tmp_path)

    assert done.returncode == 1
    assert b"package.txt:1:1" in done.stdout


def test_a_folder_without_flow_json_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_bytes(b"{}")

    done = linted(".", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.decode() == (
        "Error: No Flow JSON found in .; pass a file by name to check it anyway.\n"
    )


def test_files_are_told_in_the_order_given_and_each_once(flows: Path) -> None:
    done = linted("warning.json", "./error.json", ".", "--format", "json", cwd=flows)

    assert files_of(done) == ["warning.json", "error.json", "clean.json"]


def test_another_version_can_be_checked_against(flows: Path) -> None:
    (flows / "newer.json").write_bytes(
        CLEAN.replace(
            b'{ "type": "TextHeading", "text": "Good morning" }',
            b'{ "type": "RichText", "text": "Good morning" }',
        )
    )

    assert linted("newer.json", cwd=flows).returncode == 0
    done = linted("newer.json", "--version", "4.0", "--format", "json", cwd=flows)

    assert done.returncode == 1
    assert json.loads(done.stdout)["files"][0]["version"] == "4.0"


def test_annotations_name_files_from_the_root_of_the_repository(flows: Path) -> None:
    below = flows / "below"
    below.mkdir()

    done = linted(
        "../error.json", "--format", "github", cwd=below, GITHUB_WORKSPACE=str(flows.parent)
    )

    assert done.stdout.startswith(f"::error file={flows.name}/error.json,line=6,".encode())


def test_the_sarif_log_names_files_from_the_root_of_the_repository(flows: Path) -> None:
    done = linted("error.json", "--format", "sarif", cwd=flows, GITHUB_WORKSPACE=str(flows.parent))

    [result] = json.loads(done.stdout)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": f"{flows.name}/error.json", "uriBaseId": "%SRCROOT%"}


def test_colours_are_for_terminals_and_for_those_who_want_them(flows: Path) -> None:
    error = str(flows / "error.json")

    assert "\x1b[1;31merror[" in on_terminal("lint", error).raw
    assert "\x1b[" not in on_terminal("lint", error, env={"NO_COLOR": "1"}).raw
    assert b"\x1b[" not in linted(error).stdout


def test_lines_are_cut_to_the_width_of_the_terminal() -> None:
    example = str(_EXAMPLES / "err" / "minified.json")

    seen = on_terminal("lint", example, columns=60, env={"NO_COLOR": "1", "COLUMNS": ""})

    [line] = [line for line in seen.text.splitlines() if line.startswith("1 | ")]
    assert '"required":"yes"' in line
    assert len(line) <= 60


def test_linting_imports_neither_rich_nor_the_server(flows: Path) -> None:
    code = (
        "import sys\nfrom waflows.cli import main\ntry:\n main(['lint', 'error.json'])\n"
        "except SystemExit:\n pass\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", code], cwd=flows, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())

    assert "waflows.flowjson" in loaded
    assert not loaded & {"rich", "starlette", "uvicorn", "httpx2", "sqlite3", "asyncio"}


def test_the_front_door_lints_too() -> None:
    code = "import waflows; print(waflows.lint('{').diagnostics[0].code)"

    done = subprocess.run([COMMAND[0], "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "INVALID_FLOW_JSON\n"


def test_a_reader_that_stops_reading_ends_the_command_in_silence(flows: Path) -> None:
    done = subprocess.run(
        f"{COMMAND[0]} -m waflows lint {' '.join(['error.json', 'warning.json'] * 40)} | true",
        shell=True,
        cwd=flows,
        env=environment(),
        capture_output=True,
        check=False,
    )

    assert done.stderr == b""


def test_the_group_lists_both_commands() -> None:
    listed = run("--help").stdout

    assert "lint " in listed
    assert "explain " in listed


def test_the_guide_shows_what_is_printed(tmp_path: Path) -> None:
    guide = _GUIDE.read_text("utf-8")
    name = "misspelt_property.json"
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / name).write_bytes(ERROR)

    assert linted(name, cwd=tmp_path / "flows").stdout.decode() in guide
    as_json = linted(name, "--format", "json", cwd=tmp_path / "flows")
    assert as_json.stdout.decode() in guide
    assert linted("flows", "--format", "github", cwd=tmp_path).stdout.decode() in guide
    assert linted("--diff", name, cwd=tmp_path / "flows").stdout.decode() in guide


def test_the_guides_task_reads_the_report_as_visual_studio_code_does(flows: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", _GUIDE.read_text("utf-8"), re.DOTALL)
    [task] = [json.loads(block)["tasks"][0] for block in blocks if '"tasks"' in block]
    patterns = task["problemMatcher"]["pattern"]
    first, second = (re.compile(pattern["regexp"]) for pattern in patterns)
    lines = linted("error.json", "warning.json", cwd=flows).stdout.decode().splitlines()

    found = [
        (*told.groups(), *place.groups())
        for told, place in zip(map(first.match, lines), map(second.match, lines[1:]), strict=False)
        if told and place
    ]

    assert found == [
        (
            "error",
            "INVALID_PROPERTY_KEY",
            "Property 'titel' cannot be specified at $root/screens/0.",
            "error.json",
            "6",
            "7",
        ),
        (
            "warning",
            "WAFLOWS_DUPLICATE_KEY",
            "Key 'title' is given more than once.",
            "warning.json",
            "6",
            "7",
        ),
    ]


_FIXABLE = CLEAN.replace(b'"title"', b'"titel"').replace(b'"text"', b'"tetx"')


def test_fix_writes_the_file_and_reports_what_is_left(flows: Path) -> None:
    (flows / "fixable.json").write_bytes(_FIXABLE)

    done = linted("--fix", "fixable.json", "error.json", cwd=flows)

    assert (flows / "fixable.json").read_bytes() == CLEAN
    assert done.stderr.decode().startswith("Fixed ")
    assert done.returncode == (1 if b"error[" in done.stdout else 0)
    assert linted("--fix", "fixable.json", cwd=flows).stderr == b"Fixed nothing.\n"


def test_diff_shows_what_fix_would_do_and_changes_nothing(flows: Path) -> None:
    (flows / "fixable.json").write_bytes(_FIXABLE)

    done = linted("--diff", "fixable.json", cwd=flows)

    assert (flows / "fixable.json").read_bytes() == _FIXABLE
    patched = subprocess.run(
        ["patch", "--quiet", "fixable.json"], cwd=flows, input=done.stdout, check=False
    )
    assert patched.returncode == 0
    assert (flows / "fixable.json").read_bytes() == CLEAN
    assert done.returncode == 1
    clean = linted("--diff", "clean.json", cwd=flows)
    assert (clean.stdout, clean.returncode) == (b"", 0)


def test_standard_input_is_fixed_to_standard_output() -> None:
    done = linted("--fix", "-", stdin=_FIXABLE)

    assert done.stdout == CLEAN
    assert done.stderr.decode().startswith("Fixed ")
    assert done.returncode == 0


def test_fixes_that_make_no_sense_together_are_wrong_usage(flows: Path) -> None:
    assert linted("--unsafe-fixes", "clean.json", cwd=flows).returncode == 2
    assert linted("--fix", "-", "clean.json", cwd=flows).returncode == 2
