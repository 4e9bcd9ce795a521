"""Checks the sources of the pages and the workflows: `make lint-web`.

Biome checks style and common mistakes, Node.js runs the tests of the modules that need no browser,
and actionlint reads the workflows of GitHub Actions.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from build import WEB, find_npm

_WORKFLOWS = WEB.parent / ".github" / "workflows"


def main() -> None:
    """Runs every check; the first that fails ends it."""
    npm = find_npm()
    if not (WEB / "node_modules" / "@biomejs").is_dir():
        _run([*npm, "ci", "--no-progress", "--loglevel=error"])
    execute = [*npm, "exec", "--"]
    if "--fix" in sys.argv[1:]:
        _run([*execute, "biome", "check", "--write"])
        return
    _run([*execute, "biome", "ci", "--error-on-warnings"])
    _run([*execute, "node", "--test", *_sorted(WEB / "tests", "*.test.js")])
    _run([*execute, "node", "actionlint.mjs", *_sorted(_WORKFLOWS, "*.yml")])


def _sorted(folder: Path, pattern: str) -> list[str]:
    return [str(file) for file in sorted(folder.glob(pattern))]


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=WEB, check=True)


if __name__ == "__main__":
    main()
