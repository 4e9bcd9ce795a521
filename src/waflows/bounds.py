"""How much a JSON text holds, counted without decoding it.

A decoded value takes a hundred bytes and more, however short it is in the text, and decoding holds
the interpreter's lock. So what comes from elsewhere is counted first: the brackets and braces that
open a value and the commas between them, a few milliseconds for 32 MB. What stands inside strings
does not count, as a Flow JSON comes as one.

A text takes up to four bytes for each of its characters once it is decoded, for the sake of a
single emoji in it. And a number of thousands of digits takes the square of their number in time.
"""

from __future__ import annotations

import sys

_BLOCK = 256 * 1024
_MOST_DIGITS = 640
"""The lowest limit that Python takes; no integer anywhere here has a thirtieth of these."""


def limit_digits() -> None:
    """Has this process read no integer of more digits: a megabyte of such took 20 ms, not 4."""
    sys.set_int_max_str_digits(_MOST_DIGITS)


def least_text(text: bytes) -> int:
    """So many bytes at least are left of a JSON text once its escapes are resolved."""
    size = 0
    at = 0
    while at < len(text):
        end = _block_end(text, at)
        bare = text[at:end].replace(rb"\\", b"_")
        size += len(bare) - 4 * bare.count(rb"\u") - bare.count(b"\\")
        at = end
    return size


def holds_more_values(text: bytes, most: int) -> bool:
    """Whether a JSON text has more commas, brackets and braces outside of strings than so many.

    It need not be JSON: only bytes are counted, in blocks, without a copy of the whole.
    """
    if _has_at_most(text, most):
        # The usual case. The marks inside strings were counted too, which did no harm.
        return False
    found = quotes = 0
    quoted = False
    at = 0
    while at < len(text):
        end = _block_end(text, at)
        bare = text[at:end].replace(rb"\\", b"").replace(rb"\"", b"")
        quotes += bare.count(b'"')
        if quotes > 4 * (most + 1):
            # Each mark comes before one name and one value at the most.
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
    """Where a block that starts here ends: never between a backslash and what it escapes."""
    end = min(start + _BLOCK, len(text))
    backslashes = 0
    while end - backslashes > start and text[end - backslashes - 1] == 0x5C:
        backslashes += 1
    return min(end + backslashes % 2, len(text))
