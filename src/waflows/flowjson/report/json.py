"""The report for programs: an editor, a script, a test.

The shape is described in docs/linting.md and only ever grows.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.flowjson.diagnostics import Diagnostic, place_fields
from waflows.flowjson.report import Checked, Run


def json(run: Run) -> str:
    """Every document with its findings, in the field names of Meta's API where it has them."""
    return as_text(
        {
            "files": [_file(each) for each in run.checked],
            "unusable": [{"file": each.name, "reason": each.reason} for each in run.unusable],
            "errors": run.errors,
            "warnings": run.warnings,
        }
    )


def as_text(value: Any) -> str:
    """Indented JSON with a line break at its end."""
    # No encoder takes lone surrogates, which a file name or a message may hold.
    encoded = msgspec.json.encode(_sound(msgspec.to_builtins(value)))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def _file(checked: Checked) -> dict[str, Any]:
    return {
        "file": checked.name,
        "version": checked.version,
        "complete": checked.complete,
        "diagnostics": [_diagnostic(found) for found in checked.diagnostics],
    }


def _diagnostic(found: Diagnostic) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "code": found.code,
        "error_type": found.error_type,
        "severity": found.severity,
        "message": found.message,
        "help": found.help,
        **place_fields(found),
        "path": found.path,
        "pointers": found.pointers,
        "fix": found.fix,
    }


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _sound(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_sound(inner) for inner in value]
    return value
