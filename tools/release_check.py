"""Checks that a release holds together: `make release-check`. See docs/releasing.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
_HEADING = re.compile(r"^## (\d+\.\d+\.\d+) — (unreleased|\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_URLS = {"Source", "Changelog"}
_STATIC = ("console.js", "console.css", "editor.js", "phone.js", "preview.js", "docs.js")


def main() -> None:
    """Builds the release and runs every check; exits with 1 at the first that fails."""
    unreleased = "--unreleased" in sys.argv[1:]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    try:
        check_changelog(project["version"], (ROOT / "CHANGELOG.md").read_text("utf-8"), unreleased)
        if not unreleased:
            check_urls(project)
        wheel, archive = build()
        check_contents(wheel, archive)
        run("-m", "twine", "check", "--strict", wheel, archive)
        os.environ["WAFLOWS_TEST_WHEEL"] = str(wheel)
        run("-m", "pytest", "-q", ROOT / "tests" / "wheel")
    except (Refused, subprocess.CalledProcessError) as error:
        sys.exit(f"Not ready for release: {error}")
    print(f"waflows {project['version']} is ready: {wheel.name}, {archive.name}")


class Refused(Exception):
    """What is wrong with the release, in a sentence."""


def check_changelog(version: str, changelog: str, unreleased: bool) -> None:
    """The newest heading of the changelog is this version, with its day."""
    found = _HEADING.search(changelog)
    if found is None or found[1] != version:
        raise Refused(f"the first heading of CHANGELOG.md is not '## {version} — …'.")
    if found[2] == "unreleased" and not unreleased:
        raise Refused(f"CHANGELOG.md calls {version} unreleased; set the day of the release.")


def check_urls(project: dict[str, Any]) -> None:
    """The addresses that a published release needs are there."""
    missing = _URLS - project.get("urls", {}).keys()
    if missing:
        raise Refused(f"[project.urls] in pyproject.toml has no {', '.join(sorted(missing))}.")


def build() -> tuple[Path, Path]:
    """The wheel and the source archive, built afresh into dist/."""
    shutil.rmtree(DIST, ignore_errors=True)
    run("-m", "uv", "build", "--quiet", "--no-build-isolation", cwd=ROOT)
    (wheel,) = DIST.glob("*.whl")
    (archive,) = DIST.glob("*.tar.gz")
    return wheel, archive


def check_contents(wheel: Path, archive: Path) -> None:
    """Both hold the licence and the static files of the pages, and nothing of the workplace."""
    for file, names in ((wheel, _wheel_names(wheel)), (archive, _archive_names(archive))):
        for static in _STATIC:
            if not any(name.endswith(f"waflows/console/static/{static}") for name in names):
                raise Refused(f"{file.name} lacks the static file {static}.")
        if not any(name.endswith("LICENSE") for name in names):
            raise Refused(f"{file.name} lacks the licence.")
        for name in names:
            if "node_modules" in name or "__pycache__" in name or "/.venv/" in name:
                raise Refused(f"{file.name} holds {name}.")


def _wheel_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


def _archive_names(archive: Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return opened.getnames()


def run(*arguments: str | Path, cwd: Path | None = None) -> None:
    """Runs Python with these arguments; a failure ends the check."""
    subprocess.run([sys.executable, *map(str, arguments)], check=True, cwd=cwd)


if __name__ == "__main__":
    main()
