"""The wheel works from a fresh environment: commands, server, console and player."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

_FLOW = (
    Path(__file__).resolve().parents[2] / "src" / "waflows" / "samples" / "visitor_feedback.json"
)


def _environment() -> dict[str, str]:
    """Without what leads to the source tree or configures waflows."""
    left_out = ("WAFLOWS_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def _run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(command), *arguments],
        capture_output=True, text=True, timeout=60, check=False, cwd=cwd, env=_environment(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """`waflows dev` of the installed wheel; what it printed."""
    folder = tmp_path_factory.mktemp("data")
    process = subprocess.Popen(
        [str(installed), "dev", "--port", "0", "--json", "--data", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=_environment(),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=40)


@pytest.fixture
def http(server: dict[str, Any]) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server["url"], trust_env=False, timeout=30) as client:
        yield client


def test_the_code_that_runs_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    python = installed.with_name("python")
    done = _run(python, "-c", "import waflows; print(waflows.__file__)", cwd=tmp_path)

    assert Path(done.stdout.strip()).is_relative_to(installed.parents[1])


def test_lint_reads_a_flow(installed: Path, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.json"
    faulty.write_text(_FLOW.read_text("utf-8").replace('"required"', '"requird"'), "utf-8")

    good, bad = (_run(installed, "lint", str(each), cwd=tmp_path) for each in (_FLOW, faulty))

    assert good.returncode == 0, good.stdout + good.stderr
    assert bad.returncode == 1
    assert "INVALID_PROPERTY_KEY" in bad.stdout


def test_play_reaches_every_screen(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, "play", str(_FLOW), "--every-way", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unreached"] == []


def test_dev_answers_the_list_of_flows(server: dict[str, Any], http: httpx2.Client) -> None:
    path = f"/api/v1/accounts/{server['accountId']}/channels/{server['channelId']}/flows"

    answer = http.get(path, headers={"Authorization": f"Bearer {server['apiKey']}"})

    assert answer.status_code == 200
    assert len(answer.json()["flows"]) == 3


@pytest.mark.parametrize("page", ["/console", "/docs"])
def test_a_page_comes_with_its_static_files(http: httpx2.Client, page: str) -> None:
    answer = http.get(page, follow_redirects=True)

    assert answer.status_code == 200
    links = [part.split('"')[0] for part in answer.text.split('="')[1:]]
    files = [link for link in links if link.split("?")[0].endswith((".js", ".css"))]
    assert files
    for file in files:
        assert http.get(file).status_code == 200, file
