"""A line of a document with marks under it, as a terminal shows it.

The marks stand under what they mean whatever the line holds: tabs, wide characters, characters
of no width, control characters, a million characters without a line break.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import accumulate

import msgspec

TAB = "    "
_CUT = "…"
_UNKNOWN = "\ufffd"
# They join what stands beside them into one sign, as in emoji of families.
_JOINERS = "\u200c\u200d"
# Vowels and final consonants of Hangul are drawn into the consonant before them.
_HANGUL_TAILS = range(0x1160, 0x1200)


class Mark(msgspec.Struct, frozen=True):
    """A stretch `[start, end)` of a line, counted in code points, and the sign to put under it."""

    start: int
    end: int
    sign: str


def excerpt(line: str, marks: Sequence[Mark], width: int) -> tuple[str, str]:
    """What is shown of a line in about `width` cells, and the marks that belong under it.

    The window is chosen so that the first mark is seen. Where marks overlap the first one counts.
    """
    first, last = window(line, marks[0], width)
    cells = [shown(character) for character in line[first:last]]
    before = _CUT if first else ""
    after = _CUT if last < len(line) else ""
    columns = list(accumulate((width for _, width in cells), initial=len(before)))
    under = [" "] * (columns[-1] + 1)
    for mark in reversed(marks):
        start = columns[min(max(mark.start - first, 0), last - first)]
        end = columns[min(max(mark.end - first, 0), last - first)]
        if end == start and first <= mark.start < last and start:
            # All of it has no width: it is drawn into the character before.
            start -= 1
        for column in range(start, max(end, start + 1)):
            under[column] = mark.sign
    return before + "".join(text for text, _ in cells) + after, "".join(under).rstrip()


def window(line: str, mark: Mark, width: int) -> tuple[int, int]:
    """The part `[first, last)` of a line that fits into `width` cells and shows the mark.

    A third of the room goes to what precedes the mark; what one side does not need is the other's.
    """
    start = min(mark.start, len(line))
    first = _back(line, start, width // 3)
    last = _forward(line, first, width)
    if last == len(line):
        first = _back(line, last, width)
    while 0 < first < start and not shown(line[first])[1]:
        first += 1
    return min(first, start), last


def shown(character: str) -> tuple[str, int]:
    """How a character is shown, and how many cells wide that is.

    What would move the cursor, turn the direction of the text or not be seen at all is replaced.
    """
    if " " <= character <= "~":
        return character, 1
    if character == "\t":
        return TAB, len(TAB)
    if character < " ":
        return chr(0x2400 + ord(character)), 1
    kind = unicodedata.category(character)
    if kind in {"Mn", "Me"} or character in _JOINERS or ord(character) in _HANGUL_TAILS:
        return character, 0
    if kind in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return _UNKNOWN, 1
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def printable(text: str) -> str:
    """Text on one line, without anything that would move a terminal's cursor."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if character in "\r\n\t" else shown(character)[0] for character in text)


def _back(line: str, end: int, room: int) -> int:
    while end and room >= (cost := _cost(line[end - 1])):
        room -= cost
        end -= 1
    return end


def _forward(line: str, start: int, room: int) -> int:
    while start < len(line) and room >= (cost := _cost(line[start])):
        room -= cost
        start += 1
    return start


def _cost(character: str) -> int:
    """The cells a character takes of the room; one at least, or a line of accents had no end."""
    return max(shown(character)[1], 1)
