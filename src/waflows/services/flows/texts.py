"""A Flow JSON on its way in: that it is JSON text of a bearable size, and what its faults are.

Checking takes time in proportion to the text, so it is done before a transaction is begun;
`services.checking` says where.
"""

from __future__ import annotations

import hashlib
import json
import re

import msgspec

from waflows import json_errors
from waflows.errors import InvalidFlowJson, OutOfRange
from waflows.flowjson import lint, source
from waflows.flowjson.diagnostics import Diagnostic
from waflows.flowjson.spec.objects import MAX_VALUES
from waflows.storage import flows as store
from waflows.storage import packing
from waflows.storage.database import Transaction
from waflows.storage.flows import Checked, Flow
from waflows.storage.packing import Packed

FLOW_JSON_BYTES = 10 * 1024 * 1024

_BYTE_ORDER_MARK = "\ufeff"
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')


class FlowText(msgspec.Struct, frozen=True):
    """A Flow JSON, checked. `version` is what it says of itself, None when it says nothing usable.

    `text` is kept as it was given, a byte order mark included; `bytes` and `sha256` are those of
    its UTF-8.
    """

    text: str
    bytes: int
    sha256: str
    version: str | None
    faults: list[Diagnostic]
    packed: Packed | None
    """The text compressed, where that is shorter: made here, as it takes time too."""


def check_now(text: str) -> FlowText:
    """A Flow JSON with its faults; raises InvalidFlowJson where it is not JSON, OutOfRange."""
    data = encoded(text)
    if source.too_many(text):
        raise OutOfRange(
            f"flowJson holds more than {MAX_VALUES:,} values: objects, arrays and what is in them."
        )
    _require_json(text.removeprefix(_BYTE_ORDER_MARK))
    report = lint(text)
    return FlowText(
        text,
        len(data),
        hashlib.sha256(data).hexdigest(),
        report.version,
        report.diagnostics,
        packing.pack(text),
    )


def encoded(text: str) -> bytes:
    """The UTF-8 of a Flow JSON; raises OutOfRange for more than there may be."""
    data = text.encode("utf-8")
    if len(data) > FLOW_JSON_BYTES:
        raise OutOfRange(
            f"flowJson is {len(data)} bytes long; at most {FLOW_JSON_BYTES} bytes (10 MB)."
        )
    return data


def checked(tx: Transaction, flow: Flow) -> Checked:
    """What is known of the flow's present Flow JSON; nothing wrong where it has none.

    A text from before faults were kept is checked now.
    """
    if flow.revision == 0:
        return Checked(None, [])
    known = store.find_faults(tx, flow.account_id, flow.id, flow.revision)
    if known is not None:
        return known
    text = store.flow_json(tx, flow.account_id, flow.id, flow.revision)
    assert text is not None, "the revision is there"
    now = check_now(text)
    return Checked(now.version, now.faults)


def errors_of(faults: list[Diagnostic]) -> list[Diagnostic]:
    """The faults that keep a flow from being published."""
    return [fault for fault in faults if fault.severity == "error"]


def warnings_of(faults: list[Diagnostic]) -> list[Diagnostic]:
    """The faults that do not."""
    return [fault for fault in faults if fault.severity == "warning"]


def _require_json(text: str) -> None:
    try:
        # Numbers are only looked at: Python would refuse to convert very long ones.
        json.loads(text, parse_constant=_no_constant, parse_int=str, parse_float=str)
    except RecursionError:
        raise InvalidFlowJson("Invalid flowJson: it is nested too deeply.") from None
    except ValueError as error:
        fault = error if isinstance(error, json.JSONDecodeError) else _fault_of_constant(text)
        raise InvalidFlowJson(
            f"Invalid flowJson: it is not JSON text: {json_errors.describe(fault)}."
        ) from None


def _no_constant(word: str) -> None:
    """Refuses NaN and Infinity, which Python's parser would take."""
    raise ValueError(word)


def _fault_of_constant(text: str) -> json.JSONDecodeError:
    """Where the first NaN or Infinity stands that is not in a string."""
    for found in _STRING_OR_CONSTANT.finditer(text):
        if found[1]:
            return json.JSONDecodeError(f"{found[1]} is no JSON value", text, found.start())
    raise AssertionError("only called for a text that has one")
