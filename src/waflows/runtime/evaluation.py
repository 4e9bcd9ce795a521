"""The value of an expression's tree. Total: every tree has a value, whatever its operands are.

A value is JSON; None stands for "nothing there". No recursion, so no tree is too deep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from waflows.flowjson.expressions import (
    Binary,
    Concatenation,
    Literal,
    Node,
    Reference,
    Unary,
)
from waflows.runtime import choices

Lookup = Callable[[Reference], Any]
_LONGEST_WHOLE = 21
"""Digits before the point that a number is written with; a longer one has an exponent."""


def evaluate(tree: Node, lookup: Lookup) -> Any:
    """The value of a tree whose references mean what `lookup` says."""
    values: list[Any] = []
    pending: list[tuple[Node, bool]] = [(tree, False)]
    while pending:
        node, ready = pending.pop()
        if isinstance(node, Literal):
            values.append(node.value)
        elif isinstance(node, Reference):
            values.append(lookup(node))
        elif ready:
            count = len(_operands(node))
            taken = values[-count:]
            del values[-count:]
            values.append(_apply(node, taken))
        else:
            pending.append((node, True))
            pending += [(operand, False) for operand in reversed(_operands(node))]
    return values[0]


def text(value: Any) -> str:
    """A value as part of a text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    return (
        msgspec.json.encode(value).decode("utf-8", "replace") if _structured(value) else str(value)
    )


def _number(value: float) -> str:
    """A number as JavaScript prints it: without an exponent from 1e-6 to below 1e21."""
    try:
        value = choices.number(float(value))
    except OverflowError:
        return "0"
    if isinstance(value, int):
        return str(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int), "neither infinite nor no number"
    shown = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + exponent
    minus = "-" if sign else ""
    if len(shown) <= point <= _LONGEST_WHOLE:
        return f"{minus}{shown.ljust(point, '0')}"
    if 0 < point <= _LONGEST_WHOLE:
        return f"{minus}{shown[:point]}.{shown[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{shown}"
    fraction = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{minus}{shown[0]}{fraction}e{point - 1:+d}"


def _structured(value: Any) -> bool:
    return isinstance(value, dict | list)


def _operands(node: Unary | Binary | Concatenation) -> tuple[Node, ...]:
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    return node.parts


def _apply(node: Unary | Binary | Concatenation, operands: list[Any]) -> Any:
    if isinstance(node, Concatenation):
        return _join(operands)
    if isinstance(node, Unary):
        operand = operands[0]
        return not choices.true(operand) if node.operator == "!" else _negative(operand)
    return _BINARY[node.operator](*operands)


def _join(parts: list[Any]) -> str:
    length, joined = 0, []
    for part in parts:
        if length >= choices.LONGEST_TEXT:
            break
        joined.append(text(part)[: choices.LONGEST_TEXT - length])
        length += len(joined[-1])
    return "".join(joined)


def _negative(value: Any) -> int | float:
    return choices.number(-choices.operand(value))


def _calculate(operation: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> int | float:
        return choices.number(operation(choices.operand(left), choices.operand(right)))

    return calculate


def _compare(operation: Callable[[float, float], bool]) -> Callable[[Any, Any], Any]:
    def compare(left: Any, right: Any) -> bool:
        first, second = choices.as_number(left), choices.as_number(right)
        return first is not None and second is not None and operation(first, second)

    return compare


def _modulo(left: float, right: float) -> float:
    """The remainder with the sign of what is divided, as JavaScript, Java and Swift have it."""
    return math.fmod(left, right) if right else 0.0


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "||": lambda left, right: choices.true(left) or choices.true(right),
    "&&": lambda left, right: choices.true(left) and choices.true(right),
    "==": choices.equal,
    "!=": lambda left, right: not choices.equal(left, right),
    "<": _compare(lambda left, right: left < right),
    "<=": _compare(lambda left, right: left <= right),
    ">": _compare(lambda left, right: left > right),
    ">=": _compare(lambda left, right: left >= right),
    "+": _calculate(lambda left, right: left + right),
    "-": _calculate(lambda left, right: left - right),
    "*": _calculate(lambda left, right: left * right),
    "/": _calculate(lambda left, right: left / right if right else 0.0),
    "%": _calculate(_modulo),
}
