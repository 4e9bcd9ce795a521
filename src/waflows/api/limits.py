"""How much a request body may hold, by what it is for; and the counting that enforces it.

A decoded JSON value takes a hundred bytes and more, however short it is in the text, and decoding
holds the interpreter's lock. So the values of a body are counted before it is decoded: the
brackets and braces that open one and the commas between them, a few milliseconds for 32 MB. What
stands inside strings does not count, as a Flow JSON comes as one.
"""

from __future__ import annotations

import msgspec

from waflows.errors import PayloadTooLarge

_BLOCK = 256 * 1024


class BodyLimit(msgspec.Struct, frozen=True):
    """The most bytes a body may have, and the most JSON values in it."""

    bytes: int
    values: int


SIGN_IN = BodyLimit(4 * 1024, 100)
"""Read from whoever asks: no larger than what it takes to refuse it."""
FORM = BodyLimit(256 * 1024, 5_000)
"""Whatever has no other limit: settings, forms, what happens on a phone."""
MESSAGE = BodyLimit(1024 * 1024, 20_000)
PLAYED_STATE = BodyLimit(16 * 1024 * 1024, 100_000)
"""What a page sends along while it plays a flow, pictures that were picked included."""
FLOW_JSON = BodyLimit(32 * 1024 * 1024, 100_000)
"""A Flow JSON of 10 MB, each character of it escaped."""


def check_values(text: bytes, most: int, what: str = "The request body") -> None:
    """Raises PayloadTooLarge when a JSON text has more than so many values.

    It need not be JSON: only bytes are counted, in blocks, without a copy of the whole.
    """
    if _has_at_most(text, most):
        # The usual case. The marks inside strings were counted too, which did no harm.
        return
    found = 0
    quoted = False
    at = 0
    while at < len(text):
        end = _block_end(text, at)
        bare = text[at:end].replace(rb"\\", b"").replace(rb"\"", b"")
        if bare.count(b'"') > 2 * (most + 1):
            raise _too_many(most, what)
        pieces = bare.split(b'"')
        found += sum(map(_marks, pieces[quoted::2]))
        if found > most:
            raise _too_many(most, what)
        quoted ^= len(pieces) % 2 == 0
        at = end


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


def _too_many(most: int, what: str) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"{what} holds too many values: at most {most:,} commas, opening brackets and opening"
        " braces outside of strings."
    )
