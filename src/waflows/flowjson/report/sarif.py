"""The report for code scanning: SARIF 2.1.0, as GitHub and most viewers take it.

Source: the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from waflows.flowjson.diagnostics import Diagnostic, Pointer
from waflows.flowjson.report import Checked, Run, cut_short
from waflows.flowjson.report.json import as_text
from waflows.flowjson.rule import Rule

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"


def sarif(run: Run, rules: Mapping[str, Rule], tool_version: str) -> str:
    """A log with one run. `rules` are all there are; those that were broken are described in it."""
    broken = {found.rule for each in run.checked for found in each.diagnostics}
    indexes = {name: index for index, name in enumerate(sorted(broken))}
    driver = {
        "name": "waflows",
        "version": tool_version,
        "rules": [_rule(rules[name]) for name in indexes],
    }
    results = [
        _result(each, found, indexes[found.rule])
        for each in run.checked
        for found in each.diagnostics
    ]
    invocation = {
        "executionSuccessful": not run.unusable,
        "toolExecutionNotifications": [
            *(_notification("warning", cut_short(each), each.place) for each in run.incomplete),
            *(_notification("error", each.reason, each.place) for each in run.unusable),
        ],
    }
    return as_text(
        {
            "$schema": _SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": driver},
                    "columnKind": "unicodeCodePoints",
                    "invocations": [invocation],
                    "artifacts": [{"location": _artifact(each.place)} for each in run.checked],
                    "results": results,
                }
            ],
        }
    )


def _rule(rule: Rule) -> dict[str, Any]:
    failing = "\n\n".join(f"```json\n{example.text}\n```" for example in rule.failing[:1])
    return {
        "id": rule.id,
        "name": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\n{rule.help}",
            "markdown": f"{rule.why}\n\n{rule.help}\n\nFails:\n\n{failing}",
        },
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["flow-json", rule.code], "problem.severity": rule.severity},
    }


def _result(checked: Checked, found: Diagnostic, index: int) -> dict[str, Any]:
    return {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": found.severity,
        "message": {"text": f"{found.message}\n{found.help}"},
        "locations": [_location(checked, found.pointers[0])],
        "relatedLocations": [
            {"id": number, **_location(checked, pointer)}
            for number, pointer in enumerate(found.pointers[1:], start=1)
        ],
    }


def _location(checked: Checked, pointer: Pointer) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": _artifact(checked.place),
            "region": {
                "startLine": pointer.line_start,
                "startColumn": pointer.column_start,
                "endLine": pointer.line_end,
                # In SARIF the column after the last one.
                "endColumn": pointer.column_end + 1,
            },
        }
    }
    if pointer.path:
        location["logicalLocations"] = [{"fullyQualifiedName": pointer.path, "kind": "value"}]
    return location


def _notification(level: str, text: str, place: str) -> dict[str, Any]:
    return {
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(place)}}],
    }


def _artifact(place: str) -> dict[str, str]:
    path = quote(place.encode("utf-8", "surrogatepass"), safe="/")
    if place.startswith("/"):
        return {"uri": f"file://{path}"}
    return {"uri": path, "uriBaseId": _ROOT}
