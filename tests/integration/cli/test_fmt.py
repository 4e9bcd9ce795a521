"""`waflows fmt` as authors and their CI run it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness.servers import COMMAND, environment

LAID_OUT = b'{\n  "version": "7.3",\n  "screens": []\n}\n'
ON_ONE_LINE = b'{"version":"7.3","screens":[]}'


def formatted(*arguments: str, cwd: Path | None = None, stdin: bytes = b"") -> Any:
    return subprocess.run(
        [*COMMAND, "fmt", *arguments],
        env=environment(),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A folder with a file that is laid out, one that is not, and one of another kind."""
    (tmp_path / "long.json").write_bytes(ON_ONE_LINE)
    (tmp_path / "neat.json").write_bytes(LAID_OUT)
    (tmp_path / "package.json").write_bytes(b'{"name":"bookings"}')
    return tmp_path


def test_files_are_laid_out_in_place_and_keep_their_mode(flows: Path) -> None:
    (flows / "long.json").chmod(0o640)

    done = formatted(".", cwd=flows)

    assert done.stdout.decode() == (
        "Laid out long.json\n1 file laid out, 1 file is laid out already.\n"
    )
    assert done.returncode == 0
    assert (flows / "long.json").read_bytes() == LAID_OUT
    assert (flows / "long.json").stat().st_mode & 0o777 == 0o640
    assert (flows / "package.json").read_bytes() == b'{"name":"bookings"}'
    assert len(list(flows.iterdir())) == 3


def test_a_link_stays_a_link(flows: Path) -> None:
    (flows / "link.json").symlink_to("long.json")

    assert formatted("link.json", cwd=flows).returncode == 0

    assert (flows / "link.json").is_symlink()
    assert (flows / "long.json").read_bytes() == LAID_OUT


def test_check_names_the_files_and_changes_none(flows: Path) -> None:
    done = formatted(".", "--check", cwd=flows)

    assert done.stdout.decode() == (
        "Would lay out long.json\n1 file would be laid out, 1 file is laid out already.\n"
    )
    assert done.returncode == 1
    assert (flows / "long.json").read_bytes() == ON_ONE_LINE
    assert formatted("neat.json", "--check", cwd=flows).returncode == 0


def test_a_file_that_is_not_json_is_refused_with_its_place_and_left_alone(flows: Path) -> None:
    (flows / "broken.json").write_bytes(b'{\n  "version": "7.3"\n  "screens": []\n}')

    done = formatted("broken.json", "gone.json", "long.json", cwd=flows)

    first, second = done.stderr.decode().splitlines()
    assert first == "Error: broken.json:2:18: Not JSON. A comma is missing after this."
    assert second == "Error: Cannot read gone.json: No such file or directory."
    assert done.returncode == 2
    assert (flows / "broken.json").read_bytes() == b'{\n  "version": "7.3"\n  "screens": []\n}'
    assert (flows / "long.json").read_bytes() == LAID_OUT


def test_standard_input_is_laid_out_to_standard_output() -> None:
    done = formatted("-", stdin=ON_ONE_LINE)

    assert (done.stdout, done.stderr, done.returncode) == (LAID_OUT, b"", 0)
    assert formatted("-", "--check", stdin=ON_ONE_LINE).returncode == 1
    assert formatted("-", stdin=b"[").stderr.startswith(b"Error: <stdin>:1:1: Not JSON. ")
