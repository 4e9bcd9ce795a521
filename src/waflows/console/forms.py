"""Decoding submitted forms into Structs."""

from __future__ import annotations

from typing import Any, TypeVar, get_origin
from urllib.parse import unquote_to_bytes

import msgspec

from waflows.errors import InvalidParameter, PayloadTooLarge
from waflows.http import limits, reading
from waflows.http.limits import BodyLimit

S = TypeVar("S", bound=msgspec.Struct)

MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000
_BLOCK = 64 * 1024


def read_form(type_: type[S], body: bytes, limit: BodyLimit = limits.FLOW_JSON) -> S:
    """Decodes a form into a Struct whose fields are texts and lists of texts.

    Fields that the Struct does not have are ignored; a list gets every value of its name.
    Browsers send the line breaks of a text area as CRLF; they are converted back to line feeds.
    Raises InvalidParameter, and PayloadTooLarge for too many fields or too much text.
    """
    limits.check_text(len(body) - 2 * body.count(b"%"), limit)
    if body.count(b"&") >= _MOST_FIELDS:
        raise PayloadTooLarge(f"The form has too many fields: at most {_MOST_FIELDS} are read.")
    try:
        pairs = [_pair(field) for field in body.split(b"&") if field]
    except ValueError:
        raise InvalidParameter("The form could not be read: it must be UTF-8 text.") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value.replace("\r\n", "\n"))
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(type_):
        if field.encode_name not in given:
            continue
        found = given[field.encode_name]
        if any("\0" in value for value in found):
            raise reading.null_character(field.encode_name)
        values[field.encode_name] = found if get_origin(field.type) is list else found[-1]
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"The form is not complete: {error}.") from None


def _pair(field: bytes) -> tuple[str, str]:
    name, _, value = field.partition(b"=")
    return _plain(name), _plain(value)


def _plain(text: bytes) -> str:
    """Unescapes a name or a value.

    It works in blocks: the standard library creates an object for each escape, which for ten
    million of them takes a gigabyte.
    """
    if len(text) <= _BLOCK:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    parts = []
    at = 0
    while at < len(text):
        end = min(at + _BLOCK, len(text))
        # An escape is three bytes long and must not be cut in two.
        cut = text.rfind(b"%", max(end - 2, at + 1), end)
        end = end if cut < 0 or end == len(text) else cut
        parts.append(unquote_to_bytes(text[at:end].replace(b"+", b" ")))
        at = end
    return b"".join(parts).decode()
