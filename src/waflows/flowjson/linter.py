"""Text → document → rules → diagnostics: the one place that runs the rules.

The search ends with the finding that is one too many (`MOST_FAULTS`), so a document with very many
costs no more than one with some. It goes through the text, the version, the document's own
properties, then screen by screen in their order, and last through what concerns several screens:
what is found first is kept, and reported in the order of the text.

Positions are looked up once, for all findings together, and not at all when there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from waflows.flowjson import document, positions, rules, shape, source, spec
from waflows.flowjson.diagnostics import (
    MOST_FAULTS,
    Diagnostic,
    Edit,
    Finding,
    Fix,
    Pointer,
    Replacement,
    Target,
)
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.spec import versions


class Report(msgspec.Struct, frozen=True):
    """What was found, in the order of the text, and the Flow JSON version it was read by.

    `version` is None when the text is not a JSON object. `complete` is false when there are more
    findings than `MOST_FAULTS`: the search ended there.
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
    flow: FlowStructure | None


def parse(text: str | bytes) -> Document:
    """The document of a text, whatever findings it has. Raises nothing."""
    read = source.read(text)
    if not isinstance(read.value, dict):
        return Document(read.text, read.readable, read.value, None, None)
    version = versions.nearest(read.value.get("version"))
    flow = document.build(read.value, spec.for_version(version))
    return Document(read.text, read.readable, read.value, version, flow)


def lint(text: str | bytes, *, version: str | None = None) -> Report:
    """Every finding of a Flow JSON text, found offline, in the order of their places.

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


def _faults(
    read: source.Source, flow: FlowStructure | None, version: str | None
) -> Iterator[Finding]:
    """Everything there is to find, in the order in which it is looked for."""
    for text_finding in read.faults:
        yield from rules.text_findings(text_finding)
    if flow is None:
        if read.readable:
            yield from rules.not_an_object(read.value)
        return
    sound = True
    for finding in _document_findings(flow, version):
        settled = _settled(finding, flow.spec)
        sound = sound and settled.severity != "error"
        yield settled
    if sound:
        yield from rules.dispatch(flow.spec.version).sound_findings(flow)


def _document_findings(flow: FlowStructure, version: str | None) -> Iterator[Finding]:
    wrapper = list(rules.wrapper_findings(flow.value))
    if wrapper:
        yield from wrapper
        return
    yield from rules.version_findings(flow, version)
    checks = rules.dispatch(flow.spec.version)
    walker = shape.Walker(flow, checks.places)
    yield from walker.flow_findings()
    for screen in flow.screens:
        yield from walker.screen_findings(screen)
        yield from checks.screen_findings(screen)
    yield from checks.flow_findings(flow)


def _settled(finding: Finding, version: spec.Spec) -> Finding:
    """The finding, as a warning where its rule is no more than that in this version."""
    rule = rules.RULES[finding.rule]
    since, until = rule.warning_since, rule.warning_until
    lifted = since is not None and version.since(since)
    if not lifted and (until is None or version.since(until)):
        return finding
    return msgspec.structs.replace(finding, severity="warning", error_type="FLOW_JSON_WARNING")


def _diagnostics(text: str, findings: list[Finding]) -> list[Diagnostic]:
    if not findings:
        return []
    spans = positions.locate(text, (target for finding in findings for target in _targets(finding)))
    placed = [
        [(spans[target], target.path) for target in finding.targets]
        + [((start, end), path) for start, end, path in finding.spans]
        for finding in findings
    ]
    lines = positions.Lines(text, (span for places in placed for span, _ in places))
    found = [
        (
            places[0][0],
            _diagnostic(
                finding,
                tuple(lines.pointer(*place) for place in places),
                _fix(finding, places[0][0], spans),
            ),
        )
        for finding, places in zip(findings, placed, strict=True)
    ]
    found.sort(key=lambda pair: pair[0])
    return [diagnostic for _, diagnostic in found]


def _targets(finding: Finding) -> Iterator[Target]:
    yield from finding.targets
    if isinstance(finding.fix, Replacement) and finding.fix.after is not None:
        yield finding.fix.after


def _fix(
    finding: Finding, first: positions.Span, spans: dict[Target, positions.Span]
) -> Fix | None:
    """The finding's fix as edits; `first` is where its first target stands."""
    if not isinstance(finding.fix, Replacement):
        return finding.fix
    start, end = first
    if finding.fix.after is not None:
        start = end = spans[finding.fix.after][1]
    return Fix((Edit(start, end, finding.fix.text),), finding.fix.safety)


def _diagnostic(finding: Finding, pointers: tuple[Pointer, ...], fix: Fix | None) -> Diagnostic:
    return Diagnostic(
        rule=finding.rule,
        code=finding.code,
        error_type=finding.error_type,
        severity=finding.severity,
        message=finding.message,
        help=finding.help,
        pointers=pointers,
        fix=fix,
    )
