"""A fresh environment with the built wheel and nothing of the source tree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that WAFLOWS_TEST_WHEEL leads to, a file or its folder, or one built now."""
    if named := os.environ.get("WAFLOWS_TEST_WHEEL"):
        path = Path(named).resolve()
        return next(path.glob("*.whl")) if path.is_dir() else path
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--no-build-isolation",
         "--out-dir", folder, _ROOT)  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `waflows` command of a fresh environment with the wheel and what is locked for it."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    uv: list[str | Path] = [sys.executable, "-m", "uv"]
    _run(*uv, "venv", "--quiet", "--python", sys.executable, folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    install = [*uv, "pip", "install", "--quiet", "--python", scripts / "python"]
    _run(*install, "--require-hashes", "--requirement", _ROOT / "requirements.lock")
    _run(*install, "--no-deps", wheel)
    return scripts / "waflows"


def _run(*arguments: str | Path) -> None:
    done = subprocess.run(
        [*map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
