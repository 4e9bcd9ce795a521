"""Linted documents for the tests of reports."""

from __future__ import annotations

from waflows.flowjson import Diagnostic, Pointer, lint
from waflows.flowjson.report import Checked, Run

HERE = Pointer(1, 1, 1, 2, "")
VERSION_TWICE = '{\n  "version": "7.1", "version": "7.2",\n  "screens": []}'


def checked(text: str, name: str = "flows/a.json") -> Checked:
    """A document with what the linter finds in it."""
    report = lint(text)
    return Checked(
        name=name, place=name, text=text, version=report.version, diagnostics=report.diagnostics
    )


def with_fault(message: str, *pointers: Pointer, name: str = "a.json") -> Run:
    """A run over one document that has this fault."""
    found = Diagnostic(
        rule="json-syntax",
        code="INVALID_FLOW_JSON",
        error_type="FLOW_JSON_ERROR",
        severity="error",
        message=message,
        help="Mend it.",
        pointers=pointers,
    )
    return Run((Checked(name=name, place=name, text="{}", version="7.1", diagnostics=[found]),))
