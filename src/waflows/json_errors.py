"""Why a text is not JSON, in the same words and at the same place whatever the Python version.

From 3.13 on, the standard library names a comma before a closing bracket; earlier versions point
at the bracket and expect a value or a name there.
"""

from __future__ import annotations

from json import JSONDecodeError

_CLOSING = {"}": "object", "]": "array"}
_BLANKS = " \t\n\r"


def describe(error: JSONDecodeError) -> str:
    """What is wrong and where, such as `Expecting value at line 2, column 5`."""
    error = _trailing_comma(error) or error
    return f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"


def _trailing_comma(error: JSONDecodeError) -> JSONDecodeError | None:
    """The same error as one about the comma, where a comma stands before the closing bracket."""
    ends = _CLOSING.get(error.doc[error.pos : error.pos + 1])
    before = len(error.doc[: error.pos].rstrip(_BLANKS)) - 1
    if ends is None or error.doc[before : before + 1] != ",":
        return None
    return JSONDecodeError(f"Illegal trailing comma before end of {ends}", error.doc, before)
