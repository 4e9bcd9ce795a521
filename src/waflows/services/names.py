"""Which texts are allowed as names."""

from __future__ import annotations

import unicodedata

_REFUSED = {"Cc", "Cs"}
_CONTROLS = r"\x00-\x1f\x7f-\x9f"
PRINTABLE_PATTERN = f"^[^{_CONTROLS}]*[^\\s{_CONTROLS}][^{_CONTROLS}]*$"
"""What `is_printable` accepts, as a JSON Schema pattern; JSON text never decodes to a surrogate."""
PRINTABLE_OR_EMPTY_PATTERN = f"^([^{_CONTROLS}]*[^\\s{_CONTROLS}][^{_CONTROLS}]*)?$"


def is_printable(name: str) -> bool:
    """Whether a text can be shown as a name: not blank, no control characters.

    Wider than `str.isprintable`, which refuses joined emoji and no-break spaces.
    """
    return bool(name.strip()) and not any(unicodedata.category(c) in _REFUSED for c in name)
