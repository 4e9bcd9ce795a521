"""Submissions for tests: one by one as the product keeps them, or by the thousand at once."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from waflows.services.submissions import submissions
from waflows.storage import submissions as store
from waflows.storage.database import Transaction
from waflows.storage.submissions import Submission

FLOW = "1145805540595505"
_PHONES = itertools.count(1)

# One statement for both engines: numbered rows, a minute apart, ten of each person.
_MANY = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO submissions (account_id, id, channel_id, sub_account_id, flow_id, flow_revision,
  message_umid, answer_umid, msisdn, submitted_at, flow_token, fields)
SELECT ?, '00000000-0000-4000-8000-' || CAST(100000000000 + i AS TEXT), ?, ?, ?, 1,
  'message-' || CAST(i AS TEXT), 'answer-' || CAST(i AS TEXT),
  '+3519' || CAST(10000000 + i / 10 AS TEXT), CAST(i AS BIGINT) * 60000, NULL,
  '{"name":"Customer ' || CAST(i AS TEXT) || '","rating":"5","topics":["a","b"],'
  || '"comment":"It was as good as it could be, and came on time."}' FROM n
"""


def submission(account_id: str, channel_id: str, **more: Any) -> Submission:
    """A submission of a message of its own; `more` says what is special about it."""
    plain: dict[str, Any] = {
        "account_id": account_id,
        "id": str(uuid.uuid4()),
        "channel_id": channel_id,
        "sub_account_id": "sub",
        "flow_id": FLOW,
        "flow_revision": 1,
        "message_umid": str(uuid.uuid4()),
        "answer_umid": str(uuid.uuid4()),
        "msisdn": f"+35191{next(_PHONES):07}",
        "submitted_at": 0,
        "flow_token": "token",
        "fields": {"name": "Ines"},
    }
    return Submission(**(plain | more))


def insert_many(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    count: int,
    *,
    sub_account_id: str = "sub",
    flow_id: str = FLOW,
) -> None:
    """Puts so many submissions into the database at once, as if they had come one by one."""
    tx.execute(_MANY, count, account_id, channel_id, sub_account_id, flow_id)
    store.begin_flow(tx, account_id, channel_id, flow_id)
    names = ["name", "rating", "topics", "comment"]
    store.set_field_names(tx, account_id, flow_id, names)
    tx.execute(
        "INSERT INTO submission_counts (account_id, flow_id, sub_account_id, total)"
        " VALUES (?, ?, ?, ?)",
        account_id,
        flow_id,
        sub_account_id,
        count,
    )
    store.set_field_names_through(tx, account_id, flow_id, sub_account_id, names)


def record_all(tx: Transaction, wanted: list[Submission]) -> list[bool]:
    """Keeps submissions as the product does."""
    return [submissions.record(tx, each) for each in wanted]
