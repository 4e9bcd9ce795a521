"""Pagination cursors: positions in a list, encoded opaquely for use in a URL."""

from __future__ import annotations

import base64


def encode(position: str) -> str:
    """Encodes a position in a list as a cursor."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode(cursor: str) -> str:
    """Decodes a cursor to its position; empty if it is malformed."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""
