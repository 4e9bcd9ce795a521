"""The report for people: each finding with its line and how to fix it."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Diagnostic, Pointer
from waflows.flowjson.report import Checked, Run, cut_short
from waflows.flowjson.report.excerpt import Mark, excerpt, printable, window
from waflows.flowjson.source import BYTE_ORDER_MARK

WIDTH = 120
"""Cells in a line of the report where no terminal says otherwise."""
_LEAST_ROOM = 40
_LONGEST_SENTENCE = 1000
_LONGEST_PATH = 200

# The role of a piece of the report: SGR parameters that colour it.
_COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "strong": "1",
    "frame": "1;34",
    "help": "1;36",
}


def human(run: Run, *, colour: bool = False, width: int = WIDTH) -> str:
    """Every finding of every document, and a summary."""
    return "".join(
        [
            *(diagnoses(each, colour=colour, width=width) for each in run.checked),
            f"{summary(run)}\n" if run.checked else "",
        ]
    )


def diagnoses(checked: Checked, *, colour: bool = False, width: int = WIDTH) -> str:
    """Every finding of one document, each closed by an empty line."""
    if not checked.diagnostics:
        return ""
    text = checked.text.removeprefix(BYTE_ORDER_MARK)
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return "".join(
        "\n".join(_diagnosis(checked.name, lines, found, Paint(colour), width)) + "\n\n"
        for found in checked.diagnostics
    )


def summary(run: Run) -> str:
    """What was found, in a sentence or two."""
    total = len(run.checked)
    faulty = sum(bool(each.diagnostics) for each in run.checked)
    if not faulty:
        return f"No findings in {_count(total, 'file')}."
    found = " and ".join(
        _count(number, noun)
        for number, noun in ((run.errors, "error"), (run.warnings, "warning"))
        if number
    )
    files = _count(total, "file") if faulty == total else f"{faulty} of {_count(total, 'file')}"
    more = "".join(f" {printable(cut_short(each))}" for each in run.incomplete)
    fixable = sum(
        found.fix is not None and found.fix.safety == "safe"
        for each in run.checked
        for found in each.diagnostics
    )
    fix = f" {fixable:,} can be corrected by `--fix`." if fixable else ""
    return f"Found {found} in {files}.{more}{fix} `waflows explain RULE` explains a rule."


class Paint:
    """Puts colours on text, or leaves it alone."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, role: str, text: str) -> str:
        """The text in the colour of its role."""
        return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if self._colour and text else text


def _diagnosis(
    name: str, lines: list[str], found: Diagnostic, paint: Paint, width: int
) -> Iterator[str]:
    gutter = len(str(max(pointer.line_start for pointer in found.pointers)))
    margin = " " * gutter
    severity = paint(found.severity, f"{found.severity}[{found.code}]")
    yield f"{severity}{paint('strong', f': {_sentence(found.message)}')}"
    at = f" at {_path(found.path)}" if found.path else ""
    place = f"{printable(name)}:{found.line_start}:{found.column_start}"
    yield f"{margin}{paint('frame', '-->')} {place}{at}"
    yield f"{margin} {paint('frame', '|')}"
    previous = None
    for group in _groups(lines, found.pointers, _room(width, gutter)):
        number = group[0].line_start
        if previous is not None and number > previous + 1:
            yield paint("frame", "...")
        previous = number
        shown, under = excerpt(
            _line(lines, number),
            [_mark(lines, pointer, pointer is found.pointers[0]) for pointer in group],
            _room(width, gutter),
        )
        number_shown = paint("frame", f"{number:>{gutter}} |")
        yield f"{number_shown} {shown}".rstrip()
        under = paint(found.severity, under) + _label(group[0], found)
        yield f"{margin} {paint('frame', '|')} {under}"
    yield f"{margin} {paint('frame', '|')}"
    yield f"{margin} {paint('frame', '=')} {paint('help', 'help:')} {_sentence(found.help)}"
    yield f"{margin} {paint('frame', '=')} {paint('help', 'rule:')} {found.rule}"


def _groups(lines: list[str], pointers: tuple[Pointer, ...], room: int) -> list[list[Pointer]]:
    """The pointers by excerpt, in the order of the text; those of one line share one if they fit.

    The finding's own pointer leads its group, since an excerpt is cut around the leader.
    """
    groups: list[list[Pointer]] = []
    for pointer in pointers:
        for group in groups:
            leader = group[0]
            if leader.line_start != pointer.line_start:
                continue
            line = _line(lines, pointer.line_start)
            first, last = window(line, _mark(lines, leader, True), room)
            if first < pointer.column_start and pointer.column_end <= last:
                group.append(pointer)
                break
        else:
            groups.append([pointer])
    return sorted(groups, key=lambda group: (group[0].line_start, group[0].column_start))


def _mark(lines: list[str], pointer: Pointer, own: bool) -> Mark:
    """What of a pointer lies in its first line."""
    end = pointer.column_end
    if pointer.line_end > pointer.line_start:
        end = len(_line(lines, pointer.line_start).rstrip())
    return Mark(pointer.column_start - 1, max(end, pointer.column_start), "^" if own else "-")


def _label(pointer: Pointer, found: Diagnostic) -> str:
    """What is said beside the marks: where they end, and what they are if not the main place."""
    parts = []
    if pointer.line_end > pointer.line_start:
        parts.append(f"to line {pointer.line_end}, column {pointer.column_end}")
    if pointer.path not in {found.path, ""}:
        parts.append(_path(pointer.path))
    return f" {', '.join(parts)}" if parts else ""


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if number <= len(lines) else ""


def _room(width: int, gutter: int) -> int:
    """The cells left for the document, beside the gutter and the two signs of a cut."""
    return max(width - gutter - len(" | ") - 2, _LEAST_ROOM)


def _sentence(text: str) -> str:
    """A message with what it quotes of the document made harmless, and no longer than bearable."""
    if len(text) > _LONGEST_SENTENCE:
        text = f"{text[:_LONGEST_SENTENCE]}…"
    return printable(text)


def _path(text: str) -> str:
    """A path; of a very deep one the end."""
    return printable(text if len(text) <= _LONGEST_PATH else f"…{text[-_LONGEST_PATH:]}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
