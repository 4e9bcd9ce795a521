"""How much a request body may hold, by what it is for."""

from __future__ import annotations

import msgspec

from waflows import bounds
from waflows.errors import PayloadTooLarge


class BodyLimit(msgspec.Struct, frozen=True):
    """The most bytes a body may have, and the most JSON values in it."""

    bytes: int
    values: int


SIGN_IN = BodyLimit(4 * 1024, 100)
"""Read from whoever asks: no larger than what it takes to refuse it."""
FORM = BodyLimit(256 * 1024, 5_000)
"""Whatever has no other limit: settings, forms, what happens on a phone."""
MESSAGE = BodyLimit(1024 * 1024, 20_000)
PLAYED_STATE = BodyLimit(16 * 1024 * 1024, 100_000)
"""What a page sends along while it plays a flow, pictures that were picked included."""
FLOW_JSON = BodyLimit(32 * 1024 * 1024, 100_000)
"""A Flow JSON of 10 MB, each character of it escaped."""


def check_values(text: bytes, most: int) -> None:
    """Raises PayloadTooLarge when a JSON text that is not decoded yet has too many values."""
    if bounds.holds_more_values(text, most):
        raise PayloadTooLarge(
            f"The request body holds too many values: at most {most:,} commas, opening brackets and"
            " opening braces outside of strings."
        )
