"""The example that goes the whole loop, run as its reader would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness.servers import environment

_ROOT = Path(__file__).resolve().parents[3]


def test_the_example_goes_the_whole_loop() -> None:
    done = subprocess.run(
        [sys.executable, str(_ROOT / "examples" / "whole_loop.py")],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "• The loop is closed."
    assert "booking,otherFields" in done.stdout
    assert done.stderr == ""
