"""Queries on submissions: what users sent by finishing a flow.

A page must cost the same among a million as among a thousand. So every selection is read
along a *lane*: one equality that an index answers, in the order of the list. A selection of several
channels is several lanes, merged here. Conditions beside the lane's are written so that no engine
takes another index for them and sorts.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from typing import Any

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows
from waflows.storage.usage import ROW_BYTES, Content


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What one user sent by finishing a flow.

    `message_umid` is the message that carried the flow, `answer_umid` the inbound one that brought
    the answer. `fields` are the decoded answer without its `flow_token`, which is kept apart.
    `submitted_at` is in milliseconds since the epoch; `id` is a UUID in lower case.
    """

    account_id: str
    id: str
    channel_id: str
    sub_account_id: str
    flow_id: str
    flow_revision: int
    message_umid: str
    answer_umid: str
    msisdn: str
    submitted_at: int
    flow_token: str | None
    fields: dict[str, Any]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """A filter on the submissions of an account; None for no condition.

    From `since` on and before `until`, in milliseconds since the epoch.
    """

    channel_ids: frozenset[str] | None = None
    sub_account_ids: frozenset[str] | None = None
    flow_id: str | None = None
    msisdn: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def counted(self) -> bool:
        """Whether the counters can count it: they know neither times nor people."""
        return self.msisdn is None and self.since is None and self.until is None


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in the list, which runs from the newest to the oldest."""

    submitted_at: int
    id: str


class AnsweredFlow(msgspec.Struct, frozen=True):
    """A flow that has answers; `name` is None when it was deleted since."""

    id: str
    name: str | None


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a submission that was removed; `bytes` is what that sets free."""

    account_id: str
    flow_id: str
    channel_id: str
    sub_account_id: str
    msisdn: str
    message_umid: str
    answer_umid: str
    bytes: int

    @property
    def freed(self) -> Content:
        """The bytes that removing it sets free."""
        return Content(self.account_id, self.msisdn, self.bytes)


Lane = tuple[str, str]
"""A column and the value it must have; an index begins with the account and this column."""

_ROWS = Rows("submissions", Submission)
_REMOVED = Rows("submissions", Removed)
_ANSWERED = Rows(
    "submission_flows", AnsweredFlow, expressions={"id": "f.flow_id", "name": "MAX(w.name)"}
)


def insert(tx: Transaction, submission: Submission) -> Content | None:
    """Adds a submission and counts it; its bytes, None when its message has one already."""
    content = _ROWS.values(submission, "fields", "flow_token")
    size = ROW_BYTES + sum(len((text or "").encode()) for text in content)
    added = tx.execute(
        f"{_ROWS.insert('bytes')} ON CONFLICT DO NOTHING", *_ROWS.values(submission), size
    )
    if not added:
        return None
    tx.execute(
        "INSERT INTO submission_counts (account_id, flow_id, sub_account_id, total)"
        " VALUES (?, ?, ?, 1) ON CONFLICT (account_id, flow_id, sub_account_id)"
        " DO UPDATE SET total = submission_counts.total + 1",
        submission.account_id,
        submission.flow_id,
        submission.sub_account_id,
    )
    return Content(submission.account_id, submission.msisdn, size)


def find(tx: Transaction, account_id: str, submission_id: str) -> Submission | None:
    """One submission of the account."""
    row = tx.one(
        f"{_ROWS.select} WHERE account_id = ? AND id = ?",
        account_id,
        submission_id,
    )
    return _ROWS.find(row)


def page(
    tx: Transaction,
    account_id: str,
    selection: Selection,
    after: Position | None,
    limit: int,
) -> list[Submission]:
    """Up to `limit` submissions, newest first, below a position that an earlier page ended at.

    Ids are UUIDs of one form, which Python and both engines put in the same order.
    """
    settled = _settled(tx, account_id, selection)
    if settled is None:
        return []
    found = [
        _read_lane(tx, account_id, settled, lane, after, limit)
        for lane in _lanes(account_id, settled)
    ]
    merged = heapq.merge(*found, key=place_of, reverse=True)
    return list(itertools.islice(merged, limit))


def place_of(submission: Submission) -> Position:
    """Returns the position of a submission in the list."""
    return Position(submission.submitted_at, submission.id)


def total(tx: Transaction, account_id: str, selection: Selection) -> int:
    """Counts submissions by the counters, which know neither times nor people."""
    conditions, parameters = _conditions(
        {
            "f.channel_id": selection.channel_ids,
            "c.sub_account_id": selection.sub_account_ids,
            "c.flow_id": _just(selection.flow_id),
        }
    )
    row = tx.one(
        "SELECT SUM(c.total) FROM submission_counts c JOIN submission_flows f"
        " ON f.account_id = c.account_id AND f.flow_id = c.flow_id"
        f" WHERE c.account_id = ?{conditions}",
        account_id,
        *parameters,
    )
    return int(row[0] or 0) if row else 0


def count(tx: Transaction, account_id: str, selection: Selection, most: int) -> int:
    """Counts submissions one by one, up to `most`."""
    settled = _settled(tx, account_id, selection)
    if settled is None:
        return 0
    found = 0
    for lane in _lanes(account_id, settled):
        where, parameters = _where(account_id, settled, lane, None)
        row = tx.one(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM submissions WHERE {where} LIMIT ?) AS met",
            *parameters,
            most - found,
        )
        found += int(row[0]) if row else 0
        if found >= most:
            break
    return found


def field_names(tx: Transaction, account_id: str, flow_id: str) -> list[str] | None:
    """The names of the fields that answers to a flow had so far; None before the first answer."""
    row = tx.one(
        "SELECT field_names FROM submission_flows WHERE account_id = ? AND flow_id = ?",
        account_id,
        flow_id,
    )
    return msgspec.json.decode(row[0], type=list[str]) if row else None


def field_names_of_all(tx: Transaction, account_id: str, selection: Selection) -> list[list[str]]:
    """The names of the fields of each flow of the selection that has answers.

    Of wanted sub-accounts, those that came through them.
    """
    through = selection.sub_account_ids
    conditions, parameters = _conditions(
        {
            "f.channel_id": selection.channel_ids,
            "f.flow_id": _just(selection.flow_id),
            "c.sub_account_id": through,
        }
    )
    counts = (
        " JOIN submission_counts c ON c.account_id = f.account_id AND c.flow_id = f.flow_id"
        if through is not None
        else ""
    )
    names, order = ("f", "f.flow_id") if through is None else ("c", "f.flow_id, c.sub_account_id")
    rows = tx.all(
        f"SELECT {names}.field_names FROM submission_flows f{counts}"
        f" WHERE f.account_id = ?{conditions} ORDER BY {order}",
        account_id,
        *parameters,
    )
    return [msgspec.json.decode(row[0], type=list[str]) for row in rows]


def flows_with_any(
    tx: Transaction, account_id: str, selection: Selection, most: int
) -> list[AnsweredFlow]:
    """The flows of a selection that have answers, by name; without a name if they were deleted."""
    conditions, parameters = _conditions(
        {
            "f.channel_id": selection.channel_ids,
            "c.sub_account_id": selection.sub_account_ids,
            "f.flow_id": _just(selection.flow_id),
        }
    )
    rows = tx.all(
        f"SELECT {_ANSWERED.listed} FROM submission_flows f"
        " JOIN submission_counts c ON c.account_id = f.account_id AND c.flow_id = f.flow_id"
        " LEFT JOIN flows w ON w.account_id = f.account_id AND w.id = f.flow_id"
        f" WHERE f.account_id = ? AND c.total > 0{conditions}"
        " GROUP BY f.flow_id ORDER BY MAX(w.name_folded), f.flow_id LIMIT ?",
        account_id,
        *parameters,
        most,
    )
    return _ANSWERED.all(rows)


def begin_flow(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> None:
    """Inserts the row for the answers to a flow, unless it exists."""
    tx.execute(
        "INSERT INTO submission_flows (account_id, flow_id, channel_id, field_names)"
        " VALUES (?, ?, ?, '[]') ON CONFLICT DO NOTHING",
        account_id,
        flow_id,
        channel_id,
    )


def lock_flow(tx: Transaction, account_id: str, flow_id: str) -> None:
    """Locks the field names of a flow until the transaction ends."""
    tx.execute(
        "UPDATE submission_flows SET field_names = field_names"
        " WHERE account_id = ? AND flow_id = ?",
        account_id,
        flow_id,
    )


def set_field_names(tx: Transaction, account_id: str, flow_id: str, names: list[str]) -> None:
    """Replaces the names of a flow's fields."""
    tx.execute(
        "UPDATE submission_flows SET field_names = ? WHERE account_id = ? AND flow_id = ?",
        msgspec.json.encode(names).decode(),
        account_id,
        flow_id,
    )


def field_names_through(
    tx: Transaction, account_id: str, flow_id: str, sub_account_id: str
) -> list[str]:
    """The names of the fields that came through a sub-account, which has answers to the flow."""
    row = tx.one(
        "SELECT field_names FROM submission_counts"
        " WHERE account_id = ? AND flow_id = ? AND sub_account_id = ?",
        account_id,
        flow_id,
        sub_account_id,
    )
    return msgspec.json.decode(row[0], type=list[str]) if row else []


def set_field_names_through(
    tx: Transaction, account_id: str, flow_id: str, sub_account_id: str, names: list[str]
) -> None:
    """Replaces the names of the fields that came through a sub-account."""
    tx.execute(
        "UPDATE submission_counts SET field_names = ?"
        " WHERE account_id = ? AND flow_id = ? AND sub_account_id = ?",
        msgspec.json.encode(names).decode(),
        account_id,
        flow_id,
        sub_account_id,
    )


def delete(tx: Transaction, account_id: str, submission_id: str) -> list[Removed]:
    """Deletes one submission and returns what was removed."""
    return _remove(tx, account_id, "id = ?", submission_id)


def delete_older(tx: Transaction, account_id: str, before: int, most: int) -> list[Removed]:
    """Deletes up to `most` submissions from before a time and returns what was removed."""
    return _remove(
        tx,
        account_id,
        "id IN (SELECT id FROM submissions WHERE account_id = ? AND submitted_at < ?"
        " ORDER BY submitted_at, id LIMIT ?)",
        account_id,
        before,
        most,
    )


def accounts_with_any(tx: Transaction) -> list[str]:
    """Every account that has answers."""
    return [row[0] for row in tx.all("SELECT DISTINCT account_id FROM submission_flows")]


def _remove(tx: Transaction, account_id: str, which: str, *parameters: object) -> list[Removed]:
    rows = tx.all(
        f"DELETE FROM submissions WHERE account_id = ? AND {which} RETURNING {_REMOVED.listed}",
        account_id,
        *parameters,
    )
    removed = _REMOVED.all(rows)
    # In one order everywhere, so that two who remove do not wait for each other.
    for (flow_id, sub_account_id), gone in sorted(
        Counter((each.flow_id, each.sub_account_id) for each in removed).items()
    ):
        tx.execute(
            "UPDATE submission_counts SET total = total - ?"
            " WHERE account_id = ? AND flow_id = ? AND sub_account_id = ?",
            gone,
            account_id,
            flow_id,
            sub_account_id,
        )
    return removed


def _settled(tx: Transaction, account_id: str, selection: Selection) -> Selection | None:
    """Simplifies a selection by the counters of its flow; None when nothing matches.

    A flow belongs to one channel, and mostly all of its answers came through sub-accounts that
    are wanted, or none. Then they need not be looked at one by one.
    """
    if selection.flow_id is None or selection.msisdn is not None:
        return selection
    wanted = total(tx, account_id, selection)
    if wanted == 0:
        return None
    all_of_it = wanted == total(tx, account_id, Selection(flow_id=selection.flow_id))
    return msgspec.structs.replace(
        selection,
        channel_ids=None,
        sub_account_ids=None if all_of_it else selection.sub_account_ids,
    )


def _lanes(account_id: str, selection: Selection) -> list[Lane]:
    """The lanes along which a selection is read: the narrowest there are.

    A person has few submissions, a flow fewer than its channel.
    """
    if selection.msisdn is not None:
        return [("msisdn", selection.msisdn)]
    if selection.flow_id is not None:
        return [("flow_id", selection.flow_id)]
    if selection.sub_account_ids is not None:
        return [("sub_account_id", each) for each in sorted(selection.sub_account_ids)]
    if selection.channel_ids is not None:
        return [("channel_id", each) for each in sorted(selection.channel_ids)]
    return [("account_id", account_id)]


def _read_lane(
    tx: Transaction,
    account_id: str,
    selection: Selection,
    lane: Lane,
    after: Position | None,
    limit: int,
) -> list[Submission]:
    where, parameters = _where(account_id, selection, lane, after)
    rows = tx.all(
        f"{_ROWS.select} WHERE {where} ORDER BY submitted_at DESC, id DESC LIMIT ?",
        *parameters,
        limit,
    )
    return _ROWS.all(rows)


def _where(
    account_id: str, selection: Selection, lane: Lane, after: Position | None
) -> tuple[str, list[object]]:
    column, value = lane
    where = "account_id = ?"
    parameters: list[object] = [account_id]
    if column != "account_id":
        where += f" AND {column} = ?"
        parameters.append(value)
    # Joined with nothing, a column is no longer one that an index could answer.
    beside = {
        "channel_id || ''": selection.channel_ids,
        "sub_account_id || ''": selection.sub_account_ids,
        "flow_id || ''": _just(selection.flow_id),
    }
    conditions, more = _conditions(
        {name: wanted for name, wanted in beside.items() if name != f"{column} || ''"}
    )
    where += conditions
    parameters += more
    if selection.since is not None:
        where += " AND submitted_at >= ?"
        parameters.append(selection.since)
    # No id comes before the empty one, so this is the end of what came before that time.
    ends = [after] if after is not None else []
    ends += [Position(selection.until, "")] if selection.until is not None else []
    if ends:
        end = min(ends)
        where += " AND (submitted_at, id) < (?, ?)"
        parameters += [end.submitted_at, end.id]
    return where, parameters


def _conditions(wanted: dict[str, frozenset[str] | None]) -> tuple[str, list[object]]:
    """Conditions, each beginning with AND, that columns have one of the wanted values."""
    where = ""
    parameters: list[object] = []
    for column, values in wanted.items():
        if values is not None:
            marks = ", ".join("?" * len(values)) or "NULL"
            where += f" AND {column} IN ({marks})"
            parameters += sorted(values)
    return where, parameters


def _just(value: str | None) -> frozenset[str] | None:
    return None if value is None else frozenset({value})
