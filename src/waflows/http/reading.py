"""Decode queries and bodies to Structs, with errors that say what is expected."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, inspect

from waflows import json_errors
from waflows.errors import InvalidMessage, InvalidParameter, InvalidRequest, OutOfRange

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

WholeNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A number that a client repeats or counts. No larger one is the same in every JSON library, and
neither database holds one above 2**63."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_LONGEST_INTEGER = 15
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_AT = re.compile(r" - at `\$\.?(.*)`$")
_GOT = re.compile(r"got `([a-z]+)`")
_BAD_ENUM = re.compile(r"Invalid enum value '(.*)'", re.DOTALL)
_HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
# An escape, and not an escaped backslash before the same letters.
_NULL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MISSING = re.compile(r"Object missing required field `(.*?)`")
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_LONGEST_QUOTE = 60
_LONGEST_PATH = 200
# Finding the place of an error takes many times the memory and the time of the first reading.
_MOST_READ_AGAIN = 1024 * 1024
_BLOCK = 1024 * 1024


def read_query(type_: type[S], raw: bytes) -> S:
    """Decodes a query string to a Struct; unknown parameters are ignored.

    The first of repeated parameters counts. Raises InvalidParameter for the wrong form,
    OutOfRange for a number outside its limits.
    """
    given: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        given.setdefault(name, value)
    values = {
        field.name: _from_text(field.encode_name, field.type, given[field.encode_name])
        for field in msgspec.structs.fields(type_)
        if field.encode_name in given
    }
    return type_(**values)


def read_body(type_: type[T], body: bytes) -> T:
    """Decodes a JSON body to a Struct or a list; an empty body counts as `{}` if that is valid.

    Raises InvalidParameter, naming the field and what it must be. For a field whose type says
    `Meta(extra={"missing": problem})`, InvalidMessage is raised with that problem when the field is
    missing or has a value of another type.
    """
    # msgspec does not look into strings that it skips.
    _check_encoding(body)
    try:
        if may_be_left_out(type_) and not body:
            body = b"{}"
        decoded = msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), type_) from None
    except msgspec.DecodeError as error:
        raise InvalidParameter(
            f"The request body is not valid JSON: {_describe_error(body, error)}."
        ) from None
    except RecursionError:
        raise InvalidParameter("The request body is nested too deeply.") from None
    _refuse_near_misses(type_, body)
    if rb"\u0000" in body and _NULL.search(body):
        _refuse_null_characters(decoded)
    return decoded


def _check_encoding(body: bytes) -> None:
    """Raises InvalidParameter for a body that is not UTF-8.

    Decodes in blocks: if decoded as a whole, one emoji would make each letter take four bytes.
    """
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(body), _BLOCK):
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(body[start : start + _BLOCK], start + _BLOCK >= len(body))
        except UnicodeDecodeError as error:
            at = start - kept + error.start
            raise InvalidParameter(
                f"The request body must be UTF-8 text, which it is not from byte {at} on."
            ) from None


def null_character(name: str) -> InvalidParameter:
    """Makes the error for text that not every database can store."""
    return InvalidParameter(f"{name} must not have a null character in it.")


def may_be_left_out(type_: Any) -> bool:
    """Whether a body can be left out: it is a Struct whose fields all have defaults."""
    info = inspect.type_info(type_)
    return isinstance(info, inspect.StructType) and not any(one.required for one in info.fields)


def describe(type_: Any) -> str:
    """Describes in words what a value of a type must be."""
    return _describe(inspect.type_info(type_))


def _from_text(name: str, type_: Any, text: str) -> Any:
    info = _unwrap(inspect.type_info(type_))
    wrong = f"{name} must be {_describe(info)}, not {_quote(text)}."
    if "\0" in text:
        raise null_character(name)
    value: Any = text
    if isinstance(info, inspect.IntType):
        if not _INTEGER.fullmatch(text):
            raise InvalidParameter(wrong)
        if len(text) > _LONGEST_INTEGER:
            raise OutOfRange(wrong)
        value = int(text)
    elif isinstance(info, inspect.BoolType):
        if text.lower() not in _BOOLEANS:
            raise InvalidParameter(wrong)
        value = _BOOLEANS[text.lower()]
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        kind = OutOfRange if isinstance(info, inspect.IntType) else InvalidParameter
        raise kind(wrong) from error


def _refusal(problem: str, type_: Any) -> InvalidRequest:
    at = _AT.search(problem)
    path = at[1] if at else ""
    if missing := _MISSING.search(problem):
        path = f"{path}.{missing[1]}" if path else missing[1]
        message = f"{path} is required: {_describe(_info_at(type_, path))}."
    else:
        got = ""
        if bad := _BAD_ENUM.search(problem):
            got = f", not {_quote(bad[1])}"
        elif found := _GOT.search(problem):
            got = f", not {_WORDS.get(found[1], found[1])}"
        message = f"{path or 'The request body'} must be {_describe(_info_at(type_, path))}{got}."
    info = _info_at(type_, path)
    if isinstance(info, inspect.Metadata) and info.extra and "missing" in info.extra:
        return InvalidMessage(info.extra["missing"], message)
    return InvalidParameter(message)


def _info_at(type_: Any, path: str) -> inspect.Type:
    info: inspect.Type = inspect.type_info(type_)
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        info = _unwrap(info)
        if isinstance(info, inspect.StructType):
            found = [field.type for field in info.fields if field.encode_name == step]
            info = found[0] if found else inspect.AnyType()
        elif isinstance(info, inspect.ListType):
            info = info.item_type
    return info


def _unwrap(info: inspect.Type) -> inspect.Type:
    """The type itself, without notes on it and without None beside it."""
    if isinstance(info, inspect.Metadata):
        return _unwrap(info.type)
    if isinstance(info, inspect.UnionType):
        rest = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        return _unwrap(rest[0])
    return info


def _describe(info: inspect.Type) -> str:
    info = _unwrap(info)
    match info:
        case inspect.IntType(ge=low, le=high) if low is not None and high is not None:
            return f"an integer from {low} to {high}"
        case inspect.IntType():
            return "an integer"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "a string"
        case inspect.EnumType(cls=cls):
            return "one of " + ", ".join(str(member.value) for member in cls)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.ListType(item_type=item, max_length=int(most)):
            return f"a list of at most {most}, each item {_describe(item)}"
        case inspect.ListType(item_type=item):
            return f"a list, each item {_describe(item)}"
        case _:
            return "a JSON object"


def _describe_error(text: bytes, error: msgspec.DecodeError) -> str:
    """Describes what is wrong with JSON text, and where if that is known.

    The standard library's parser reports lines and columns, as editors do.
    """
    if not text or text.isspace():
        return "it is empty"
    if text.startswith(codecs.BOM_UTF8):
        return "it begins with a byte order mark; leave that out"
    try:
        if len(text) <= _MOST_READ_AGAIN:
            json.loads(text.decode())
    except json.JSONDecodeError as found:
        return json_errors.describe(found)
    except (RecursionError, ValueError):
        pass
    if _HALF_A_PAIR.search(text):
        return r"a \u escape is one half of a surrogate pair"
    return str(error).removeprefix("JSON is malformed: ")


def _refuse_null_characters(decoded: Any) -> None:
    """Raises InvalidParameter for a null character in a decoded value, with its path.

    Visits the values without copying them; only the path of the current one is kept.
    """
    # The values still to come at each level, and the steps that led to the levels below the first.
    levels = [iter([("", decoded)])]
    steps: list[str] = []
    while levels:
        step, value = next(levels[-1], ("", None))
        if value is None and not step:
            levels.pop()
            del steps[-1:]
            continue
        if "\0" in step:
            raise null_character(f"A name in {_path(steps) or 'the request body'}")
        if isinstance(value, str):
            if "\0" in value:
                raise null_character(_path([*steps, step]) or "The request body")
        elif (within := _within(value)) is not None:
            levels.append(within)
            steps.append(step)


def _within(value: Any) -> Iterator[tuple[str, Any]] | None:
    """The values in a decoded value, each with the step that leads to it; None for a scalar."""
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return ((f".{step}", getattr(value, name)) for step, name in names)
    if isinstance(value, dict):
        return ((f".{name}", one) for name, one in value.items())
    if isinstance(value, list | tuple):
        return ((f"[{place}]", one) for place, one in enumerate(value))
    return None


def _path(steps: list[str]) -> str:
    return "".join(steps).removeprefix(".")[:_LONGEST_PATH]


def _refuse_near_misses(type_: Any, body: bytes) -> None:
    """Raises InvalidParameter for a field that differs from a known one by case or separators.

    8x8 ignores unknown fields; ignoring `endpointUri` for `endPointUri` would lose what the client
    intended.
    """
    _refuse_near_misses_in(inspect.type_info(type_), body)


def _refuse_near_misses_in(info: inspect.Type, value: bytes | msgspec.Raw) -> None:
    """The same for a value of any type; its depth is that of the type."""
    info = _unwrap(info)
    if not isinstance(info, inspect.ListType | inspect.StructType):
        # A long text is not copied for this.
        return
    raw = bytes(value) if isinstance(value, msgspec.Raw) else value
    if raw == b"null":
        return
    if isinstance(info, inspect.ListType):
        for item in msgspec.json.decode(raw, type=list[msgspec.Raw]):
            _refuse_near_misses_in(info.item_type, item)
        return
    fields = {field.encode_name: field.type for field in info.fields}
    known = {_skeleton(name): name for name in fields}
    for name, value in msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).items():
        meant = known.get(_skeleton(name))
        if meant is not None and name not in fields:
            raise InvalidParameter(f"Unknown field {_quote(name)}; the field is spelled {meant!r}.")
        if name in fields:
            _refuse_near_misses_in(fields[name], value)


def _skeleton(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _quote(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…")
