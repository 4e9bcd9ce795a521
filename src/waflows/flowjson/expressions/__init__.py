"""The little language inside Flow JSON strings: bindings, backtick expressions, conditions.

`classify` says what a string is, `parse` makes its tree, `typing` says what type it has. The tree
(`tree`) is what a runtime evaluates.
"""

from __future__ import annotations

from waflows.flowjson.expressions.parser import classify, parse
from waflows.flowjson.expressions.tree import (
    Binary,
    Concatenation,
    Expression,
    Kind,
    Literal,
    Node,
    Problem,
    Reference,
    Unary,
)

__all__ = [
    "Binary",
    "Concatenation",
    "Expression",
    "Kind",
    "Literal",
    "Node",
    "Problem",
    "Reference",
    "Unary",
    "classify",
    "parse",
]
