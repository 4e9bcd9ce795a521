"""Limits of request bodies, by kind of route."""

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
"""Read before the caller is authenticated, so no larger than a sign-in needs."""
FORM = BodyLimit(256 * 1024, 5_000)
"""The default: settings, forms and events on a phone."""
MESSAGE = BodyLimit(1024 * 1024, 20_000)
PLAYED_STATE = BodyLimit(16 * 1024 * 1024, 100_000)
"""The state that a page sends while it plays a flow, with any pictures that were chosen."""
FLOW_JSON = BodyLimit(32 * 1024 * 1024, 100_000, text=12 * 1024 * 1024)
"""A Flow JSON of 10 MB, each character of it escaped."""


def check_json(text: bytes, limit: BodyLimit) -> None:
    """Raises PayloadTooLarge for JSON text with too many values or too much text, undecoded."""
    if bounds.holds_more_values(text, limit.values):
        raise PayloadTooLarge(
            f"The request body holds too many values: at most {limit.values:,} commas, opening"
            " brackets and opening braces outside of strings."
        )
    if 0 < limit.text < len(text):
        check_text(bounds.least_text(text), limit)


def check_text(size: int, limit: BodyLimit) -> None:
    """Raises PayloadTooLarge for a body with too many bytes of text."""
    if 0 < limit.text < size:
        raise PayloadTooLarge(
            f"The request body comes to {size} bytes of text once its escapes are resolved; at most"
            f" {limit.text} bytes here."
        )
