"""Submissions as files: CSV for spreadsheets, one line of JSON each for programs.

A file of any length is made in parts, each read in a short transaction of its own, newest first;
so neither memory nor a long-held snapshot grows with it. Each submission that was there at the
beginning comes once, unless it is deleted before its turn.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from waflows.services.submissions import submissions
from waflows.services.submissions.views import SubmissionView, view
from waflows.storage import submissions as store
from waflows.storage.database import Database, Transaction
from waflows.storage.submissions import Position, Selection

_BATCH = 500
_FIXED = tuple(
    field.encode_name for field in msgspec.structs.fields(SubmissionView) if field.name != "fields"
)
_OTHER = "otherFields"
_BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet may take for a formula, full-width forms too; a plain number computes nothing.
_SIGNS = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_NUMBER = r"[+-]?[0-9]+(?:[.,][0-9]+)*"
# A spreadsheet that parts cells at semicolons or tabs knows no quotes in the middle of a cell, so
# for it a new cell begins at each of these, and a new row with a new line.
_BREAK = re.compile(r"[;\t\r\n]")
_FORMULA = re.compile(
    rf"(\A|[;\t\r\n])(?=\s*{_SIGNS})(?!\s*{_NUMBER}\s*(?:[;\t\r\n]|\Z))|\A(?=[\t\r\n])"
)
_PARTING = re.compile(rf";(?=\s*{_SIGNS})")


class Part(msgspec.Struct, frozen=True):
    """Some of a file, and where the next part begins; None at the end."""

    data: bytes
    next_after: Position | None


class Format(msgspec.Struct, frozen=True):
    """A kind of file: what it begins with, and how submissions are written into it."""

    content_type: str
    begin: Callable[[Sequence[str]], str]
    write: Callable[[list[SubmissionView], Sequence[str]], str]


def part(
    tx: Transaction,
    account_id: str,
    selection: Selection,
    after: Position | None,
    fields: Sequence[str],
    format_: Format,
    *,
    masked: bool,
) -> Part:
    """The next part of a file; `fields` have a column in it, as was settled when it was begun."""
    found = store.page(tx, account_id, selection, after, _BATCH)
    text = format_.write([view(each, masked=masked) for each in found], fields)
    if after is None:
        text = format_.begin(fields) + text
    last = store.place_of(found[-1]) if len(found) == _BATCH else None
    return Part(text.encode("utf-8"), last)


async def begin(
    db: Database, account_id: str, selection: Selection, format_: Format, *, masked: bool
) -> AsyncIterator[bytes]:
    """A file of every selected submission, part by part as it is read.

    The first part is read at once, so that an error is raised before anything is sent.
    """
    columns = await db.read_slow(submissions.columns, account_id, selection)

    async def read(after: Position | None) -> Part:
        return await db.read_slow(
            part, account_id, selection, after, columns, format_, masked=masked
        )

    return _rest(await read(None), read)


async def _rest(
    current: Part, read: Callable[[Position | None], Awaitable[Part]]
) -> AsyncIterator[bytes]:
    yield current.data
    while current.next_after is not None:
        current = await read(current.next_after)
        yield current.data


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; an apostrophe stands before what it might."""
    # Nearly every text begins with a letter or a digit and has no part that could be a cell.
    if text[:1].isalnum() and not _BREAK.search(text):
        return text
    return _FORMULA.sub(r"\1'", text)


def _csv_head(fields: Sequence[str]) -> str:
    taken = {*_FIXED, _OTHER}
    names = [f"fields.{name}" if name in taken else name for name in fields]
    return _csv([[*_FIXED, *(harmless(name) for name in names), _OTHER]])


def _csv_rows(views: list[SubmissionView], fields: Sequence[str]) -> str:
    known = frozenset(fields)
    return _csv([_row(each, fields, known) for each in views])


def _row(shown: SubmissionView, fields: Sequence[str], known: frozenset[str]) -> list[str]:
    *values, given = msgspec.structs.astuple(shown)
    cells = [_cell(value) for value in [*values, *map(given.get, fields)]]
    others = {name: value for name, value in given.items() if name not in known}
    cells.append(_cell(others) if others else "")
    return cells


def _cell(value: Any) -> str:
    """A value as a cell: text as it is, a list of words with semicolons, the rest as JSON."""
    if isinstance(value, str):
        return harmless(value)
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return harmless("; ".join(value))
    # In JSON, which stays the same for whoever reads it.
    return _PARTING.sub(r"\\u003b", msgspec.json.encode(value).decode())


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _json_lines(views: list[SubmissionView], _: Sequence[str]) -> str:
    return msgspec.json.Encoder().encode_lines(views).decode()


CSV = Format("text/csv; charset=utf-8; header=present", _csv_head, _csv_rows)
CSV_FOR_SPREADSHEETS = Format(
    CSV.content_type, lambda fields: _BYTE_ORDER_MARK + _csv_head(fields), _csv_rows
)
"""The same with a byte order mark, without which Excel takes UTF-8 for something else."""
JSON_LINES = Format("application/jsonl", lambda _: "", _json_lines)
