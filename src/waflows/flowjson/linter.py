"""Text → document → rules → diagnostics: the one place that runs the rules.

The search ends with the fault that is one too many (`MOST_FAULTS`), so a document with very many
costs no more than one with some. It goes through the text, the version, the document's own
properties, then screen by screen in their order, and last through what concerns several screens:
what is found first is kept, and reported in the order of the text.

Positions are looked up once, for all faults together, and not at all when there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from waflows.flowjson import document, positions, rules, shape, source, spec
from waflows.flowjson.diagnostics import MOST_FAULTS, Diagnostic, Fault, Pointer
from waflows.flowjson.document import Flow
from waflows.flowjson.spec import versions


class Report(msgspec.Struct, frozen=True):
    """What was found, in the order of the text, and the Flow JSON version it was read by.

    `version` is None when the text is no JSON object. `complete` is false when there are more
    faults than `MOST_FAULTS`: the search ended there.
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
    return lint_source(source.read(text), version=version)


def lint_source(read: source.Source, *, version: str | None = None) -> Report:
    """`lint` for a text that has been read already."""
    used = None
    flow = None
    if isinstance(read.value, dict):
        used = versions.nearest(version or read.value.get("version"))
        flow = document.build(read.value, spec.for_version(used))
    found = list(islice(_faults(read, flow, version), MOST_FAULTS + 1))
    complete = len(found) <= MOST_FAULTS
    return Report(_diagnostics(read.text, found[:MOST_FAULTS]), used, complete)


def _faults(read: source.Source, flow: Flow | None, version: str | None) -> Iterator[Fault]:
    """Everything there is to find, in the order in which it is looked for."""
    for text_fault in read.faults:
        yield from rules.text_faults(text_fault)
    if flow is None:
        if read.readable:
            yield from rules.not_an_object(read.value)
        return
    for fault in _document_faults(flow, version):
        yield _settled(fault, flow.spec)


def _document_faults(flow: Flow, version: str | None) -> Iterator[Fault]:
    yield from rules.version_faults(flow, version)
    checks = rules.dispatch(flow.spec.version)
    walker = shape.Walker(flow, checks.places)
    yield from walker.flow_faults()
    for screen in flow.screens:
        yield from walker.screen_faults(screen)
        yield from checks.screen_faults(screen)
    yield from checks.flow_faults(flow)


def _settled(fault: Fault, version: spec.Spec) -> Fault:
    """The fault, as a warning where its rule is no more than that in this version."""
    rule = rules.RULES[fault.rule]
    since, until = rule.warning_since, rule.warning_until
    lifted = since is not None and version.since(since)
    if not lifted and (until is None or version.since(until)):
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
