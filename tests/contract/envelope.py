"""What every response of 400 and above must look like."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00")


def faults_of(headers: Mapping[str, str], body: Any) -> list[str]:
    """Where a decoded error response is not the envelope."""
    if headers.get("content-type") != "application/json":
        return [f"Content-Type is {headers.get('content-type')!r}"]
    if not isinstance(body, dict) or set(body) != {"code", "message", "errorId", "timestamp"}:
        return [f"not the four fields of the envelope: {body!r}"]
    faults = []
    if type(body["code"]) is not int or body["code"] < 400:
        faults.append(f"code is {body['code']!r}")
    if not isinstance(body["message"], str) or not body["message"].strip():
        faults.append(f"message is {body['message']!r}")
    if str(uuid.UUID(body["errorId"])) != body["errorId"]:
        faults.append(f"errorId is {body['errorId']!r}")
    if not TIMESTAMP.fullmatch(body["timestamp"]):
        faults.append(f"timestamp is {body['timestamp']!r}")
    return faults
