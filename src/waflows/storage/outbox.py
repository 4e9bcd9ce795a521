"""Queries on the outbox of webhook deliveries.

Migration 0008 describes the queue. Each function here is one step of it; the worker combines
several in one transaction. `now` is milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows


class DeliveryState(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One try: when, for how long, and how it ended.

    `status` is 0 when there was no HTTP answer; `error` says what was wrong, `answer` is the
    beginning of a refusal's body.
    """

    at: int
    duration_ms: int
    status: int = 0
    error: str = ""
    answer: str = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook.

    `event_id` is the same for every webhook the event goes to and at every try. `tries` counts
    the attempts since it was last put into the queue, at `waiting_since`; `attempt_count` counts
    all of them. `due_at` is the time of the next. `body` is empty once its event was forgotten.
    """

    account_id: str
    id: str
    event_id: str
    webhook_id: str
    sub_account_id: str
    type: str
    order_key: str
    position: int
    body: str
    state: DeliveryState
    attempts: list[Attempt]
    attempt_count: int
    tries: int
    due_at: int
    waiting_since: int
    created_at: int
    settled_at: int | None

    @property
    def lane(self) -> Lane:
        """The lane it waits in."""
        return Lane(self.account_id, self.webhook_id, self.order_key)


class Lane(NamedTuple):
    """What must arrive in order: the events of one user, or of one flow, for one webhook."""

    account_id: str
    webhook_id: str
    order_key: str


_LANE = ", ".join(Lane._fields)
_IS = "account_id = ? AND webhook_id = ? AND order_key = ?"
_IS_THIS = "{0}.account_id = v.column1 AND {0}.webhook_id = v.column2 AND {0}.order_key = v.column3"
_ROWS = Rows("webhook_deliveries", Delivery)
_SETTLED = ("state", "attempts", "attempt_count", "tries", "due_at", "settled_at")


def enqueue(tx: Transaction, delivery: Delivery) -> None:
    """Adds a pending delivery at the end of its lane; its own `position` is only the least one.

    The lane's row makes transactions that add to one lane wait for each other, so what is
    committed later stands later.
    """
    row = tx.one(
        "INSERT INTO webhook_lanes"
        " (account_id, webhook_id, order_key, last_position, due_at, lease)"
        " VALUES (?, ?, ?, ?, ?, '') ON CONFLICT (account_id, webhook_id, order_key) DO UPDATE"
        " SET last_position = CASE WHEN webhook_lanes.last_position < excluded.last_position"
        " THEN excluded.last_position ELSE webhook_lanes.last_position + 1 END"
        " RETURNING last_position",
        delivery.account_id,
        delivery.webhook_id,
        delivery.order_key,
        delivery.position,
        delivery.due_at,
    )
    assert row is not None, "the row was written"
    put(tx, msgspec.structs.replace(delivery, position=row[0]))


def put(tx: Transaction, delivery: Delivery) -> None:
    """Inserts a delivery, or update the changeable columns of the one with its id."""
    changes = _ROWS.replacements(
        "webhook_id", "position", "state", "tries", "due_at", "waiting_since", "settled_at"
    )
    tx.execute(
        f"{_ROWS.insert()} ON CONFLICT (account_id, id) DO UPDATE SET {changes}"
        # A delivery whose content was deleted is not sent again.
        " WHERE webhook_deliveries.body <> ''",
        *_ROWS.values(delivery),
    )


def wake(tx: Transaction, account_id: str, webhook_id: str, now: int) -> None:
    """Makes the waiting lanes of a changed webhook due now."""
    tx.execute(
        "UPDATE webhook_lanes SET due_at = ?"
        " WHERE account_id = ? AND webhook_id = ? AND lease = '' AND due_at > ?",
        now,
        account_id,
        webhook_id,
        now,
    )


def bring_back(tx: Transaction, now: int) -> None:
    """Makes every waiting delivery of any account due now."""
    tx.execute(
        "UPDATE webhook_deliveries SET due_at = ? WHERE state = 'pending' AND due_at > ?", now, now
    )
    tx.execute("UPDATE webhook_lanes SET due_at = ? WHERE due_at > ?", now, now)


def lock(tx: Transaction, lease: str, lanes: Collection[Lane]) -> set[Lane]:
    """Locks those of some lanes that a lease still holds, so that no delivery is added to them."""
    if not lanes:
        return set()
    rows = tx.all(
        f"SELECT {_of('l', _LANE)} FROM {_these(lanes)} CROSS JOIN webhook_lanes l"
        f" WHERE {_IS_THIS.format('l')} AND l.lease = ?{tx.locking('l')}",
        *_flat(lanes),
        lease,
    )
    return {Lane(*row) for row in rows}


def settle(tx: Transaction, deliveries: Collection[Delivery]) -> None:
    """Records the results of attempts, except for deliveries that are settled already."""
    # Asked for `state = 'pending'`, PostgreSQL might go through the index of all that are.
    tx.execute_each(
        f"UPDATE webhook_deliveries SET {_ROWS.assignments(*_SETTLED)}"
        " WHERE account_id = ? AND id = ? AND settled_at IS NULL",
        [_ROWS.values(one, *_SETTLED, "account_id", "id") for one in deliveries],
    )


def release(tx: Transaction, lanes: Collection[Lane]) -> None:
    """Releases locked lanes, due with their first delivery; deletes those without one."""
    pending = (
        " FROM webhook_deliveries d WHERE d.account_id = webhook_lanes.account_id"
        " AND d.webhook_id = webhook_lanes.webhook_id"
        " AND d.order_key = webhook_lanes.order_key AND d.state = 'pending'"
    )
    rows = list(lanes)
    tx.execute_each(
        f"DELETE FROM webhook_lanes WHERE {_IS} AND NOT EXISTS (SELECT 1{pending})", rows
    )
    tx.execute_each(
        "UPDATE webhook_lanes SET lease = '',"
        f" due_at = (SELECT d.due_at{pending} ORDER BY d.position LIMIT 1) WHERE {_IS}",
        rows,
    )


def park(tx: Transaction, lanes: Collection[Lane], due_at: int) -> None:
    """Releases locked lanes, due at a time."""
    tx.execute_each(
        f"UPDATE webhook_lanes SET lease = '', due_at = ? WHERE {_IS}",
        [(due_at, *lane) for lane in lanes],
    )


def renew(tx: Transaction, lease: str, lanes: Collection[Lane], until: int) -> None:
    """Extends the lease of lanes."""
    tx.execute_each(
        f"UPDATE webhook_lanes SET due_at = ? WHERE {_IS} AND lease = ?",
        [(until, *lane, lease) for lane in lanes],
    )


def next_due(tx: Transaction) -> int | None:
    """When the next lane may be taken; None when nothing waits."""
    row = tx.one("SELECT MIN(due_at) FROM webhook_lanes")
    assert row is not None, "an aggregate has a row"
    due_at: int | None = row[0]
    return due_at


def due(tx: Transaction, now: int, limit: int) -> list[Lane]:
    """The lanes that have been due for longest."""
    rows = tx.all(
        f"SELECT {_LANE} FROM webhook_lanes WHERE due_at <= ? ORDER BY due_at LIMIT ?", now, limit
    )
    return [Lane(*row) for row in rows]


def first_due_of_each(
    tx: Transaction, now: int, without: Collection[str], limit: int
) -> list[Lane]:
    """Returns the first due lane of each webhook but some, in one step for each waiting webhook.

    Webhooks are found by hopping along the index from one to the next, past the many lanes that
    one webhook may have.
    """
    unwanted = ", ".join(["?"] * len(without)) or "''"
    first = " FROM webhook_lanes l WHERE l.webhook_id = f.id AND l.due_at = f.due_at LIMIT 1"
    rows = tx.all(
        "WITH RECURSIVE w (id) AS (SELECT MIN(webhook_id) FROM webhook_lanes UNION ALL"
        " SELECT (SELECT MIN(l.webhook_id) FROM webhook_lanes l WHERE l.webhook_id > w.id)"
        " FROM w WHERE w.id IS NOT NULL),"
        " f (id, due_at) AS (SELECT w.id,"
        " (SELECT MIN(l.due_at) FROM webhook_lanes l WHERE l.webhook_id = w.id) FROM w"
        f" WHERE w.id IS NOT NULL AND w.id NOT IN ({unwanted}))"
        # Many lanes may be due at one moment; each row is a webhook's, so it is of one account.
        f" SELECT (SELECT l.account_id{first}), f.id, (SELECT l.order_key{first}) FROM f"
        " WHERE f.due_at <= ? ORDER BY f.due_at LIMIT ?",
        *without,
        now,
        limit,
    )
    return [Lane(*row) for row in rows]


def due_of(tx: Transaction, webhook_id: str, now: int, limit: int) -> list[Lane]:
    """The lanes of one webhook that have been due for longest."""
    rows = tx.all(
        f"SELECT {_LANE} FROM webhook_lanes WHERE webhook_id = ? AND due_at <= ?"
        " ORDER BY due_at LIMIT ?",
        webhook_id,
        now,
        limit,
    )
    return [Lane(*row) for row in rows]


def claim(tx: Transaction, lanes: Collection[Lane], now: int, lease: str, until: int) -> list[Lane]:
    """Leases those of some lanes that are still due and not locked by another worker."""
    if not lanes:
        return []
    rows = tx.all(
        f"SELECT {_of('l', _LANE)} FROM {_these(lanes)} CROSS JOIN webhook_lanes l"
        f" WHERE {_IS_THIS.format('l')} AND l.due_at <= ?{tx.locking('l', skip=True)}",
        *_flat(lanes),
        now,
    )
    tx.execute_each(
        f"UPDATE webhook_lanes SET lease = ?, due_at = ? WHERE {_IS}",
        [(lease, until, *row) for row in rows],
    )
    return [Lane(*row) for row in rows]


def heads(tx: Transaction, lanes: Collection[Lane], most: int) -> list[Delivery]:
    """The first pending deliveries of each lane, by position."""
    if not lanes:
        return []
    rows = tx.all(
        f"SELECT {_ROWS.of('d')} FROM {_these(lanes)} CROSS JOIN webhook_deliveries d"
        f" WHERE {_IS_THIS.format('d')} AND d.state = 'pending'"
        " AND d.position < COALESCE((SELECT p.position FROM webhook_deliveries p"
        f" WHERE {_IS_THIS.format('p')} AND p.state = 'pending'"
        " ORDER BY p.position LIMIT 1 OFFSET ?), 9223372036854775807) ORDER BY d.position",
        *_flat(lanes),
        most,
    )
    return _ROWS.all(rows)


def blank(tx: Transaction, account_id: str, order_key: str, said: str | None, now: int) -> int:
    """Deletes the content of deliveries of an order key, or of those whose body holds a text.

    Returns how many. Their rows stay in the log without body, order key and attempts. A waiting one
    becomes dead; one that is being sent may still arrive.
    """
    # LIKE ignores case on SQLite, and characters of ids are wildcards for it.
    which, holding = ("", []) if said is None else (" AND REPLACE(body, ?, '') <> body", [said])
    return tx.execute(
        "UPDATE webhook_deliveries SET body = '', order_key = '', attempts = '[]',"
        " state = CASE WHEN state = 'pending' THEN 'dead' ELSE state END,"
        " settled_at = COALESCE(settled_at, ?)"
        f" WHERE account_id = ? AND order_key = ?{which}",
        now,
        account_id,
        order_key,
        *holding,
    )


def find(tx: Transaction, account_id: str, delivery_id: str) -> Delivery | None:
    """A delivery of the account."""
    row = tx.one(
        f"{_ROWS.select} WHERE account_id = ? AND id = ?",
        account_id,
        delivery_id,
    )
    return _ROWS.find(row)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter on deliveries; None for no condition. `before` is an id."""

    state: DeliveryState | None = None
    sub_account_ids: frozenset[str] | None = None
    type: str | None = None
    before: str | None = None


def listed(tx: Transaction, account_id: str, wanted: Wanted, limit: int) -> list[Delivery]:
    """Deliveries of the account, the newest first."""
    where = "account_id = ?"
    values: list[object] = [account_id]
    for column, value in (("state", wanted.state), ("type", wanted.type)):
        if value is not None:
            where += f" AND {column} = ?"
            values.append(str(value))
    if wanted.sub_account_ids is not None:
        where += (
            f" AND sub_account_id IN ({', '.join('?' * len(wanted.sub_account_ids)) or 'NULL'})"
        )
        values += sorted(wanted.sub_account_ids)
    if wanted.before is not None:
        where += " AND id < ?"
        values.append(wanted.before)
    rows = tx.all(f"{_ROWS.select} WHERE {where} ORDER BY id DESC LIMIT ?", *values, limit)
    return _ROWS.all(rows)


def dead_of(
    tx: Transaction, account_id: str, sub_account_id: str, kind: str, before: int, limit: int
) -> list[Delivery]:
    """Dead deliveries of one sub-account and type that died before a time, the oldest first."""
    rows = tx.all(
        f"{_ROWS.select} WHERE account_id = ? AND state = 'dead'"
        " AND sub_account_id = ? AND type = ? AND settled_at <= ? AND body <> ''"
        " ORDER BY id LIMIT ?",
        account_id,
        sub_account_id,
        kind,
        before,
        limit,
    )
    return _ROWS.all(rows)


def forget(tx: Transaction, state: DeliveryState, before: int, limit: int) -> int:
    """Deletes deliveries of any account that were settled before a time; returns how many."""
    return tx.execute(
        "DELETE FROM webhook_deliveries WHERE (account_id, id) IN"
        " (SELECT account_id, id FROM webhook_deliveries WHERE state = ? AND settled_at < ?"
        " ORDER BY settled_at LIMIT ?)",
        state.value,
        before,
        limit,
    )


class Backlog(msgspec.Struct, frozen=True):
    """The number of waiting deliveries, and since when the oldest waits, if any does."""

    pending: int
    oldest: int | None


_BACKLOG = Rows(
    "webhook_deliveries",
    Backlog,
    expressions={"pending": "COUNT(*)", "oldest": "MIN(waiting_since)"},
)


def backlog(tx: Transaction) -> Backlog:
    """Returns the waiting deliveries of all accounts."""
    row = tx.one(f"{_BACKLOG.select} WHERE state = 'pending'")
    assert row is not None, "an aggregate has a row"
    return _BACKLOG.read(row)


def _of(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in columns.split(", "))


def _these(lanes: Collection[Lane]) -> str:
    """Places for lanes, as a table to begin a join with.

    SQLite would go through a whole table for `IN (VALUES …)`; CROSS JOIN has it take each in turn.
    """
    return f"(VALUES {', '.join(['(?, ?, ?)'] * len(lanes))}) AS v"


def _flat(lanes: Iterable[Lane]) -> list[str]:
    return [value for lane in lanes for value in lane]
