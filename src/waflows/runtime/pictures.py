"""Whether a phone can show a picture: bare Base64 is all it takes."""

from __future__ import annotations

import re

# The start is enough to tell Base64 from anything else, however large the picture is.
_LOOKED_AT = 4000
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")


def problem_of(src: str) -> str:
    """Why a picture stays empty; an empty text where it can be shown."""
    if not src.strip():
        return "it has no data"
    if src.lower().startswith(("http://", "https://")):
        return "it is an address, and a phone takes Base64 only"
    if src.startswith("data:"):
        return "it begins with `data:`, and a phone takes bare Base64 only"
    return "" if _BASE64.fullmatch(src[:_LOOKED_AT]) else "it is not Base64"
