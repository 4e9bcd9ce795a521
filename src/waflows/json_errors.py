"""Describe JSON syntax errors in the same words and at the same place on every Python version.

Since 3.13 the standard library reports a trailing comma as such; earlier versions report the
closing bracket after it.
"""

from __future__ import annotations

from json import JSONDecodeError

_CLOSING = {"}": "object", "]": "array"}
_BLANKS = " \t\n\r"


def describe(error: JSONDecodeError) -> str:
    """Describes an error and its place, such as `Expecting value at line 2, column 5`."""
    error = _trailing_comma(error) or error
    return f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"


def _trailing_comma(error: JSONDecodeError) -> JSONDecodeError | None:
    """The error as one about a trailing comma, if a comma precedes the closing bracket."""
    ends = _CLOSING.get(error.doc[error.pos : error.pos + 1])
    before = len(error.doc[: error.pos].rstrip(_BLANKS)) - 1
    if ends is None or error.doc[before : before + 1] != ",":
        return None
    return JSONDecodeError(f"Illegal trailing comma before end of {ends}", error.doc, before)
