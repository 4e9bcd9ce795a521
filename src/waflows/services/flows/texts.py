"""Checks an uploaded Flow JSON: its size, that it is JSON, and the findings in it.

Checking takes time in proportion to the text, so it is done before a transaction begins;
`services.flows.checking` decides where.
"""

from __future__ import annotations

import hashlib
import json

import msgspec

from waflows import json_errors
from waflows.errors import InvalidFlowJson, OutOfRange
from waflows.flowjson import source
from waflows.flowjson.diagnostics import Diagnostic
from waflows.flowjson.linter import lint_source
from waflows.flowjson.scanner import TextFault
from waflows.flowjson.source import Source
from waflows.flowjson.spec.objects import MAX_VALUES
from waflows.storage import flows as store
from waflows.storage import packing
from waflows.storage.database import Transaction
from waflows.storage.flows import Checked, Flow, StoredText

FLOW_JSON_BYTES = 10 * 1024 * 1024

_ENDPOINT = "data_api_version"
"""The property by which a Flow JSON has a data endpoint."""


class FlowText(msgspec.Struct, frozen=True, kw_only=True):
    """A Flow JSON that was checked, with all that is stored of it.

    `stored` is the text as it was given, a byte order mark included; compressing it takes time, so
    it is done with the check. `bytes` and `sha256` are those of its UTF-8.
    """

    stored: StoredText
    bytes: int
    sha256: str
    checked: Checked


def check_now(text: str) -> FlowText:
    """Checks a Flow JSON; raises InvalidFlowJson for a text that is not JSON, OutOfRange."""
    data = encoded(text)
    read = source.read(text)
    _require_json(read)
    report = lint_source(read)
    return FlowText(
        stored=_stored(text),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        checked=Checked(report.version, report.diagnostics, _names_endpoint(read)),
    )


def encoded(text: str) -> bytes:
    """A Flow JSON as UTF-8; raises OutOfRange for one that is too long."""
    data = text.encode("utf-8")
    if len(data) > FLOW_JSON_BYTES:
        raise OutOfRange(
            f"flowJson is {len(data)} bytes long; at most {FLOW_JSON_BYTES} bytes (10 MB)."
        )
    return data


def checked(tx: Transaction, flow: Flow) -> Checked:
    """What is known about the flow's present Flow JSON; no findings if it has none.

    A text stored before findings were stored is checked now.
    """
    if flow.revision == 0:
        return Checked(None, [], has_endpoint=False)
    known = store.find_checked(tx, flow.account_id, flow.id, flow.revision)
    return known or check_now(_text_of(tx, flow)).checked


def checked_completely(tx: Transaction, flow: Flow) -> Checked:
    """`checked`, with what older versions did not store; reads the text for that."""
    known = checked(tx, flow)
    if known.has_endpoint is not None:
        return known
    text = _text_of(tx, flow)
    # Reading it may take long; where it has an escape, any letter may be spelled by its number.
    possible = _ENDPOINT in text or "\\u" in text
    has_endpoint = possible and _names_endpoint(source.read(text))
    return msgspec.structs.replace(known, has_endpoint=has_endpoint)


def keep_checked(tx: Transaction, flow: Flow, found: Checked) -> None:
    """Stores what was found in the flow's present Flow JSON."""
    store.set_checked(tx, flow.account_id, flow.id, flow.revision, found)


def errors_of(findings: list[Diagnostic]) -> list[Diagnostic]:
    """The findings that prevent a flow from being published."""
    return [each for each in findings if each.severity == "error"]


def warnings_of(findings: list[Diagnostic]) -> list[Diagnostic]:
    """The findings that do not."""
    return [each for each in findings if each.severity == "warning"]


def _text_of(tx: Transaction, flow: Flow) -> str:
    text = store.flow_json(tx, flow.account_id, flow.id, flow.revision)
    assert text is not None, "the revision is there"
    return text


def _stored(text: str) -> StoredText:
    packed = packing.pack(text)
    return StoredText(text if packed is None else "", packed)


def _names_endpoint(read: Source) -> bool:
    return isinstance(read.value, dict) and _ENDPOINT in read.value


def _require_json(read: Source) -> None:
    """Raises InvalidFlowJson for a text that is not JSON, OutOfRange for one with too many values.

    Only a text with faults is parsed again, for error messages that are the same on every version
    of Python; with some faults, such as a duplicate key, it is still JSON.
    """
    if not read.faults:
        return
    if read.faults[0].kind == "too-many-values":
        raise OutOfRange(
            f"flowJson holds more than {MAX_VALUES:,} values: objects, arrays and what is in them."
        )
    try:
        # Numbers are only looked at: Python would refuse to convert very long ones.
        json.loads(read.text, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except RecursionError:
        raise InvalidFlowJson("Invalid flowJson: it is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise _not_json(json_errors.describe(error)) from None
    except _Constant as constant:
        raise _not_json(_described(constant.word, read.text, read.faults)) from None


class _Constant(Exception):
    """NaN or Infinity, which Python's parser would accept."""

    def __init__(self, word: str) -> None:
        self.word = word


def _refuse_constant(word: str) -> None:
    raise _Constant(word)


def _described(word: str, text: str, faults: tuple[TextFault, ...]) -> str:
    """The first NaN or Infinity, with its place unless the text is nested too deeply before it."""
    problem = f"{word} is not a JSON value"
    start = next((fault.places[0][0] for fault in faults if fault.kind == "constant"), None)
    if start is None:
        return problem
    return json_errors.describe(json.JSONDecodeError(problem, text, start))


def _not_json(problem: str) -> InvalidFlowJson:
    return InvalidFlowJson(f"Invalid flowJson: it is not JSON text: {problem}.")
