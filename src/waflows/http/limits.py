"""How much a request body may hold, by what it is for."""

from __future__ import annotations

import msgspec

from waflows import bounds
from waflows.errors import PayloadTooLarge


class BodyLimit(msgspec.Struct, frozen=True):
    """The most bytes a body may have, the most JSON values in it, and the most bytes of text.

    `text` counts what is left once escapes are resolved; 0 leaves that to `bytes`.
    """

    bytes: int
    values: int
    text: int = 0


SIGN_IN = BodyLimit(4 * 1024, 100)
"""Read from whoever asks: no larger than what it takes to refuse it."""
FORM = BodyLimit(256 * 1024, 5_000)
"""Whatever has no other limit: settings, forms, what happens on a phone."""
MESSAGE = BodyLimit(1024 * 1024, 20_000)
PLAYED_STATE = BodyLimit(16 * 1024 * 1024, 100_000)
"""What a page sends along while it plays a flow, pictures that were picked included."""
FLOW_JSON = BodyLimit(32 * 1024 * 1024, 100_000, text=12 * 1024 * 1024)
"""A Flow JSON of 10 MB, each character of it escaped."""


def check_json(text: bytes, limit: BodyLimit) -> None:
    """Raises PayloadTooLarge when a JSON text that is not decoded yet holds too much."""
    if bounds.holds_more_values(text, limit.values):
        raise PayloadTooLarge(
            f"The request body holds too many values: at most {limit.values:,} commas, opening"
            " brackets and opening braces outside of strings."
        )
    if 0 < limit.text < len(text):
        check_text(bounds.least_text(text), limit)


def check_text(size: int, limit: BodyLimit) -> None:
    """Raises PayloadTooLarge when a body comes to more bytes of text than it may."""
    if 0 < limit.text < size:
        raise PayloadTooLarge(
            f"The request body comes to {size} bytes of text once its escapes are resolved; at most"
            f" {limit.text} bytes here."
        )
