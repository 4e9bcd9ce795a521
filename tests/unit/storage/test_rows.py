"""The translation between rows and Structs: nothing is taken for something else, or left out."""

from __future__ import annotations

import enum
import importlib
import pkgutil
import sqlite3
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from harness.databases import new_sqlite
from harness.servers import opened
from hypothesis import given
from hypothesis import strategies as st

import waflows.storage
from waflows.storage import migrate
from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class Colour(enum.StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct, frozen=True):
    """A Struct within another."""

    name: str
    count: int = 0


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A field of every kind that a column can hold."""

    account_id: str
    id: str
    count: int
    flag: bool
    maybe: bool | None
    colour: Colour
    kind: Literal["a", "b"]
    data: bytes | None
    tags: list[str]
    reach: list[str] | None
    part: Part | None
    fields: dict[str, Any]


_SQL = (
    "CREATE TABLE things (reach TEXT NOT NULL, fields TEXT, part TEXT, tags TEXT, data BYTEA,"
    " kind TEXT, colour TEXT, maybe INTEGER, flag INTEGER, count BIGINT, id TEXT, account_id TEXT)"
)
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_THINGS = st.builds(
    Thing,
    account_id=_TEXT,
    id=_TEXT,
    count=st.integers(-(2**62), 2**62),
    flag=st.booleans(),
    maybe=st.none() | st.booleans(),
    colour=st.sampled_from(Colour),
    kind=st.sampled_from(["a", "b"]),
    data=st.none() | st.binary(min_size=1),
    tags=st.lists(_TEXT),
    reach=st.none() | st.lists(_TEXT),
    part=st.none() | st.builds(Part, _TEXT, st.integers(0, 9)),
    fields=st.dictionaries(_TEXT, _TEXT | st.booleans() | st.none()),
)
_ROWS = Rows("things", Thing, never_null=["reach"])


@pytest.fixture(scope="module")
def connection() -> sqlite3.Connection:
    """A table whose columns stand in another order than the fields."""
    connection = sqlite3.connect(":memory:")
    connection.execute(_SQL)
    return connection


@given(thing=_THINGS)
def test_what_is_written_is_read_again_whatever_the_order_of_columns(
    connection: sqlite3.Connection, thing: Thing
) -> None:
    connection.execute("DELETE FROM things")
    connection.execute(_ROWS.insert(), _ROWS.values(thing))

    assert _ROWS.all(connection.execute(_ROWS.select)) == [thing]
    assert _ROWS.all(connection.execute(f"SELECT {_ROWS.of('t')} FROM things t")) == [thing]


def test_some_fields_are_written_alone(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM things")
    first = Thing(
        account_id="a",
        id="1",
        count=1,
        flag=False,
        maybe=None,
        colour=Colour.RED,
        kind="a",
        data=None,
        tags=[],
        reach=None,
        part=None,
        fields={},
    )
    changed = msgspec.structs.replace(first, flag=True, colour=Colour.BLUE, tags=["x"])
    connection.execute(_ROWS.insert(), _ROWS.values(first))
    some = ("flag", "colour", "tags")
    connection.execute(
        f"UPDATE things SET {_ROWS.assignments(*some)}", _ROWS.values(changed, *some)
    )

    assert _ROWS.all(connection.execute(_ROWS.select)) == [changed]


def test_a_field_without_a_column_fails_at_the_first_query(connection: sqlite3.Connection) -> None:
    class Grown(Thing, frozen=True, kw_only=True):
        added: str = ""

    grown = Rows("things", Grown, never_null=["reach"])
    with pytest.raises(sqlite3.OperationalError, match="no such column: added"):
        connection.execute(grown.select)
    with pytest.raises(sqlite3.OperationalError, match="no column named added"):
        connection.execute(grown.insert(), [None] * len(grown.columns))


def test_a_row_of_another_length_is_refused_even_where_fields_have_defaults() -> None:
    rows = Rows("parts", Part)
    assert rows.read(("a", 1)) == Part("a", 1)
    for row in (("a",), ("a", 1, 2)):
        with pytest.raises(ValueError, match="zip"):
            rows.read(row)


def test_a_type_that_no_column_can_hold_and_a_name_that_is_no_field_are_refused() -> None:
    class Odd(msgspec.Struct):
        where: Path

    class Mixed(msgspec.Struct):
        either: int | list[str]

    with pytest.raises(TypeError, match=r"Odd\.where has a type that no column can hold"):
        Rows("things", Odd)
    with pytest.raises(TypeError, match=r"Mixed\.either has a type that no column can hold"):
        Rows("things", Mixed)
    with pytest.raises(TypeError, match="Part has no field colour"):
        Rows("things", Part, names={"colour": "paint"})
    with pytest.raises(TypeError, match="Part has no field colour"):
        Rows("things", Part, never_null=["colour"])
    with pytest.raises(KeyError, match="colour"):
        Rows("things", Part).assignments("colour")


def _all_rows() -> dict[str, Rows[Any]]:
    """Every translation that the product has."""
    found = {}
    for module in pkgutil.iter_modules(waflows.storage.__path__):
        loaded = importlib.import_module(f"waflows.storage.{module.name}")
        for name, value in vars(loaded).items():
            if isinstance(value, Rows):
                found[f"{module.name}.{name}"] = value
    return found


def test_every_struct_of_storage_has_its_columns(tmp_path: Path) -> None:
    translations = _all_rows()
    assert len(translations) > 15

    def columns(tx: Transaction, table: str) -> set[str]:
        return {row[1] for row in tx.all(f"PRAGMA table_info({table})")}

    with opened(new_sqlite(tmp_path)) as db:
        migrate.upgrade(db)
        for name, rows in translations.items():
            assert set(rows.columns) <= db.read_now(columns, rows.table), name
