"""From paths to offsets to lines and columns; run only when there is something to report.

The text is walked once along the paths that are wanted. Whatever no path leads into is passed
over by the C decoder, so finding positions costs about as much as decoding the text again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from json.decoder import JSONDecoder
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from json.scanner import make_scanner
from typing import Any

import msgspec

from waflows.flowjson.diagnostics import Path, Pointer, Target, dotted
from waflows.flowjson.scanner import insides

_SPACE = re.compile(r"[ \t\n\r]*").match
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_PLAIN = re.compile(r"[^\s,\]}]+")
# Values passed over are thrown away, so a number may become anything: its length is the cheapest,
# and integers of any size get through.
_pass_over: Any = make_scanner(
    JSONDecoder(strict=False, parse_int=len, parse_float=len)  # type: ignore[arg-type]
)
Span = tuple[int, int]


class _Node(msgspec.Struct, gc=False):
    """A step of the wanted paths: where the key and the value were found, and what lies below."""

    children: dict[str | int, Any]
    key: Span | None = None
    value: Span | None = None


def locate(text: str, targets: Iterable[Target]) -> dict[Target, Span]:
    """The offsets `[start, end)` of every target. The text must be sound JSON that has them.

    Of a key given twice the last counts, as it does for a decoder. A target that is not there
    gets the nearest value above it.
    """
    wanted = list(targets)
    if not wanted:
        return {}
    root = _Node({})
    for target in wanted:
        node = root
        for step in target.path:
            below = node.children.get(step)
            if below is None:
                below = node.children[step] = _Node({})
            node = below
    _walk(text, root)
    spans = {target: _span(root, target) for target in wanted}
    spans.update(_within(text, spans))
    return spans


def _span(root: _Node, target: Target) -> Span:
    node, found = root, root.value or (0, 1)
    for step in target.path:
        node = node.children[step]
        if node.value is None:
            return found
        found = node.value
    return (node.key or found) if target.key else found


def _within(text: str, spans: dict[Target, Span]) -> Iterator[tuple[Target, Span]]:
    """The narrower spans of the targets in strings, each string gone through once."""
    by_string: dict[int, list[tuple[Target, Span]]] = defaultdict(list)
    for target, span in spans.items():
        if target.within is not None and not target.key and text[span[0]] == '"':
            by_string[span[0]].append((target, target.within))
    for token, found in by_string.items():
        ranges = [within for _, within in found]
        yield from zip((target for target, _ in found), insides(text, token, ranges), strict=True)


def _walk(text: str, root: _Node) -> None:
    stack: list[tuple[_Node, int, bool]] = []
    indexes: list[int] = []
    node, position = root, _after_space(text, 0)
    while True:
        if node.children and text[position] in "{[":
            stack.append((node, position, text[position] == "{"))
            indexes.append(0)
            position = _after_space(text, position + 1)
        else:
            end = _skip(text, position)
            node.value = (position, end)
            position = end
            if not stack:
                return
            position = _after_comma(text, position)
        while True:
            parent, start, is_object = stack[-1]
            if text[position] in "}]":
                parent.value = (start, position + 1)
                stack.pop()
                indexes.pop()
                if not stack:
                    return
                position = _after_comma(text, position + 1)
                continue
            if is_object:
                key_start = position
                step, position = _scanstring(text, position + 1, False)
                child = parent.children.get(step)
                if child is not None:
                    child.key = (key_start, position)
                position = _after_space(text, _after_space(text, position) + 1)
            else:
                child = parent.children.get(indexes[-1])
                indexes[-1] += 1
            if child is not None:
                node = child
                break
            position = _after_comma(text, _skip(text, position))


def _after_space(text: str, position: int) -> int:
    match = _SPACE(text, position)
    return match.end() if match else position


def _after_comma(text: str, position: int) -> int:
    position = _after_space(text, position)
    if text[position : position + 1] == ",":
        return _after_space(text, position + 1)
    return position


def _skip(text: str, position: int) -> int:
    """The end of the value that begins at a position."""
    try:
        end: int = _pass_over(text, position)[1]
    except RecursionError:  # the caller's own stack is nearly used up
        return _skip_by_brackets(text, position)
    return end


def _skip_by_brackets(text: str, position: int) -> int:
    if text[position] not in '{["':
        match = _PLAIN.match(text, position)
        return match.end() if match else position + 1
    depth = 0
    for match in _TOKEN.finditer(text, position):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(text)


class Lines:
    """Turns offsets, all known beforehand, into pointers, going through the text once."""

    def __init__(self, text: str, spans: Iterable[Span]) -> None:
        offsets = {offset for span in spans for offset in _first_and_last(span)}
        self._places: dict[int, tuple[int, int]] = {}
        line, line_end, counted = 1, -1, 0
        for offset in sorted(offsets):
            found = text.count("\n", counted, offset)
            if found:
                line += found
                line_end = text.rfind("\n", counted, offset)
            counted = offset
            self._places[offset] = (line, offset - line_end)

    def pointer(self, span: Span, path: Path) -> Pointer:
        """The pointer to `[start, end)`; an empty span is taken as one character."""
        first, last = _first_and_last(span)
        line_start, column_start = self._places[first]
        line_end, column_end = self._places[last]
        return Pointer(line_start, line_end, column_start, column_end, dotted(path))


def _first_and_last(span: Span) -> Span:
    return span[0], max(span[1] - 1, span[0])
