"""Applies the fixes of findings to a text, as edits: whatever is not edited stays as it is.

A text that is not JSON is fixed only if that makes it JSON. After that no edit is kept that would
leave the document with more errors, for instance because a component that was not read before has
errors of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from waflows.flowjson import source
from waflows.flowjson.diagnostics import Diagnostic, Edit, Fix
from waflows.flowjson.linter import lint

_MOST_PASSES = 1_000


class Fixed(msgspec.Struct, frozen=True):
    """A text after its fixes, and how many were applied."""

    text: str
    applied: int


def fix(text: str, *, version: str | None = None, unsafe: bool = False) -> Fixed:
    """Applies the safe fixes, with `unsafe` all of them, until there are no more.

    `version` is as for `lint`. To fix the result again changes nothing.
    """
    body = text.removeprefix(source.BYTE_ORDER_MARK)
    mark = text[: len(text) - len(body)]
    readable = _fix_syntax(body, unsafe=unsafe)
    if readable is None:
        return Fixed(text, 0)
    body, applied = readable.text, readable.applied
    seen = {body}
    for _ in range(_MOST_PASSES):
        found = lint(body, version=version).diagnostics
        kept = _harmless(body, _fixes(found, unsafe=unsafe), _errors(found), version)
        changed = apply(body, kept)
        if not kept or changed in seen:
            break
        seen.add(changed)
        body, applied = changed, applied + len(kept)
    return Fixed(mark + body, applied)


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """The text with the edits of fixes that do not overlap."""
    parts: list[str] = []
    position = 0
    for edit in sorted((edit for each in fixes for edit in each.edits), key=_place):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def _fix_syntax(text: str, *, unsafe: bool) -> Fixed | None:
    """The text with its syntax fixed; None if it is not JSON even then."""
    applied = 0
    for _ in range(_MOST_PASSES):
        read = source.read(text)
        if read.readable:
            return Fixed(text, applied)
        fixes = _chosen((fault.fix for fault in read.faults), unsafe=unsafe)
        if not fixes:
            return None
        text = apply(text, fixes)
        applied += len(fixes)
    return None


def _fixes(found: Sequence[Diagnostic], *, unsafe: bool) -> list[Fix]:
    """The fixes of a JSON text that can be applied together.

    There are none where a key is given twice, since a fix would be about the last one only.
    """
    if any(each.rule == "duplicate-key" for each in found):
        return []
    return _chosen((each.fix for each in found), unsafe=unsafe)


def _chosen(fixes: Iterable[Fix | None], *, unsafe: bool) -> list[Fix]:
    """The fixes that are safe enough, in the order of the text, apart from one another.

    One that reaches into an earlier one is left out.
    """
    wanted = [each for each in fixes if each is not None and (unsafe or each.safety == "safe")]
    kept: list[Fix] = []
    reached = 0
    for each in sorted(wanted, key=lambda each: each.edits[0].start):
        if each.edits[0].start >= reached:
            kept.append(each)
            reached = each.edits[-1].end
    return kept


def _harmless(text: str, fixes: Sequence[Fix], errors: int, version: str | None) -> list[Fix]:
    """The fixes that together leave no more errors than the text has.

    Where all of them would leave more, half of them are tried, and so on.
    """
    kept: list[Fix] = []
    pending = [list(fixes)]
    while pending:
        group = pending.pop()
        if not group:
            continue
        left = _errors(lint(apply(text, [*kept, *group]), version=version).diagnostics)
        if left <= errors:
            kept += group
            errors = left
        elif len(group) > 1:
            half = len(group) // 2
            pending += [group[half:], group[:half]]
    return kept


def _errors(found: Sequence[Diagnostic]) -> int:
    return sum(each.severity == "error" for each in found)


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end
