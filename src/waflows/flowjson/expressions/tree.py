"""The parts of an expression. Spans are `[start, end)` in characters of the string's value."""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

Span = tuple[int, int]
Kind = OneOf["binding", "nested", "condition", "text"]
"""A whole `${…}`; one between backticks; an If's condition; text with a binding somewhere in it."""


class Reference(msgspec.Struct, frozen=True, tag=True):
    """`${data.a.b}`, `${form.a}` or, with a `screen`, `${screen.ID.data.a}`.

    `source` is `data` or `form`; `path` has at least one step, and names may hold any character
    but a brace and a dot.
    """

    source: str
    path: tuple[str, ...]
    text: str
    span: Span
    screen: str | None = None


class Literal(msgspec.Struct, frozen=True, tag=True):
    """A string in single quotes, a number, `true` or `false`; `text` is how it is written."""

    value: str | int | float | bool
    text: str
    span: Span


class Unary(msgspec.Struct, frozen=True, tag=True):
    """`!x` or `-x`."""

    operator: str
    operand: Node
    span: Span


class Binary(msgspec.Struct, frozen=True, tag=True):
    """Two operands around an operator; `at` is the operator's own span."""

    operator: str
    left: Node
    right: Node
    at: Span
    span: Span


class Concatenation(msgspec.Struct, frozen=True, tag=True):
    """Values set next to each other, which make one string."""

    parts: tuple[Node, ...]
    span: Span


Node = Reference | Literal | Unary | Binary | Concatenation


class Problem(msgspec.Struct, frozen=True):
    """Why an expression is none, or makes no sense; `words` fill the message of `kind`."""

    kind: str
    span: Span
    words: dict[str, Any] = {}


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed string: its tree, or the problem that kept it from having one.

    `references` are all that stand in the text, also in one that could not be parsed. `tree` is
    None for `text`, which is shown as it is.
    """

    kind: Kind
    text: str
    tree: Node | None
    references: tuple[Reference, ...]
    problem: Problem | None = None
    loose: Span | None = None
    """In a condition, a comparison without parentheses right next to `&&` or `||`."""
