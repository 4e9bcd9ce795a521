"""Regular expressions from a flow, run so that none can hang the process.

The `regex` package knows look-around and back references, which flows use for passwords and which
linear-time engines lack, and stops a match that works too long.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from waflows.runtime import choices

if TYPE_CHECKING:
    import regex


@lru_cache(maxsize=2048)
def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; true where that cannot be told."""
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    try:
        return compiled.search(text, timeout=choices.PATTERN_SECONDS, concurrent=True) is not None
    except (TimeoutError, MemoryError, RecursionError):
        return True


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    import regex  # slow to load, and few flows have patterns

    if len(pattern) > choices.LONGEST_PATTERN:
        return None
    try:
        return regex.compile(pattern, regex.V0)
    except (regex.error, ValueError, OverflowError, MemoryError, RecursionError):
        return None
