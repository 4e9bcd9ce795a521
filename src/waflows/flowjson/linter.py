"""Text → document → rules → diagnostics: the one place that runs the rules.

Positions are looked up once, for all faults together, and not at all when there are none.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from waflows.flowjson import document, positions, rules, shape, source, spec
from waflows.flowjson.diagnostics import MOST_FAULTS, Diagnostic, Fault, Pointer
from waflows.flowjson.document import Flow
from waflows.flowjson.spec import versions


class Report(msgspec.Struct, frozen=True):
    """What was found, in the order of the text, and the Flow JSON version it was read by.

    `version` is None when the text is no JSON object. `complete` is false when so many faults were
    found that the search was given up.
    """

    diagnostics: list[Diagnostic]
    version: str | None
    complete: bool = True

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that is more than a warning."""
        return any(found.severity == "error" for found in self.diagnostics)


class Document(msgspec.Struct, frozen=True):
    """A parsed text: the plain value, and the view of its screens when it is a JSON object.

    `readable` is false when the text is not JSON; `value` is then None.
    """

    text: str
    readable: bool
    value: Any
    version: str | None
    flow: Flow | None


def parse(text: str | bytes) -> Document:
    """The document of a text, whatever faults it has. Raises nothing."""
    read = source.read(text)
    if not isinstance(read.value, dict):
        return Document(read.text, read.readable, read.value, None, None)
    version = versions.nearest(read.value.get("version"))
    flow = document.build(read.value, spec.for_version(version))
    return Document(read.text, read.readable, read.value, version, flow)


def lint(text: str | bytes, *, version: str | None = None) -> Report:
    """Every fault of a Flow JSON text, found offline, in the order of their places.

    `version` holds the document against that Flow JSON version, whatever it says itself; one that
    waflows does not know is reported as if the document said it. Raises nothing for any text.
    """
    read = source.read(text)
    faults = [fault for found in read.faults for fault in rules.text_faults(found)]
    used = None
    if read.readable and not isinstance(read.value, dict):
        faults += rules.not_an_object(read.value)
    elif read.readable:
        used = versions.nearest(version or read.value.get("version"))
        flow = document.build(read.value, spec.for_version(used))
        faults += rules.version_faults(flow, version)
        faults += shape.walk(flow, rules.PROPERTY_CHECKS)
        faults += islice(rules.document_faults(flow), MOST_FAULTS)
        faults = [_settled(fault, flow.spec) for fault in faults]
    complete = len(faults) < MOST_FAULTS
    return Report(_diagnostics(read.text, faults[:MOST_FAULTS]), used, complete)


def _settled(fault: Fault, version: spec.Spec) -> Fault:
    """The fault, as a warning where its rule is no more than that in this version."""
    since = rules.RULES[fault.rule].warning_since
    if since is None or not version.since(since):
        return fault
    return msgspec.structs.replace(fault, severity="warning", error_type="FLOW_JSON_WARNING")


def _diagnostics(text: str, faults: list[Fault]) -> list[Diagnostic]:
    if not faults:
        return []
    spans = positions.locate(text, (target for fault in faults for target in fault.targets))
    placed = [
        [(spans[target], target.path) for target in fault.targets]
        + [((start, end), path) for start, end, path in fault.spans]
        for fault in faults
    ]
    lines = positions.Lines(text, (span for places in placed for span, _ in places))
    found = [
        (places[0][0], _diagnostic(fault, tuple(lines.pointer(*place) for place in places)))
        for fault, places in zip(faults, placed, strict=True)
    ]
    found.sort(key=lambda pair: pair[0])
    return [diagnostic for _, diagnostic in found]


def _diagnostic(fault: Fault, pointers: tuple[Pointer, ...]) -> Diagnostic:
    return Diagnostic(
        fault.rule,
        fault.code,
        fault.error_type,
        fault.severity,
        fault.message,
        fault.help,
        pointers,
    )
