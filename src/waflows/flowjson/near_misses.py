"""Names that were misspelt: the known one that a wrong one looks like."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_LONGEST = 60


@lru_cache(maxsize=256)
def nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that looks like a misspelt one."""
    return next(iter(difflib.get_close_matches(name[:_LONGEST], known, 1)), None)


def is_misspelt(name: str, value: dict[str, Any], known: Iterable[str]) -> bool:
    """Whether an object has the property under a misspelt name: then that is what is reported."""
    names = tuple(known)
    return any(key not in names and nearest(key, names) == name for key in value)
