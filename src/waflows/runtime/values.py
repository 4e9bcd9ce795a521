"""JSON values as a phone holds them, and the bounds they are kept in."""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.flowjson.source import too_deep
from waflows.runtime import choices

_EACH = 8


def clean(value: Any) -> Any:
    """A copy of a value that every JSON writer takes and every reader gives back unchanged.

    Numbers become doubles unless they are small integers; lone surrogates are replaced, and keys of
    other types become texts. The value's depth bounds the recursion: check `too_large` first.
    """
    kind = type(value)
    if kind is str:
        return _encodable(value)
    # Most of what there is to copy is plain text, for which a call of its own costs too much.
    if kind is dict:
        return {
            key if type(key) is str and key.isascii() else _key(key): each
            if type(each) is str and each.isascii()
            else clean(each)
            for key, each in value.items()
        }
    if kind is list or kind is tuple:
        return [clean(each) for each in value]
    if kind is float:
        return choices.number(value)
    if kind is int:
        return value if abs(value) < 2**53 else _double(value)
    return value if value is None or kind is bool else str(value)


def too_large(value: Any) -> bool:
    """Whether data is more, or nested deeper, than a screen may hold.

    Bindings can double data with every step, so the check comes before the data is kept.
    """
    return weight(value, choices.LARGEST_DATA) > choices.LARGEST_DATA or too_deep(value)


def is_too_large_a_state(state: Any) -> bool:
    """Whether a flow being played has come to know more than a phone keeps."""
    return weight(state, choices.LARGEST_STATE) > choices.LARGEST_STATE


def weight(value: Any, most: int) -> int:
    """The characters of a value or a Struct, and eight for each value in it.

    Stops counting beyond `most`, so that a value that holds another many times costs little.
    """
    found = 0
    pending = [value]
    while pending and found <= most:
        each = pending.pop()
        found += _EACH
        if isinstance(each, str):
            found += len(each)
        elif isinstance(each, dict):
            pending += each.values()
            found += sum(len(key) if isinstance(key, str) else 1 for key in each)
        elif isinstance(each, list | tuple):
            pending += each
        elif isinstance(each, msgspec.Struct):
            pending += [getattr(each, name) for name in each.__struct_fields__]
        if len(pending) * _EACH > most:
            return most + 1
    return found


def _key(key: Any) -> str:
    return _encodable(key) if type(key) is str else str(key)


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return 0.0
