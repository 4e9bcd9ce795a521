"""Reads JSON text slowly and carefully: where each fault stands and what the text means past it.

Iterative, so no nesting can exhaust the stack, and linear in the text. It reads on past faults
whose meaning is plain (a comma too many or missing, a comment, NaN, a raw control character, a lone
surrogate, a key given twice) and stops at the first it cannot read past, or that is one more than a
report holds.
"""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn

import msgspec

from waflows.flowjson.diagnostics import MOST_FAULTS, Edit, Fix, Path, Safety

MAX_DEPTH = 200
"""Arrays and objects may be nested this deep; no Flow JSON comes near it."""

Place = tuple[int, int, Path]
"""Offsets `[start, end)` in the text and the path of the value there."""

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_COMMENT = re.compile(r"//[^\r\n]*|#[^\r\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?")
_TYPOGRAPHIC = "“”„‟″"
_CLOSING_TYPOGRAPHIC = re.compile(f"[{_TYPOGRAPHIC}](?=[ \\t]*[:,}}\\]\\r\\n])")
_NEXT_STRING = re.compile(
    rf'[^"/#{_TYPOGRAPHIC}]*'
    rf'(?:{_STRING.pattern}|(?P<typographic>[{_TYPOGRAPHIC}](?:[^"\\{_TYPOGRAPHIC}\r\n]|\\.)*[{_TYPOGRAPHIC}]))'
    r"(?=[ \t\r\n]*(?:[:,}\]]|\Z))",
    re.DOTALL,
)
"""What stands before the next string, and the string, in quotes of either kind."""
_NEXT_KEY = re.compile(rf"{_STRING.pattern}[ \t\n\r]*:", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"-?[A-Za-z_][A-Za-z_0-9]*")
_TOKEN = re.compile(f"{_STRING.pattern}|{_NUMBER.pattern}|{_WORD.pattern}", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPE_OR_END = re.compile(
    r'\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|"', re.DOTALL
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_CONSTANTS = {"NaN", "Infinity", "-Infinity"}
_LONGEST_INTEGER = 4000
_FOREIGN_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}
"""How other languages write the words of JSON."""


class TextFault(msgspec.Struct, frozen=True):
    """Something wrong with the text itself; `kind` is a key of the rule that explains it."""

    kind: str
    places: tuple[Place, ...]
    detail: str = ""
    fix: Fix | None = None


class Scan(msgspec.Struct, frozen=True):
    """The outcome: `readable` is false when the text is not JSON, however near it comes."""

    value: Any
    readable: bool
    faults: tuple[TextFault, ...]


class _Frame(msgspec.Struct):
    """An array or object being read; `key` is the step that leads to the value read next."""

    container: Any
    start: int
    key: str | int
    keys: dict[str, tuple[int, int]]


class _Stopped(Exception):
    """Nothing sensible can be read from here on."""


def scan(text: str) -> Scan:
    """Reads the whole text. Raises nothing."""
    reader = _Reader(text)
    try:
        value = reader.read()
    except _Stopped:
        return Scan(None, False, tuple(reader.faults))
    grammatical = all(f.kind in {"duplicate-key", "lone-surrogate"} for f in reader.faults)
    return Scan(value if grammatical else None, grammatical, tuple(reader.faults))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.stack: list[_Frame] = []
        self.faults: list[TextFault] = []
        self.string = (0, 0)
        """Where the last string stands."""

    def read(self) -> Any:
        self._skip_space()
        value, opened = self._value()
        root = value
        while self.stack:
            frame = self.stack[-1]
            closed = self._try_close(frame) if opened else self._next_or_close(frame)
            if closed:
                self.stack.pop()
                opened = False
                continue
            if isinstance(frame.container, dict):
                self._key(frame)
            value, opened = self._value()
            self._put(frame, value, opened)
        self._skip_space()
        if self.position < len(self.text):
            self._stop("extra-text", self._here(), self._word_here())
        return root

    def _put(self, frame: _Frame, value: Any, opened: bool) -> None:
        """Stores a value; when a container was opened, `frame` is no longer the top."""
        if isinstance(frame.container, dict):
            frame.container[frame.key] = value
        else:
            frame.container.append(value)

    def _try_close(self, frame: _Frame) -> bool:
        self._skip_space()
        if self._peek() == ("}" if isinstance(frame.container, dict) else "]"):
            self.position += 1
            return True
        return False

    def _next_or_close(self, frame: _Frame) -> bool:
        end = self.position
        if self._try_close(frame):
            return True
        if self._peek() != ",":
            self._missing_comma(frame, end)
            return False
        comma = self.position
        self.position += 1
        self._skip_space()
        while self._peek() == ",":
            place = (self.position, self.position + 1, self._path()[:-1])
            self._fault("double-comma", place, fix=_instead(place, ""))
            self.position += 1
            self._skip_space()
        if self._try_close(frame):
            place = (comma, comma + 1, self._path()[:-1])
            self._fault("trailing-comma", place, fix=_instead(place, ""))
            return True
        if isinstance(frame.key, int):
            frame.key += 1
        return False

    def _missing_comma(self, frame: _Frame, end: int) -> None:
        """Reads on where the comma after the value that ended at `end` is all that is missing."""
        keyed = isinstance(frame.container, dict)
        follows = _NEXT_KEY.match(self.text, self.position) if keyed else self._peek() in {*'"{['}
        if not follows:
            closing = "}" if keyed else "]"
            self._stop("expected", self._here(), f'"," or "{closing}"')
        fix = Fix((Edit(end, end, ","),), "safe" if keyed else "unsafe")
        self._fault("missing-comma", (end - 1, end, self._path()), fix=fix)
        if isinstance(frame.key, int):
            frame.key += 1

    def _key(self, frame: _Frame) -> None:
        self._skip_space()
        start = self.position
        if self._peek() != '"':
            frame.key = ""
            self.stack.pop()
            place = self._here()
            self.stack.append(frame)
            self._stop("expected", place, "a key in double quotes")
        key = self._string()
        span = (start, self.position)
        frame.key = key
        if key in frame.keys:
            first = frame.keys[key]
            path = self._path()
            self._fault("duplicate-key", (*first, path), (*span, path), detail=key)
        else:
            frame.keys[key] = span
        self._skip_space()
        if self._peek() != ":":
            self._stop("expected", self._here(), '":"')
        self.position += 1
        self._skip_space()

    def _value(self) -> tuple[Any, bool]:
        """The value that begins here, and whether it is a container that was only opened."""
        self._skip_space()
        sign = self._peek()
        if sign == '"':
            return self._string(), False
        if sign in {"{", "["}:
            return self._open(sign), True
        match = _NUMBER.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            return _number(match), False
        word = self._word_here()
        if word in _WORDS:
            self.position += len(word)
            return _WORDS[word], False
        if word in _FOREIGN_WORDS:
            right = _FOREIGN_WORDS[word]
            place = self._here()
            fix = _instead(place, right, "unsafe" if right == "null" else "safe")
            self._stop("foreign-word", place, right, fix)
        if word not in _CONSTANTS:
            self._stop("expected", self._here(), "a value")
        place = (self.position, self.position + len(word), self._path())
        self._fault("constant", place, detail=word)
        self.position += len(word)
        return float("nan"), False

    def _open(self, sign: str) -> Any:
        start = self.position
        if len(self.stack) == MAX_DEPTH:
            self._stop("too-deep", (start, start + 1, self._path()))
        self.position += 1
        container: Any = {} if sign == "{" else []
        self.stack.append(_Frame(container, start, "" if sign == "{" else 0, {}))
        return container

    def _string(self) -> str:
        start = self.position
        match = _STRING.match(self.text, start)
        if match is None:
            line_end = self.text.find("\n", start) + 1 or len(self.text)
            mark = _CLOSING_TYPOGRAPHIC.search(self.text, start, line_end)
            if mark is not None:
                self._stop("typographic-quote", (*mark.span(), self._path()), mark[0])
            self._stop("open-string", (start, start + 1, self._path()))
        assert match is not None
        self.position = match.end()
        self.string = match.span()
        try:
            value: str = _scanstring(self.text, start + 1, False)[0]
        except JSONDecodeError as error:
            at = min(error.pos, self.position - 1)
            self._fault("bad-escape", (at, at + 1, self._path()))
            return match[0][1:-1]
        control = _CONTROL.search(match[0])
        if control is not None:
            at = start + control.start()
            # A line end is shown as the string up to it: there is nothing to see of itself.
            first, end = (start, at) if control[0] in "\r\n" else (at, at + 1)
            self._fault("control-character", (first, end, self._path()))
        lone = _SURROGATE.search(value)
        if lone is not None:
            span = inside(self.text, start, *lone.span())
            self._fault("lone-surrogate", (*span, self._path()))
        return value

    def _skip_space(self) -> None:
        while True:
            match = _SPACE.match(self.text, self.position)
            assert match is not None
            self.position = match.end()
            comment = _COMMENT.match(self.text, self.position)
            if comment is None:
                return
            self.position = comment.end()
            place = (*comment.span(), self._path()[:-1])
            # What a comment parts must not become one word.
            around = self.text[max(place[0] - 1, 0) : place[0]], self.text[place[1] : place[1] + 1]
            parts = all(sign and sign not in " \t\r\n" for sign in around)
            self._fault("comment", place, fix=_instead(place, " " if parts else ""))

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _word_here(self) -> str:
        match = _WORD.match(self.text, self.position)
        return match[0] if match else self._peek()

    def _here(self) -> Place:
        """The token that should not be here; at the end of the text the last character."""
        if self.position >= len(self.text):
            end = max(len(self.text.rstrip(" \t\n\r")), 1)
            return (end - 1, end, self._path())
        token = _TOKEN.match(self.text, self.position)
        end = token.end() if token is not None else self.position + 1
        return (self.position, end, self._path())

    def _path(self) -> Path:
        return tuple(frame.key for frame in self.stack)

    def _fault(self, kind: str, *places: Place, detail: str = "", fix: Fix | None = None) -> None:
        self.faults.append(TextFault(kind, places, detail, fix))
        if len(self.faults) > MOST_FAULTS:
            raise _Stopped

    def _stop(self, kind: str, place: Place, detail: str = "", fix: Fix | None = None) -> NoReturn:
        """Records the last fault. At the end of the text that is what was left open."""
        if kind == "expected" and self.position >= len(self.text):
            path = self._path()
            opened = [(f.start, f.start + 1, path[:depth]) for depth, f in enumerate(self.stack)]
            kind = "truncated" if opened else "ended"
            self._fault(kind, place, *opened[-1:], detail=detail)
        elif kind == "expected":
            self._fault_of_quotes(place, detail)
        else:
            self._fault(kind, place, detail=detail, fix=fix)
        raise _Stopped

    def _fault_of_quotes(self, place: Place, detail: str) -> None:
        """Something else was expected: often for a quote that is not the quote of JSON."""
        sign = self._peek()
        start, end = self.string
        mark = None
        if not self.text[end : self.position].strip(" \t\n\r"):
            mark = _CLOSING_TYPOGRAPHIC.search(self.text, start, end)
        if sign in _TYPOGRAPHIC:
            fix = _straightened(self.text, place[0])
            self._fault("typographic-quote", place, detail=sign, fix=fix)
        elif sign == "'":
            self._fault("single-quote", place)
        elif mark is not None:
            self._fault("typographic-quote", (*mark.span(), place[2]), detail=mark[0])
        else:
            self._fault("expected", place, detail=detail)


def _instead(place: Place, text: str, safety: Safety = "safe") -> Fix:
    """The fix that writes something in place of what is wrong."""
    return Fix((Edit(place[0], place[1], text),), safety)


def _straightened(text: str, start: int) -> Fix | None:
    """The fix that writes straight quotes around this string and those like it that follow.

    Goes from string to string, so that quotes inside a string stay, and ends where it is not plain
    what a quote belongs to.
    """
    edits: list[Edit] = []
    found = _NEXT_STRING.match(text, start)
    while found is not None:
        if found["typographic"] is not None:
            first, last = found.span("typographic")
            edits += [Edit(first, first + 1, '"'), Edit(last - 1, last, '"')]
        elif not edits:
            return None
        found = _NEXT_STRING.match(text, found.end())
    return Fix(tuple(edits)) if edits else None


def inside(text: str, token: int, start: int, end: int) -> tuple[int, int]:
    """Where characters `[start, end)` of a string's value stand in the text.

    `token` is the offset of the opening quote. An empty range, and one past the end, is the
    character at its place, at worst the closing quote.
    """
    return insides(text, token, [(start, end)])[0]


def insides(text: str, token: int, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """`inside` for many ranges of one string, which is gone through once.

    What stands between two escapes is as long in the text as in the value.
    """
    offsets: dict[int, int] = {}
    value, offset = 0, token + 1  # how far both have been gone through
    escapes = _ESCAPE_OR_END.finditer(text, offset)
    escape = next(escapes, None)
    for index in sorted({index for pair in ranges for index in pair}):
        while escape is not None and value + escape.start() - offset < index:
            if escape[0] == '"':
                break
            value += escape.start() - offset + 1
            offset = escape.end()
            escape = next(escapes, None)
        last = escape.start() if escape is not None and escape[0] == '"' else len(text)
        offsets[index] = min(offset + index - value, last)
    found = []
    for start, end in ranges:
        first, last = offsets[start], offsets[end]
        found.append((first, last) if last > first else (first, first + 1))
    return found


def _number(match: re.Match[str]) -> int | float:
    if match[1] is None and match[2] is None and len(match[0]) < _LONGEST_INTEGER:
        return int(match[0])
    return float(match[0])
