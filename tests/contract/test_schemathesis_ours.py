"""Schemathesis with the server's own document: the server keeps what it says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from contract.schemathesis_run import attack
from harness.servers import Tenant

_BEYOND_THE_SCHEMA = [
    "Flow must be in DRAFT status",
    "Flow is not published",
    "Flow cannot be published: it has no Flow JSON",
    "Flow name must be unique in the channel",
    "Invalid flowJson: it is not JSON text",
    "Send flowJson or cloneFlowId, not both.",
    "The body must have at least one of",
    "after must be the cursor from the Link header",
    "cloneFlowId '",
    "endPointUri must be an absolute http or https address",
    "name must be printable text",
]


def test_answers_are_what_the_server_documents(victim: Tenant, tmp_path: Path) -> None:
    _attack(victim, tmp_path, examples=10)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 4))
def test_answers_are_what_the_server_documents_for_long(
    victim: Tenant, tmp_path: Path, seed: int
) -> None:
    _attack(victim, tmp_path, examples=200, seed=seed)


def _attack(victim: Tenant, folder: Path, examples: int, seed: int | None = None) -> None:
    document = victim.http.get("/openapi.json").json()
    flow_id = victim.create("Linked", flowJson='{"version": "7.3", "screens": []}')
    link = victim.http.get(f"{victim.flows}/{flow_id}").json()["flowJsonUrl"]
    token = parse_qs(urlsplit(link).query)["token"][0]
    error_id = victim.http.get(f"{victim.flows}/0").json()["errorId"]
    attack(
        folder, victim, document,
        beyond_the_schema=_BEYOND_THE_SCHEMA, examples=examples, seed=seed,
        more=f"""
"path.errorId" = {{ dictionary = "errors", probability = 0.8 }}
"path.revision" = {{ dictionary = "revisions", probability = 0.5 }}

[dictionaries.errors]
values = {json.dumps([error_id])}

[dictionaries.revisions]
values = ["1", "2"]

[dictionaries.tokens]
values = {json.dumps([token])}

[[operations]]
include-operation-id = "downloadFlowJson"
parameters = {{ "path.flowId" = "{flow_id}", "query.token" = {{ dictionary = "tokens" }} }}
""",
    )  # fmt: skip
