"""Regular expressions from a flow, run so that none of them can hang the process.

The `regex` package knows look-around and back references, which flows use for passwords and which
linear-time engines lack, and stops a match that works too long. All patterns of a step share one
time, their compiling included: what is undecided when it has passed lets its text through.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from waflows.runtime import choices
from waflows.runtime.budget import Budget

if TYPE_CHECKING:
    import regex

_MOST_KNOWN = 2048
_LONGEST_KNOWN = 200
# Only decided matches of short texts, so that what is kept stays small and always true.
_known: dict[tuple[str, str], bool] = {}


def found_in(pattern: str, text: str, budget: Budget) -> bool:
    """Whether the pattern is found anywhere in the text; true where that is undecided."""
    if len(pattern) > choices.LONGEST_PATTERN:
        return True
    known = _known.get((pattern, text))
    if known is not None:
        return known
    found = _search(pattern, text, budget)
    if found is None:
        budget.undecided += 1
        return True
    if len(text) <= _LONGEST_KNOWN:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[pattern, text] = found
    return found


def _search(pattern: str, text: str, budget: Budget) -> bool | None:
    """Whether a pattern is found; true if it is not a regular expression, None when given up."""
    with budget.pattern() as seconds:
        if seconds <= 0:
            return None
        compiled = _compiled(pattern)
        if compiled is None:
            return True
        try:
            return compiled.search(text, timeout=seconds, concurrent=True) is not None
        except (TimeoutError, MemoryError, RecursionError):
            return None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    import regex  # slow to load, and few flows have patterns

    try:
        return regex.compile(pattern, regex.V0)
    except (regex.error, ValueError, OverflowError, MemoryError, RecursionError):
        return None
