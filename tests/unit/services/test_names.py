"""Which texts may be names, and that the documented pattern says the same."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from waflows.services.names import (
    PRINTABLE_OR_EMPTY_PATTERN,
    PRINTABLE_PATTERN,
    is_printable,
)

# No JSON text decodes to half of a surrogate pair.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def _matches(pattern: str, text: str) -> bool:
    # In a JSON Schema `$` is the end of the text, not a line break before it.
    return re.search(pattern.removesuffix("$") + r"\Z", text) is not None


@given(_TEXTS)
@example("")
@example("  ")
@example("a\n")
@example("a\x85b")
@example("\u2028")
def test_the_documented_pattern_accepts_exactly_the_names_that_are_accepted(text: str) -> None:
    assert _matches(PRINTABLE_PATTERN, text) == is_printable(text)
    assert _matches(PRINTABLE_OR_EMPTY_PATTERN, text) == (text == "" or is_printable(text))
