"""Types of fields that several of the dialects' bodies have."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

WholeNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A number that a client repeats or counts. No larger one is the same in every JSON library, and
neither database holds one above 2**63."""
