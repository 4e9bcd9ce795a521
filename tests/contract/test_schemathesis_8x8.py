"""Schemathesis with 8x8's own document: the server answers as that document says."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.reference_document import completed, flow_document
from contract.schemathesis_run import attack
from harness.servers import Tenant

_BEYOND_THE_SCHEMA = [
    "Flow must be in DRAFT status",
    "Flow is not published",
    "Flow cannot be published",
    "Flow name must be unique in the channel",
    "Invalid flowJson: it is not JSON text",
    "Send flowJson or cloneFlowId, not both.",
    "The body must have at least one of",
    "applicationId must be 1 to 64 letters",
    "categories must name at least one category.",
    "cloneFlowId '",
    "endPointUri must be an absolute http or https address",
    "name must be 1 to 200 characters long",
    "name must be printable text",
]


def test_answers_are_what_8x8_documents(victim: Tenant, tmp_path: Path) -> None:
    _attack(victim, tmp_path, examples=12)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 4))
def test_answers_are_what_8x8_documents_for_long(victim: Tenant, tmp_path: Path, seed: int) -> None:
    _attack(victim, tmp_path, examples=300, seed=seed)


def _attack(victim: Tenant, folder: Path, examples: int, seed: int | None = None) -> None:
    document = completed(flow_document(victim.url))
    attack(
        folder, victim, document,
        beyond_the_schema=_BEYOND_THE_SCHEMA, examples=examples, seed=seed,
    )  # fmt: skip
