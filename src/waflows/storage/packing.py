"""The texts of revisions as they are stored: compressed where that makes them shorter.

The text is restored exactly, including a byte order mark. Unpacking stops at the length stored
beside the text, so a damaged database cannot exhaust the memory.
"""

from __future__ import annotations

import zlib

Packed = bytes


class DamagedText(Exception):
    """The stored text of a revision is damaged."""


def pack(text: str) -> Packed | None:
    """The compressed form of a text; None where it is not shorter."""
    plain = text.encode()
    packed = zlib.compress(plain)
    return packed if len(packed) < len(plain) else None


def unpack(packed: Packed, length: int) -> str:
    """The text of a compressed form whose UTF-8 is so many bytes long; raises DamagedText."""
    stream = zlib.decompressobj()
    try:
        # A limit of 0 would mean none.
        plain = stream.decompress(packed, length + 1)
    except zlib.error as error:
        raise DamagedText(str(error)) from None
    if len(plain) != length or not stream.eof:
        raise DamagedText(f"it does not have {length} bytes")
    return plain.decode()
