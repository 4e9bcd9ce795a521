"""Where a page ended, as it stands in an address: opaque, so that nobody makes one up."""

from __future__ import annotations

import base64


def written(place: str) -> str:
    """The cursor of a place in a list."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read(cursor: str) -> str:
    """The place a cursor names; empty for what no cursor looks like."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""
