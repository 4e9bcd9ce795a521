"""What type an expression has, and where its operands do not go together.

Types are those of a data model: string, number, boolean, object, array; None is "unknown",
which goes with everything, so that one fault is not reported twice.
"""

from __future__ import annotations

from collections.abc import Callable

from waflows.flowjson.expressions.tree import (
    Binary,
    Concatenation,
    Literal,
    Node,
    Problem,
    Reference,
    Span,
    Unary,
)

_ARITHMETIC = {"+", "-", "*", "/", "%"}
Resolve = Callable[[Reference], str | None]

_RESULTS = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "&&", "||", "!"), "boolean"),
    **dict.fromkeys(("+", "-", "*", "/", "%"), "number"),
}
_OPERANDS = {
    **dict.fromkeys(("<", "<=", ">", ">=", "+", "-", "*", "/", "%"), "number"),
    **dict.fromkeys(("&&", "||", "!"), "boolean"),
}


def type_of(node: Node, resolve: Resolve) -> str | None:
    """The type an expression gives, taking its operands to be right."""
    if isinstance(node, Reference):
        return resolve(node)
    if isinstance(node, Literal):
        return _literal_type(node)
    if isinstance(node, Concatenation):
        return "string"
    return _RESULTS[node.operator]


def check(node: Node, text: str, resolve: Resolve) -> Problem | None:
    """The first place, from the left, where an operator does not take what stands beside it."""
    if isinstance(node, Concatenation):
        found = (check(part, text, resolve) for part in node.parts)
        return next((problem for problem in found if problem is not None), None)
    if isinstance(node, Unary):
        inner = check(node.operand, text, resolve)
        if inner is None and not _takes(node.operator, node.operand, resolve):
            at = (node.span[0], node.span[0] + 1)
            return _misplaced(node.operator, at, node.operand, text)
        return inner
    if isinstance(node, Binary):
        left = check(node.left, text, resolve)
        return left or check(node.right, text, resolve) or _binary(node, text, resolve)
    return None


def _binary(node: Binary, text: str, resolve: Resolve) -> Problem | None:
    left, right = node.left, node.right
    col = node.at[0]
    both = isinstance(left, Literal) and isinstance(right, Literal)
    if both and node.operator not in _ARITHMETIC:
        return Problem("literals", node.span, {"col": col})
    if node.operator in {"==", "!="}:
        types = {type_of(left, resolve), type_of(right, resolve)} - {None}
        if len(types) > 1:
            first, second = shown(left, text), shown(right, text)
            words = {"firstValue": first, "secondValue": second, "col": col}
            return Problem("mismatch", node.span, words)
        return None
    if not _takes(node.operator, left, resolve):
        words = {"operator": node.operator, "operand": shown(left, text), "col": col}
        return Problem("after", node.at, words)
    if not _takes(node.operator, right, resolve):
        return _misplaced(node.operator, node.at, right, text)
    return None


def shown(node: Node, text: str) -> str:
    """An operand as messages quote it: as written, a string without its own quotes."""
    written = text[node.span[0] : node.span[1]]
    if isinstance(node, Literal) and isinstance(node.value, str):
        return written[1:-1]
    return written


def _misplaced(operator: str, at: Span, operand: Node, text: str) -> Problem:
    return Problem("misplaced", at, {"operator": operator, "firstValue": shown(operand, text)})


def _takes(operator: str, operand: Node, resolve: Resolve) -> bool:
    return type_of(operand, resolve) in {None, _OPERANDS[operator]}


def _literal_type(node: Literal) -> str:
    if isinstance(node.value, bool):
        return "boolean"
    return "string" if isinstance(node.value, str) else "number"
