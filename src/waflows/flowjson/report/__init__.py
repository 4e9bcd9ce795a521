"""What linting found, written for a reader: a person, a program, GitHub, or code scanning.

Each format is a function from a `Run` to text. Nothing here reads a file or looks at a terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from waflows.flowjson.diagnostics import Diagnostic

__all__ = ["Checked", "Run", "Unusable", "cut_short"]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was linted.

    `name` is what its author calls it. `place` is its path from the root of the repository, parts
    divided by slashes, or an absolute path when it lies elsewhere. `version` is the Flow JSON
    version it was read by, None when it is not a JSON object. `complete` is false when there are
    more findings than a report holds.
    """

    name: str
    place: str
    text: str
    version: str | None
    diagnostics: Sequence[Diagnostic] = ()
    complete: bool = True


class Unusable(msgspec.Struct, frozen=True):
    """Something that could not be linted at all, and a sentence that says why."""

    name: str
    place: str
    reason: str


class Run(msgspec.Struct, frozen=True):
    """Everything that one command looked at, in the order in which it is reported."""

    checked: tuple[Checked, ...] = ()
    unusable: tuple[Unusable, ...] = ()

    @property
    def incomplete(self) -> list[Checked]:
        """The documents with more findings than a report holds."""
        return [each for each in self.checked if not each.complete]

    @property
    def errors(self) -> int:
        """How many errors were found."""
        return self._severities["error"]

    @property
    def warnings(self) -> int:
        """How many warnings were found."""
        return self._severities["warning"]

    @property
    def _severities(self) -> Counter[str]:
        return Counter(found.severity for each in self.checked for found in each.diagnostics)


def cut_short(checked: Checked) -> str:
    """The sentence about a document that has more findings than are reported."""
    return (
        f"{checked.name} has more findings than these {len(checked.diagnostics):,}; the search"
        " ended with them."
    )
