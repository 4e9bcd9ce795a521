"""The examples of docs/client.md run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness.servers import Tenant, environment

DOCUMENT = Path(__file__).parents[3] / "docs" / "client.md"
EXAMPLES = re.findall(r"(?ms)^```python\n(.*?)^```", DOCUMENT.read_text("utf-8"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(server: Tenant, example: str) -> None:
    variables = {
        "WAFLOWS_URL": server.url,
        "WAFLOWS_ACCOUNT": server.account_id,
        "WAFLOWS_CHANNEL": server.channel_id,
        "WAFLOWS_KEY": server.api_key,
    }
    server.create("Draft", flowJson="{}")

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout
