"""Count the values in a JSON text without decoding it.

A decoded value takes a hundred bytes or more however short its text is, and decoding holds the
interpreter lock. So untrusted JSON is counted first: the brackets and braces that open a value and
the commas between values, in a few milliseconds for 32 MB. The contents of strings do not count,
because a request carries a Flow JSON as a string.

A decoded string takes up to four bytes per character if it holds a single emoji. An integer with
thousands of digits takes time proportional to the square of their number.
"""

from __future__ import annotations

import sys

_BLOCK = 256 * 1024
_MOST_DIGITS = 640
"""The lowest limit that Python allows; valid integers here have under a thirtieth of it."""


def limit_digits() -> None:
    """Makes this process reject longer integers: a megabyte of them took 20 ms instead of 4."""
    sys.set_int_max_str_digits(_MOST_DIGITS)


def least_text(text: bytes) -> int:
    """The least number of bytes that remain of a JSON text once its escapes are resolved."""
    size = 0
    at = 0
    while at < len(text):
        end = _block_end(text, at)
        bare = text[at:end].replace(rb"\\", b"_")
        size += len(bare) - 4 * bare.count(rb"\u") - bare.count(b"\\")
        at = end
    return size


def holds_more_values(text: bytes, most: int) -> bool:
    """Whether a JSON text has at most a number of commas, brackets and braces outside strings.

    Only bytes are counted, in blocks and without copying the text, so it need not be valid JSON.
    """
    if _has_at_most(text, most):
        # The usual case: few marks, even counting those inside strings.
        return False
    found = quotes = 0
    quoted = False
    at = 0
    while at < len(text):
        end = _block_end(text, at)
        bare = text[at:end].replace(rb"\\", b"").replace(rb"\"", b"")
        quotes += bare.count(b'"')
        if quotes > 4 * (most + 1):
            # Each mark precedes at most one name and one value.
            return True
        pieces = bare.split(b'"')
        found += sum(map(_marks, pieces[quoted::2]))
        if found > most:
            return True
        quoted ^= len(pieces) % 2 == 0
        at = end
    return False


def _has_at_most(text: bytes, most: int) -> bool:
    found = 0
    for start in range(0, len(text), _BLOCK):
        found += _marks(text[start : start + _BLOCK])
        if found > most:
            return False
    return True


def _marks(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _block_end(text: bytes, start: int) -> int:
    """Where a block that starts here ends: never between a backslash and the escaped character."""
    end = min(start + _BLOCK, len(text))
    backslashes = 0
    while end - backslashes > start and text[end - backslashes - 1] == 0x5C:
        backslashes += 1
    return min(end + backslashes % 2, len(text))
