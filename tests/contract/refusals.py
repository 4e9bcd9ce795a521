"""Refused requests: what they were answered, and what is kept of them."""

from __future__ import annotations

import json
import time
from typing import Any

from contract.envelope import faults_of
from contract.raw_http import Answer
from harness.servers import Tenant, opened

from waflows.errors import NotFound
from waflows.services.accounts import error_log
from waflows.storage.error_records import ErrorRecord
from waflows.storage.side import opened_side


def enveloped(answer: Any, status: int, code: int) -> dict[str, Any]:
    """The envelope of an answer, once it is known to be one."""
    content = answer.body if isinstance(answer, Answer) else answer.content
    body = json.loads(content)
    assert faults_of(answer.headers, body) == []
    given = answer.status if isinstance(answer, Answer) else answer.status_code
    assert (given, body["code"]) == (status, code), body["message"]
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["x-request-id"]
    return dict(body)


def kept(tenant: Tenant, error_id: str) -> ErrorRecord:
    """An error as it stands in the database, of whichever account; waits for it a while."""
    with opened(tenant.database_url) as db, opened_side(db) as side:
        for _ in range(50):
            try:
                return side.read_now(error_log.find_any, error_id)
            except NotFound:
                time.sleep(0.05)
        return side.read_now(error_log.find_any, error_id)


def bearer(tenant: Tenant) -> str:
    return f"Authorization: Bearer {tenant.api_key}"


def assert_known(tenant: Tenant, error: dict[str, Any], status: int) -> None:
    """An error stands in the log and in the database, as it was answered."""
    line = tenant.process.log_line(error_id=error["errorId"])
    assert (line["event"], line["status"], line["code"]) == ("request", status, error["code"])
    record = kept(tenant, error["errorId"])
    assert record.status == status
    assert record.message == error["message"]
    assert record.timestamp == error["timestamp"]
    assert record.client == "127.0.0.1"
