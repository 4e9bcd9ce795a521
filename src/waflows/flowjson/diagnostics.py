r"""What the validator reports: a diagnostic and the places it points at.

A rule makes a `Finding`: what is wrong and the *paths* it is wrong at, never an offset. The linter
turns findings into diagnostics once, when it knows there are any.

A line ends at a line feed; a carriage return before it belongs to the line it ends. A column
counts Unicode code points from 1: a tab is one, an astral character is one, the six characters of
`\u00e9` are six. A byte order mark at the very start is not a character. Ends are inclusive: a
token of one character has `column_start == column_end`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Literal

import msgspec

Severity = Literal["error", "warning"]
Safety = Literal["safe", "unsafe"]
ErrorType = Literal["FLOW_JSON_ERROR", "JSON_SCHEMA_ERROR", "FLOW_JSON_WARNING"]
Path = tuple[str | int, ...]
"""Keys and array indexes from the document's root; `()` is the root."""
MOST_FAULTS = 1_000
"""A report holds no more findings than these; the search ends where the next one is found."""
MOST_PLACES = 100
"""A finding points at no more places than these, the first ones."""
MOST_NAMES = 50
"""A message lists no more names than these, the first ones."""
_LONGEST_SHOWN = 500
_LONGEST_PATH = 2_000


class Pointer(msgspec.Struct, frozen=True):
    """A stretch of the text and the path of the value it belongs to."""

    line_start: int
    line_end: int
    column_start: int
    column_end: int
    path: str


class Edit(msgspec.Struct, frozen=True):
    """What to write in place of the characters `[start, end)` of a text without byte order mark."""

    start: int
    end: int
    text: str


class Fix(msgspec.Struct, frozen=True):
    """The edits that remove a finding, in the order of the text.

    A `safe` fix has one meaning and can be applied without a look; an `unsafe` one is a guess.
    """

    edits: tuple[Edit, ...]
    safety: Safety = "safe"


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding, in the fields Meta's API answers with and two of our own, `rule` and `help`.

    `code`, `error_type` and `message` are Meta's (`error` on the wire) where Meta documents them.
    `help` says how to fix it, `fix` does it. There is at least one pointer; the first is its own
    place.
    """

    rule: str
    code: str
    error_type: ErrorType
    severity: Severity
    message: str
    help: str
    pointers: tuple[Pointer, ...]
    fix: Fix | None = None

    @property
    def line_start(self) -> int:
        """The first pointer's first line."""
        return self.pointers[0].line_start

    @property
    def line_end(self) -> int:
        """The first pointer's last line."""
        return self.pointers[0].line_end

    @property
    def column_start(self) -> int:
        """The first pointer's first column."""
        return self.pointers[0].column_start

    @property
    def column_end(self) -> int:
        """The first pointer's last column, inclusive."""
        return self.pointers[0].column_end

    @property
    def path(self) -> str:
        """The first pointer's path."""
        return self.pointers[0].path


def meta_fields(found: Diagnostic) -> dict[str, Any]:
    """A diagnostic in the fields of Meta's `validation_errors`, without its pointers."""
    return {
        "error": found.code,
        "error_type": found.error_type,
        "message": found.message,
        **place_fields(found),
    }


def place_fields(at: Diagnostic | Pointer) -> dict[str, int]:
    """The lines and columns of a place in Meta's field names."""
    return {
        "line_start": at.line_start,
        "line_end": at.line_end,
        "column_start": at.column_start,
        "column_end": at.column_end,
    }


class Target(msgspec.Struct, frozen=True):
    """A place as a rule names it: the value at a path, or with `key` the key it stands under.

    `within` narrows a string value to characters `[start, end)` of what it says, counted after
    the escapes are read.
    """

    path: Path
    key: bool = False
    within: tuple[int, int] | None = None


class Replacement(msgspec.Struct, frozen=True):
    """A fix before positions are known: what to write in place of the finding's first target.

    With `after` it is written behind that target instead.
    """

    text: str
    safety: Safety = "safe"
    after: Target | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnostic before its positions are known.

    `spans` are for findings of the text itself, which are found by offset: `[start, end)` and path.
    """

    rule: str
    code: str
    error_type: ErrorType
    severity: Severity
    message: str
    help: str
    targets: tuple[Target, ...] = ()
    spans: tuple[tuple[int, int, Path], ...] = ()
    fix: Replacement | Fix | None = None


def dotted(path: Path) -> str:
    """A path as pointers write it: `screens[0].layout.children[2].on-click-action`.

    A key that would read as something else is written as a JSON string: `data["a.b"]`.
    """
    parts: list[str] = []
    length = 0
    for step in path:
        if isinstance(step, int):
            part = f"[{step}]"
        else:
            part = printable(step)
            if not part or any(sign in part for sign in '.[]"\n'):
                part = f"[{msgspec.json.encode(part).decode()}]"
            elif parts:
                part = f".{part}"
        length += len(part)
        if length > _LONGEST_PATH:
            parts.append("…")
            break
        parts.append(part)
    return "".join(parts)


def slashed(path: Path) -> str:
    """A path as messages write it: `$root/screens/0/layout/children/2`."""
    # Whoever writes it into a message shortens it; more steps than that are never seen.
    return "/".join(["$root", *(printable(str(step)) for step in path[:_LONGEST_SHOWN])])


def printable(text: str) -> str:
    """The text, shortened, with lone surrogates, which no encoder takes, replaced."""
    text = shortened(text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def shortened(text: str) -> str:
    """A text from the document as far as anybody would read it.

    A name of a million characters, shown in every message about what it names, would be a way to
    exhaust whoever checks the document.
    """
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def places(targets: Iterable[Target]) -> Iterator[Target]:
    """As many of the targets as a finding points at. Those after them are not even made."""
    return islice(targets, MOST_PLACES)


def listed(found: Iterable[str]) -> str:
    """Names as a message lists them, the first ones of very many."""
    return ", ".join(islice(found, MOST_NAMES))
