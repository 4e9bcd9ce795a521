"""Lays out a JSON text: line breaks and indentation anew, every token as it was.

The command `waflows fmt` and the *Tidy* button of the console share it. Keys, numbers, escapes and
keys given twice stay character for character, since nothing is decoded.
"""

from __future__ import annotations

import msgspec

from waflows.flowjson.source import BYTE_ORDER_MARK


class CannotLayOut(ValueError):
    """The text is not valid JSON; `lint` says where."""


def lay_out(text: str) -> str:
    """The text with one value a line, indented by two spaces, and a line break at its end.

    Keeps a byte order mark, and CRLF as the line break if the first line ends so. Raises
    CannotLayOut.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    try:
        laid_out = msgspec.json.format(body, indent=2) + "\n"
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise CannotLayOut("The text is not valid JSON.") from None
    first_end = body.find("\n")
    if first_end > 0 and body[first_end - 1] == "\r":
        laid_out = laid_out.replace("\n", "\r\n")  # no string holds a raw line break
    return text[: len(text) - len(body)] + laid_out
