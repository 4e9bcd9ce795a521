"""Queries on flows and the revisions of their JSON."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from waflows.flowjson.diagnostics import Diagnostic
from waflows.storage import packing
from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class Status(enum.StrEnum):
    """The status of a flow."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    DEPRECATED = "DEPRECATED"


StatusName = Literal["DRAFT", "PUBLISHED", "DEPRECATED"]


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow without its JSON.

    `position` orders the flows of a channel, oldest lowest. `revision` is the number of its
    current Flow JSON, 0 when it has none. Times are milliseconds since the epoch.
    """

    account_id: str
    id: str
    channel_id: str
    position: int
    name: str
    status: Status
    categories: list[str]
    endpoint_uri: str | None
    application_id: str | None
    revision: int
    created_at: int
    updated_at: int
    preview_nonce: str | None = None
    preview_expires_at: int | None = None


class FlowSummary(msgspec.Struct, frozen=True):
    """A flow as a list shows it."""

    id: str
    name: str
    status: StatusName


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as a row of the console's table.

    `json_version` is the version its Flow JSON declares, None without a usable version or
    without Flow JSON. Time in milliseconds since the epoch.
    """

    id: str
    channel_id: str
    name: str
    status: StatusName
    revision: int
    json_version: str | None
    updated_at: int


class Revision(msgspec.Struct, frozen=True, rename="camel"):
    """One version of a flow's JSON, without the text."""

    revision: int
    bytes: int
    sha256: str
    created_at: int


class Checked(msgspec.Struct, frozen=True):
    """What was found in a Flow JSON: the version it was read by, None for no object; the findings.

    `has_endpoint` says whether it names a data endpoint; None for a revision that was stored before
    that was looked for.
    """

    version: str | None
    findings: list[Diagnostic]
    has_endpoint: bool | None = None


class StoredText(msgspec.Struct, frozen=True):
    """The text of a revision as its row has it: empty where there is a compressed form of it."""

    text: str
    packed: bytes | None


class Selection(msgspec.Struct, frozen=True):
    """A filter on the flows of a channel."""

    status: str | None = None
    name_contains: str | None = None

    @property
    def narrows(self) -> bool:
        """Whether any flow might be left out."""
        return self.status is not None or bool(self.name_contains)


_FLOWS = Rows("flows", Flow)
_SUMMARIES = Rows("flows", FlowSummary)
_TABLE = Rows("flows", TableRow, expressions={"json_version": "r.json_version"})
_REVISIONS = Rows("flow_revisions", Revision)
_CHECKED = Rows("flow_revisions", Checked, names={"version": "json_version", "findings": "faults"})
_STORED = Rows("flow_revisions", StoredText, names={"text": "flow_json"})
_CHANGEABLE = (
    "name",
    "status",
    "categories",
    "endpoint_uri",
    "application_id",
    "revision",
    "updated_at",
    "preview_nonce",
    "preview_expires_at",
)


def insert(tx: Transaction, flow: Flow) -> bool:
    """Adds a flow; False when its id or its name is taken."""
    return bool(
        tx.execute(
            f"{_FLOWS.insert('name_folded')} ON CONFLICT DO NOTHING",
            *_FLOWS.values(flow),
            flow.name.casefold(),
        )
    )


def save(tx: Transaction, flow: Flow) -> None:
    """Writes every changeable column of a flow that exists."""
    tx.execute(
        f"UPDATE flows SET {_FLOWS.assignments(*_CHANGEABLE)}, name_folded = ?"
        " WHERE account_id = ? AND id = ?",
        *_FLOWS.values(flow, *_CHANGEABLE),
        flow.name.casefold(),
        flow.account_id,
        flow.id,
    )


def delete(tx: Transaction, account_id: str, flow_id: str) -> int:
    """Deletes a flow with all its revisions; returns the bytes they had."""
    freed = tx.all(
        "DELETE FROM flow_revisions WHERE account_id = ? AND flow_id = ? RETURNING bytes",
        account_id,
        flow_id,
    )
    tx.execute("DELETE FROM flows WHERE account_id = ? AND id = ?", account_id, flow_id)
    return sum(row[0] for row in freed)


def find(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow | None:
    """The flow, if the channel has it."""
    row = tx.one(
        f"{_FLOWS.select} WHERE account_id = ? AND id = ? AND channel_id = ?",
        account_id,
        flow_id,
        channel_id,
    )
    return _FLOWS.find(row)


def find_in_account(tx: Transaction, account_id: str, flow_id: str) -> Flow | None:
    """The flow, in whichever channel of the account."""
    row = tx.one(f"{_FLOWS.select} WHERE account_id = ? AND id = ?", account_id, flow_id)
    return _FLOWS.find(row)


def find_by_id(tx: Transaction, flow_id: str) -> Flow | None:
    """Returns a flow of any account, for links, whose token then proves the right to it."""
    row = tx.one(f"{_FLOWS.select} WHERE id = ?", flow_id)
    return _FLOWS.find(row)


def name_is_taken(
    tx: Transaction, account_id: str, channel_id: str, name: str, by_other_than: str
) -> bool:
    """Whether another flow of the channel has this name."""
    row = tx.one(
        "SELECT 1 FROM flows WHERE account_id = ? AND channel_id = ? AND name = ? AND id <> ?",
        account_id,
        channel_id,
        name,
        by_other_than,
    )
    return row is not None


def page(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    selection: Selection,
    below: int | None,
    limit: int,
) -> list[tuple[int, FlowSummary]]:
    """Up to `limit` flows below a position, newest first, each with its position."""
    where, parameters = _where(account_id, channel_id, selection)
    if below is not None:
        where += " AND position < ?"
        parameters.append(below)
    rows = tx.all(
        f"SELECT position, {_SUMMARIES.listed} FROM flows WHERE {where}"
        " ORDER BY position DESC LIMIT ?",
        *parameters,
        limit,
    )
    return [(row[0], _SUMMARIES.read(row[1:])) for row in rows]


def count(tx: Transaction, account_id: str, channel_id: str, selection: Selection) -> int:
    """Counts the selected flows of a channel."""
    where, parameters = _where(account_id, channel_id, selection)
    row = tx.one(f"SELECT COUNT(*) FROM flows WHERE {where}", *parameters)
    assert row is not None, "a count answers one row"
    return int(row[0])


def table(
    tx: Transaction,
    account_id: str,
    channel_ids: list[str],
    selection: Selection,
    skip: int,
    limit: int,
) -> list[TableRow]:
    """Up to `limit` flows of some channels after the first `skip`, newest first."""
    where, parameters = _where_any(account_id, channel_ids, selection)
    # Within one channel the index on positions gives the order; several must be sorted.
    order = "position DESC" if len(channel_ids) == 1 else "created_at DESC, id DESC"
    rows = tx.all(
        f"SELECT {_TABLE.of('f')} FROM"
        " (SELECT account_id, id, channel_id, name, status, revision, updated_at, position,"
        f" created_at FROM flows WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?) f"
        " LEFT JOIN flow_revisions r ON r.account_id = f.account_id AND r.flow_id = f.id"
        f" AND r.revision = f.revision ORDER BY {_qualified(order)}",
        *parameters,
        limit,
        skip,
    )
    return _TABLE.all(rows)


def count_any(
    tx: Transaction, account_id: str, channel_ids: list[str], selection: Selection
) -> int:
    """Counts the selected flows of some channels."""
    where, parameters = _where_any(account_id, channel_ids, selection)
    row = tx.one(f"SELECT COUNT(*) FROM flows WHERE {where}", *parameters)
    assert row is not None, "a count answers one row"
    return int(row[0])


def insert_revision(
    tx: Transaction,
    account_id: str,
    flow_id: str,
    revision: Revision,
    stored: StoredText,
    checked: Checked,
) -> None:
    """Keeps one more version of a flow's JSON and what was found in it."""
    tx.execute(
        _REVISIONS.insert("account_id", "flow_id", "pinned", *_STORED.columns, *_CHECKED.columns),
        *_REVISIONS.values(revision),
        account_id,
        flow_id,
        0,
        *_STORED.values(stored),
        *_CHECKED.values(checked),
    )


def set_checked(
    tx: Transaction, account_id: str, flow_id: str, revision: int, checked: Checked
) -> None:
    """Keeps what was found in a version that is there already."""
    tx.execute(
        f"UPDATE flow_revisions SET {_CHECKED.assignments()}"
        " WHERE account_id = ? AND flow_id = ? AND revision = ?",
        *_CHECKED.values(checked),
        account_id,
        flow_id,
        revision,
    )


def pin_revision(tx: Transaction, account_id: str, flow_id: str, revision: int) -> None:
    """Protects a version from being dropped, as a message carries it."""
    tx.execute(
        "UPDATE flow_revisions SET pinned = 1"
        " WHERE account_id = ? AND flow_id = ? AND revision = ? AND pinned = 0",
        account_id,
        flow_id,
        revision,
    )


def count_limited_revisions(tx: Transaction, account_id: str, flow_id: str) -> int:
    """How many versions of a flow's JSON there are that count towards its limit."""
    row = tx.one(
        "SELECT COUNT(*) FROM flow_revisions"
        " WHERE account_id = ? AND flow_id = ? AND pinned IS NOT NULL",
        account_id,
        flow_id,
    )
    assert row is not None, "a count answers one row"
    return int(row[0])


def drop_oldest_revisions(
    tx: Transaction, account_id: str, flow_id: str, replaced_before: int, most: int
) -> list[int]:
    """Removes up to `most` versions that no message carries, oldest first; the bytes of each.

    The present one stays, and so do those that were replaced by the next after a time.
    """
    rows = tx.all(
        "SELECT r.revision FROM flow_revisions r"
        " WHERE r.account_id = ? AND r.flow_id = ? AND r.pinned = 0 AND (SELECT n.created_at"
        " FROM flow_revisions n WHERE n.account_id = r.account_id AND n.flow_id = r.flow_id"
        " AND n.revision > r.revision ORDER BY n.revision LIMIT 1) < ?"
        " ORDER BY r.revision LIMIT ?",
        account_id,
        flow_id,
        replaced_before,
        most,
    )
    freed: list[int] = []
    for (revision,) in rows:
        gone = tx.one(
            "DELETE FROM flow_revisions WHERE account_id = ? AND flow_id = ? AND revision = ?"
            " AND pinned = 0 RETURNING bytes",
            account_id,
            flow_id,
            revision,
        )
        if gone is not None:  # otherwise a message that carries it was sent just now
            freed.append(gone[0])
    return freed


def find_revision(tx: Transaction, account_id: str, flow_id: str, revision: int) -> Revision | None:
    """One version of a flow's JSON, without the text."""
    row = tx.one(
        f"{_REVISIONS.select} WHERE account_id = ? AND flow_id = ? AND revision = ?",
        account_id,
        flow_id,
        revision,
    )
    return _REVISIONS.find(row)


def revisions(tx: Transaction, account_id: str, flow_id: str) -> list[Revision]:
    """Every version of a flow's JSON, newest first, without the text."""
    rows = tx.all(
        f"{_REVISIONS.select} WHERE account_id = ? AND flow_id = ? ORDER BY revision DESC",
        account_id,
        flow_id,
    )
    return _REVISIONS.all(rows)


def flow_json(tx: Transaction, account_id: str, flow_id: str, revision: int) -> str | None:
    """The text of one version, as it was given."""
    row = tx.one(
        "SELECT flow_json, bytes, packed FROM flow_revisions"
        " WHERE account_id = ? AND flow_id = ? AND revision = ?",
        account_id,
        flow_id,
        revision,
    )
    if row is None:
        return None
    text, length, packed = row
    return text if packed is None else packing.unpack(packed, length)


def stored_text(tx: Transaction, account_id: str, flow_id: str, revision: int) -> StoredText | None:
    """The text of one version as its row has it, to be copied without unpacking it."""
    row = tx.one(
        f"{_STORED.select} WHERE account_id = ? AND flow_id = ? AND revision = ?",
        account_id,
        flow_id,
        revision,
    )
    return _STORED.find(row)


def flow_json_bytes(tx: Transaction, account_id: str, flow_id: str, revision: int) -> int | None:
    """How long the text of one version is, in bytes of UTF-8."""
    row = tx.one(
        "SELECT bytes FROM flow_revisions WHERE account_id = ? AND flow_id = ? AND revision = ?",
        account_id,
        flow_id,
        revision,
    )
    return row[0] if row else None


def find_checked(tx: Transaction, account_id: str, flow_id: str, revision: int) -> Checked | None:
    """What was found in one version; None when it was never checked."""
    row = tx.one(
        f"{_CHECKED.select} WHERE account_id = ? AND flow_id = ? AND revision = ?"
        " AND faults IS NOT NULL",
        account_id,
        flow_id,
        revision,
    )
    return _CHECKED.find(row)


def _where(account_id: str, channel_id: str, selection: Selection) -> tuple[str, list[str | int]]:
    return _where_any(account_id, [channel_id], selection)


def _where_any(
    account_id: str, channel_ids: list[str], selection: Selection
) -> tuple[str, list[str | int]]:
    if len(channel_ids) == 1:
        where = "account_id = ? AND channel_id = ?"
    else:
        where = f"account_id = ? AND channel_id IN ({', '.join('?' * len(channel_ids)) or 'NULL'})"
    parameters: list[str | int] = [account_id, *channel_ids]
    if selection.status is not None:
        where += " AND status = ?"
        parameters.append(selection.status)
    if selection.name_contains:
        where += " AND name_folded LIKE ? ESCAPE '!'"
        parameters.append(f"%{_literal(selection.name_contains.casefold())}%")
    return where, parameters


def _qualified(order: str) -> str:
    return ", ".join(f"f.{column}" for column in order.split(", "))


def _literal(text: str) -> str:
    """Escapes a text for LIKE."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
