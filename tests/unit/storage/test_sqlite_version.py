"""A SQLite library that is too old is refused when a database is opened, in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_WITH_SQLITE = """
import sqlite3
sqlite3.sqlite_version_info = {version}
from waflows.cli import main
main(["db", "upgrade", "--data", {folder!r}])
"""


def _run(folder: Path, version: tuple[int, int, int]) -> subprocess.CompletedProcess[str]:
    program = _WITH_SQLITE.format(version=version, folder=str(folder))
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


def test_sqlite_before_3_35_is_refused_with_both_versions(tmp_path: Path) -> None:
    done = _run(tmp_path, (3, 34, 1))

    assert done.returncode == 2
    assert done.stderr.startswith("Error: waflows needs SQLite 3.35.0 or later")
    assert "this Python has 3.34.1" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_sqlite_3_35_is_taken(tmp_path: Path) -> None:
    done = _run(tmp_path, (3, 35, 0))

    assert "SQLite" not in done.stderr
