"""What may be a name of something."""

from __future__ import annotations

import unicodedata

_REFUSED = {"Cc", "Cs"}


def is_printable(name: str) -> bool:
    """Whether a text can be shown as a name: not blank, no control characters.

    Wider than `str.isprintable`, which refuses joined emoji and no-break spaces.
    """
    return bool(name.strip()) and not any(unicodedata.category(c) in _REFUSED for c in name)
