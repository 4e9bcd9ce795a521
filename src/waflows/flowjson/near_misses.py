"""Names that were misspelt: the known one that a wrong one looks like."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_LONGEST = 60
_SHORTEST = 4


@lru_cache(maxsize=256)
def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that looks like a misspelt one."""
    return next(iter(difflib.get_close_matches(name[:_LONGEST], known, 1)), None)


def slip_of(name: str, known: Iterable[str]) -> str | None:
    """The one known name that differs from a wrong one in case and separators, or in one letter.

    None when there is none, or more than one: what was meant must be beyond doubt.
    """
    names = tuple(known)
    plain = _plain(name)
    found = [each for each in names if _plain(each) == plain]
    if not found and len(name) <= _LONGEST:
        found = [each for each in names if _is_one_letter_off(name, each)]
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").replace(" ", "").casefold()


def _is_one_letter_off(wrong: str, right: str) -> bool:
    """Whether one letter is missing, added, changed or swapped with the next; no short words."""
    if min(len(wrong), len(right)) < _SHORTEST or abs(len(wrong) - len(right)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(wrong, right, strict=False)) if a != b), None)
    if at is None:
        return len(wrong) != len(right)
    rest, wanted = wrong[at:], right[at:]
    if rest[1:] == wanted or rest == wanted[1:] or rest[1:] == wanted[1:]:
        return True
    return rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]


def is_misspelt(name: str, value: dict[str, Any], known: Iterable[str]) -> bool:
    """Whether an object has the property under a misspelt name: then that is what is reported."""
    names = tuple(known)
    return any(key not in names and nearest(key, names) == name for key in value)
