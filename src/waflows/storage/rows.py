"""The one translation between rows of a table and Structs.

A Struct names the columns it is read from and written to by its fields, so each name is written
once, and the order of fields and columns does not matter. Texts, numbers and bytes are stored as
they are, truth as 0 or 1, an enumeration by its value, and lists, objects and other Structs as JSON
text. Limits: no relations, no queries; SQL is written where it is used and takes its columns here.
"""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Literal, TypeVar

import msgspec

from waflows.storage.database import Row

T = TypeVar("T", bound=msgspec.Struct)

_PLAIN = (str, int, float, bytes)
_Convert = Callable[[Any], Any]


class Rows(Generic[T]):
    """How rows of one table are read as a Struct, and written from it.

    A field is stored in the column of its name, or in the one that `names` gives. `expressions` are
    fields that are read by SQL of their own and not written. None in a field of `never_null` is
    written as JSON's null.
    """

    def __init__(
        self,
        table: str,
        struct: type[T],
        *,
        names: Mapping[str, str] | None = None,
        expressions: Mapping[str, str] | None = None,
        never_null: Iterable[str] = (),
    ) -> None:
        self.table = table
        self.struct = struct
        self._expressions = dict(expressions or {})
        self._fields = struct.__struct_fields__
        self._names = dict(zip(self._fields, self._fields, strict=True)) | dict(names or {})
        never = frozenset(never_null)
        for name in (*self._names, *self._expressions, *never):
            if name not in self._fields:
                raise TypeError(f"{struct.__name__} has no field {name}.")
        self._written = tuple(name for name in self._fields if name not in self._expressions)
        self.columns = self._columns(self._written)
        """The columns that a Struct is written to."""
        converters = {
            field.name: _converters(field.type, f"{struct.__name__}.{field.name}")
            for field in msgspec.structs.fields(struct)
        }
        self._encoders = {
            name: encode if name in never else _but_none(encode)
            for name, (encode, _) in converters.items()
            if encode is not None
        }
        self._decoders = [
            (name, decode) for name, (_, decode) in converters.items() if decode is not None
        ]
        # Structs without anything to decode, as long lists have, are made twice as quickly.
        self._is_plain = not self._decoders and all(
            one.kind is one.POSITIONAL_OR_KEYWORD
            for one in inspect.signature(struct).parameters.values()
        )
        self.listed = self.of("")
        """The columns, to be selected or returned."""
        self.select = f"SELECT {self.listed} FROM {table}"

    def of(self, alias: str) -> str:
        """The columns of a table that a query gives another name."""
        prefix = f"{alias}." if alias else ""
        return ", ".join(
            self._expressions.get(name, prefix + self._names[name]) for name in self._fields
        )

    def insert(self, *more: str) -> str:
        """The statement that adds a row: the Struct's columns, then some more."""
        columns = (*self.columns, *more)
        marks = ", ".join("?" * len(columns))
        return f"INSERT INTO {self.table} ({', '.join(columns)}) VALUES ({marks})"

    def assignments(self, *fields: str) -> str:
        """What follows SET to write some fields, or all of them."""
        return ", ".join(f"{name} = ?" for name in self._columns(fields or self._written))

    def replacements(self, *fields: str) -> str:
        """What follows DO UPDATE SET to write some fields of the row that was to be added."""
        return ", ".join(f"{name} = excluded.{name}" for name in self._columns(fields))

    def values(self, value: T, *fields: str) -> list[Any]:
        """The values to be written for some fields, or for all of them."""
        return [
            self._encoders[name](getattr(value, name))
            if name in self._encoders
            else getattr(value, name)
            for name in fields or self._written
        ]

    def read(self, row: Row) -> T:
        """A row with these columns as a Struct."""
        if self._is_plain and len(row) == len(self._fields):
            return self.struct(*row)
        values = dict(zip(self._fields, row, strict=True))
        for name, decode in self._decoders:
            values[name] = decode(values[name])
        return self.struct(**values)

    def find(self, row: Row | None) -> T | None:
        """The row that a query found, if it found one."""
        return None if row is None else self.read(row)

    def all(self, rows: Iterable[Row]) -> list[T]:
        """Every row of an answer."""
        return [self.read(row) for row in rows]

    def _columns(self, fields: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._names[name] for name in fields)


def _converters(kind: Any, where: str) -> tuple[_Convert | None, _Convert | None]:
    """How values of a type are encoded and decoded; None for as they are."""
    given, kind = kind, _without_none(kind)
    origin = typing.get_origin(kind) or kind
    if origin is Literal or origin in _PLAIN:
        return None, None
    if origin is bool:
        return int, _if_optional(given, kind, bool)
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return (lambda member: member.value), _if_optional(given, kind, origin)
    if origin in (list, dict) or (isinstance(origin, type) and issubclass(origin, msgspec.Struct)):
        return _as_json, _but_none(msgspec.json.Decoder(given).decode)
    raise TypeError(f"{where} has a type that no column can hold: {kind}.")


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    left = [each for each in typing.get_args(kind) if each is not type(None)]
    return left[0] if len(left) == 1 else typing.Union[tuple(left)]  # noqa: UP007


def _if_optional(given: Any, kind: Any, decode: _Convert) -> _Convert:
    """A decoder of a type that may be None; where it may not, the step is saved."""
    return decode if given is kind else _but_none(decode)


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _but_none(convert: _Convert) -> _Convert:
    return lambda value: None if value is None else convert(value)
