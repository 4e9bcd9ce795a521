"""Text in, plain values out, and what is wrong with the text as JSON.

A sound document is read by the C decoder and costs little more than `json.loads`. Only when that
decoder stumbles, or something it would let pass is met (duplicate keys, NaN, lone surrogates), is
the text read again by `scanner`, which knows where everything stands and reads on past small
faults.

Brackets and commas are counted before anything is decoded: ten megabytes of `[],` would be some
three million arrays, and hundreds of megabytes of memory.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from waflows import bounds
from waflows.flowjson import scanner
from waflows.flowjson.scanner import MAX_DEPTH, TextFault
from waflows.flowjson.spec.objects import MAX_BYTES, MAX_VALUES

BYTE_ORDER_MARK = "\ufeff"
_SURROGATE_ESCAPE = re.compile(
    r"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)


class Source(msgspec.Struct, frozen=True):
    """A text that was read.

    `text` is without its byte order mark. `readable` is false when no value could be made of it;
    `value` is then None.
    """

    text: str
    value: Any
    readable: bool
    faults: tuple[TextFault, ...] = ()


def read(given: str | bytes) -> Source:
    """Reads a document of any size and form. Raises nothing."""
    decoded = _decode(given)
    if isinstance(decoded, Source):
        return decoded
    text = decoded.removeprefix(BYTE_ORDER_MARK)
    if too_many(text):
        return Source(text, None, False, (TextFault("too-many-values", ((0, 1, ()),)),))
    suspicious = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal suspicious
        made = dict(found)
        if len(made) != len(found):
            suspicious = True
        return made

    def constant(name: str) -> float:
        nonlocal suspicious
        suspicious = True
        return float(name.replace("Infinity", "inf"))

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        return _carefully(text)
    if suspicious or _has_lone_surrogate(text) or (_may_be_deep(text) and too_deep(value)):
        return _carefully(text)
    return Source(text, value, True)


def _decode(given: str | bytes) -> str | Source:
    if isinstance(given, str):
        size = len(given) if len(given) > MAX_BYTES else _utf8_length(given)
        if size > MAX_BYTES:
            return Source(given.removeprefix(BYTE_ORDER_MARK), None, False, (_too_large(size),))
        return given
    if len(given) > MAX_BYTES:
        text = given.decode("utf-8", "replace").removeprefix(BYTE_ORDER_MARK)
        return Source(text, None, False, (_too_large(len(given)),))
    try:
        return given.decode("utf-8")
    except UnicodeDecodeError as error:
        before = given[: error.start].decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        text = given.decode("utf-8", "replace").removeprefix(BYTE_ORDER_MARK)
        at = len(before)
        return Source(text, None, False, (TextFault("not-utf-8", ((at, at + 1, ()),)),))


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _too_large(size: int) -> TextFault:
    return TextFault("too-large", ((0, 1, ()),), str(size))


def _has_lone_surrogate(text: str) -> bool:
    if "\\ud" in text or "\\uD" in text:
        return _SURROGATE_ESCAPE.search(text) is not None
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def too_many(text: str) -> bool:
    """Whether a text has more values than the limit, as JSON and as far as it is JSON."""
    if len(text) <= MAX_VALUES:
        return False
    return bounds.holds_more_values(text.encode("utf-8", "surrogatepass"), MAX_VALUES)


def _may_be_deep(text: str) -> bool:
    """Whether there are brackets enough to nest deeper than the limit. Most texts have fewer."""
    return text.count("{") + text.count("[") > MAX_DEPTH


def too_deep(value: Any) -> bool:
    """Whether arrays and objects are nested deeper than the limit."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for container in level:
            kind = type(container)
            if kind is dict:
                inner += [v for v in container.values() if type(v) is dict or type(v) is list]
            elif kind is list:
                inner += [v for v in container if type(v) is dict or type(v) is list]
        if not inner:
            return False
        level = inner
    return True


def _carefully(text: str) -> Source:
    scan = scanner.scan(text)
    return Source(text, scan.value, scan.readable, scan.faults)
