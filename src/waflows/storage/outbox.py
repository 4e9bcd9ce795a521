"""Queries on deliveries: what is written with the fact it reports, and what becomes of it.

How the queue works stands in migration 0008. Here each function is one step of it; the worker puts
several into one transaction. `now` is milliseconds since the epoch.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from waflows.storage.database import Row, Transaction


class State(StrEnum):
    """What became of a delivery so far."""

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


class Delivery(msgspec.Struct, frozen=True):
    """One event for one webhook.

    `event_id` is the same for every webhook the event goes to and at every try. `tries` counts
    the attempts since it was last put into the queue, at `waiting_since`; `attempt_count` counts
    all of them. `due_at` is the time of the next.
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
    state: State
    attempts: list[Attempt]
    attempt_count: int
    tries: int
    due_at: int
    waiting_since: int
    created_at: int
    settled_at: int | None


class Lane(msgspec.Struct, frozen=True):
    """What must arrive in order."""

    account_id: str
    webhook_id: str
    order_key: str


_COLUMNS = (
    "account_id, id, event_id, webhook_id, sub_account_id, type, order_key, position, body, state,"
    " attempts, attempt_count, tries, due_at, waiting_since, created_at, settled_at"
)


def enqueue(tx: Transaction, delivery: Delivery) -> None:
    """Adds a pending delivery at the end of its lane; its own `position` is only a wish.

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
    tx.execute(
        f"INSERT INTO webhook_deliveries ({_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account_id, id) DO UPDATE SET webhook_id = excluded.webhook_id,"
        " position = excluded.position, state = excluded.state, tries = excluded.tries,"
        " due_at = excluded.due_at, waiting_since = excluded.waiting_since,"
        " settled_at = excluded.settled_at",
        delivery.account_id,
        delivery.id,
        delivery.event_id,
        delivery.webhook_id,
        delivery.sub_account_id,
        delivery.type,
        delivery.order_key,
        row[0],
        delivery.body,
        delivery.state.value,
        msgspec.json.encode(delivery.attempts).decode(),
        delivery.attempt_count,
        delivery.tries,
        delivery.due_at,
        delivery.waiting_since,
        delivery.created_at,
        delivery.settled_at,
    )


def wake(tx: Transaction, account_id: str, webhook_id: str, now: int) -> None:
    """Has what waits for a webhook looked at now: the webhook was changed."""
    tx.execute(
        "UPDATE webhook_lanes SET due_at = ?"
        " WHERE account_id = ? AND webhook_id = ? AND lease = '' AND due_at > ?",
        now,
        account_id,
        webhook_id,
        now,
    )


def find(tx: Transaction, account_id: str, delivery_id: str) -> Delivery | None:
    """A delivery of the account."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM webhook_deliveries WHERE account_id = ? AND id = ?",
        account_id,
        delivery_id,
    )
    return _delivery(row) if row else None


def _delivery(row: Row) -> Delivery:
    values = dict(zip(Delivery.__struct_fields__, row, strict=True))
    attempts = msgspec.json.decode(values["attempts"], type=list[Attempt])
    return Delivery(**{**values, "state": State(values["state"]), "attempts": attempts})
