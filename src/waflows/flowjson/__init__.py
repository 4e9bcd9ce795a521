"""Flow JSON as a language: reading it with positions, and finding what is wrong with it.

    source, scanner   text → plain values, faults of the text itself
    spec/             the document model as tables, version by version
    expressions/      bindings, backtick expressions, conditions
    document          the view of screens, components and actions that rules work on
    shape             the walk over every property, held against the tables
    family            how rules are registered: what a check is called for, and for which versions
    rules/            what can be wrong; each rule is its own documentation
    linter            runs the rules and turns findings into diagnostics
    fixes             applies the text edits that rules propose
    layout            line breaks and indentation anew, every token as it was
    positions         paths → lines and columns

Pure: no file, network, clock or database. It knows nothing of the rest of the product.
"""

from __future__ import annotations

from waflows.flowjson.diagnostics import Diagnostic, Pointer
from waflows.flowjson.linter import Document, Report, lint, parse
from waflows.flowjson.rule import Example, Rule
from waflows.flowjson.rules import RULES

__all__ = [
    "RULES",
    "Diagnostic",
    "Document",
    "Example",
    "Pointer",
    "Report",
    "Rule",
    "lint",
    "parse",
]
