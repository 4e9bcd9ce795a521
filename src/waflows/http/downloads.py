"""Answers that browsers save as files."""

from __future__ import annotations


def attachment(filename: str) -> dict[str, str]:
    """Makes the headers of a file download that is private to its caller."""
    return {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{filename}"',
        "X-Content-Type-Options": "nosniff",
    }
