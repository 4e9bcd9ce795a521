"""Cuts an expression into tokens. The one place that knows how each is written."""

from __future__ import annotations

import re
from itertools import islice

import msgspec

from waflows.flowjson.expressions.tree import Problem, Reference, Span

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<reference>\$\{[^{}]*\})
    | (?P<string>'(?:[^'\\]|\\\\?'|\\[^'])*')
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    | (?P<word>[^\W_][\w.]*|_[\w.]*)
    | (?P<operator>[=!<>&|+*/%-]+)
    | (?P<parenthesis>[()])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\+(`)|\\\\?(')|\\(\\)")
_MOST_REFERENCES = 200
_MOST_TOKENS = 2000
OPERATORS = {"==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "+", "-", "*", "/", "%"}


class Token(msgspec.Struct, frozen=True):
    """A piece of an expression; `kind` is reference, string, number, word, operator or ( or )."""

    kind: str
    text: str
    span: Span


def reference(text: str, start: int = 0) -> Reference | None:
    """The reference that `text` wholly is, None when it is not a proper one."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    family, *steps = match[1].split(".")
    screen = None
    if family == "screen":
        if len(steps) < 2:
            return None
        screen, family, *steps = steps
    if family not in {"data", "form"} or not steps or not all(steps) or screen == "":
        return None
    return Reference(family, tuple(steps), text, (start, start + len(text)), screen)


def references(text: str) -> tuple[Reference, ...]:
    """The proper references anywhere in a text; of more than anybody writes, the first."""
    matches = islice(_REFERENCE.finditer(text), _MOST_REFERENCES)
    found = (reference(match[0], match.start()) for match in matches)
    return tuple(each for each in found if each is not None)


def tokens(text: str, start: int, end: int) -> list[Token] | Problem:
    """The tokens of `text[start:end]`, or what is wrong at the first place that is none."""
    found: list[Token] = []
    position = start
    while position < end:
        match = _TOKEN.match(text, position, end)
        if match is None:
            return _unreadable(text, position, end)
        kind = match.lastgroup or ""
        if kind == "operator":
            found += _operators(match[0][: _MOST_TOKENS + 1], position)
        elif kind == "parenthesis":
            found.append(Token(match[0], match[0], match.span()))
        elif kind != "space":
            found.append(Token(kind, match[0], match.span()))
        position = match.end()
        if len(found) > _MOST_TOKENS:
            return Problem("too-many", found[-1].span, {"limit": _MOST_TOKENS})
    return found


def unquoted(text: str) -> str:
    """What a string literal says.

    A backtick is escaped by any number of backslashes, an apostrophe by one or two: open clients
    write two.
    """
    return _ESCAPE.sub(lambda match: match[match.lastindex or 0], text[1:-1])


def _operators(run: str, start: int) -> list[Token]:
    """A run of operator signs as single operators: `==-` is `==` and `-`."""
    found = []
    position = 0
    while position < len(run):
        length = 2 if run[position : position + 2] in OPERATORS else 1
        sign = run[position : position + length]
        if sign not in OPERATORS:
            sign = re.match(r"[=&|]+", run[position:])[0]  # type: ignore[index]
        span = (start + position, start + position + len(sign))
        found.append(Token("operator", sign, span))
        position += len(sign)
    return found


def _unreadable(text: str, position: int, end: int) -> Problem:
    sign = text[position]
    if sign == "'":
        return Problem("open-quote", (position, end))
    if text.startswith("${", position):
        close = min((n for n in (text.find(" ", position), end) if n >= 0), default=end)
        span = (position, min(close, end))
        return Problem("operand", span, {"operand": text[slice(*span)], "col": position})
    match = re.compile(r"[0-9][\w.]*").match(text, position, end)
    if match is not None:
        return Problem("literal", match.span(), {"literal": match[0]})
    return Problem("character", (position, position + 1), {"character": sign, "col": position})
