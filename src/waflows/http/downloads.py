"""Answers that browsers save as files."""

from __future__ import annotations


def attachment(filename: str) -> dict[str, str]:
    """The headers of a file that is private to whoever asked for it."""
    return {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{filename}"',
        "X-Content-Type-Options": "nosniff",
    }
