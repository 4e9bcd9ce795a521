"""Running schemathesis as its users do: its command line, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.flow_json import VALID
from harness.servers import Tenant

_TESTS = Path(__file__).resolve().parents[1]


def attack(
    folder: Path,
    tenant: Tenant,
    document: dict[str, Any],
    *,
    beyond_the_schema: Sequence[str],
    examples: int,
    seed: int | None = None,
    more: str = "",
) -> None:
    """Lets schemathesis loose on a server of the test's own.

    It does the same every time, or what a seed leads to. It tries right and wrong data, in single
    requests and in sequences, with the tenant's account, channel and key, and mostly with ids of
    flows that are there. `more` is further configuration.
    """
    flows = [tenant.create(f"Draft {n}", flowJson=VALID) for n in range(20)]
    flows += [tenant.create(f"Final {n}", flowJson=VALID, publish=True) for n in range(10)]
    (folder / "document.json").write_text(json.dumps(document), "utf-8")
    (folder / "schemathesis.toml").write_text(
        f"""
hooks = "contract.schemathesis_hooks"
base-url = "{tenant.url}"
headers = {{ Authorization = "Bearer {tenant.api_key}" }}
continue-on-failure = true
warnings = false

# What is too long is refused as well: a body by 413, an address by 431.
[checks]
negative_data_rejection.expected-statuses = [
  400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, 431, "5xx",
]

[generation]
max-examples = {examples}
deterministic = {json.dumps(seed is None)}
database = "none"

[dictionaries]
flows = {{ values = {json.dumps(flows)} }}

[parameters]
"path.accountId" = "{tenant.account_id}"
"path.channelId" = "{tenant.channel_id}"
"path.flowId" = {{ dictionary = "flows", probability = 0.8 }}
{more}
""",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml",
         "run", *([] if seed is None else ["--seed", str(seed)]), "document.json"],
        cwd=folder, capture_output=True, text=True, timeout=1800, check=False,
        env=os.environ | {
            "BEYOND_THE_SCHEMA": json.dumps(list(beyond_the_schema)),
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "PYTHONPATH": os.pathsep.join([str(_TESTS), os.environ.get("PYTHONPATH", "")]),
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    _assert_log_is_clean(tenant)


def _assert_log_is_clean(tenant: Tenant) -> None:
    """Whatever schemathesis made of the answers, the server itself saw no fault of its own."""
    lines = tenant.process.log_lines()
    assert len(lines) > 200, "schemathesis asked for hardly anything"
    faults = [line for line in lines if line["level"] not in {"info", "warning"}]
    assert not faults, faults
