"""From a submitted form to a Struct."""

from __future__ import annotations

from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

import msgspec

from waflows.errors import InvalidParameter

S = TypeVar("S", bound=msgspec.Struct)

MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000


def read_form(type_: type[S], body: bytes) -> S:
    """A form's fields as a Struct whose fields are texts and lists of texts.

    Fields that the Struct does not know are left alone; a list takes every value that was given.
    Browsers send line breaks of a text area as CRLF; they are read as the line feeds they were.
    Raises InvalidParameter.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
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
            raise InvalidParameter(f"{field.encode_name} must not have a null character in it.")
        values[field.encode_name] = found if get_origin(field.type) is list else found[-1]
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"The form is not complete: {error}.") from None
