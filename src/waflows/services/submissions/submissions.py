"""What users sent by completing a flow: stored once, listed, shown and counted.

A flow's fields are the columns of its table. They are named in the order in which answers brought
them, so a column never moves.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from waflows.errors import NotFound
from waflows.services import clock
from waflows.services.accounts import quotas
from waflows.storage import submissions as store
from waflows.storage.database import Transaction
from waflows.storage.submissions import Position, Selection, Submission

MOST_COLUMNS = 200
"""The most columns in a flow's table; further fields are shown with each submission."""
MOST_COUNTED = 1000
"""The most submissions that are counted one by one, where the counters do not help."""

_TOKEN = "flow_token"  # noqa: S105 - the name of a field


class Total(msgspec.Struct, frozen=True):
    """How many submissions there are; `exact` is False when there may be more."""

    count: int
    exact: bool


class SubmissionPage(msgspec.Struct, frozen=True):
    """A part of the list. `columns` are the fields of the flow, when one is selected.

    `next_after` is where the next page begins, None at the end.
    """

    submissions: list[Submission]
    columns: list[str]
    total: Total
    next_after: Position | None


def from_answer(
    *,
    account_id: str,
    channel_id: str,
    sub_account_id: str,
    flow_id: str,
    flow_revision: int,
    message_umid: str,
    answer_umid: str,
    msisdn: str,
    response: Mapping[str, Any],
) -> Submission:
    """A new submission from the response JSON that completed a flow.

    The token is taken out of the response; one that is not a string is kept as a field.
    """
    token = response.get(_TOKEN)
    has_token = isinstance(token, str)
    fields = {k: v for k, v in response.items() if not (has_token and k == _TOKEN)}
    return Submission(
        account_id=account_id,
        id=str(uuid.uuid4()),
        channel_id=channel_id,
        sub_account_id=sub_account_id,
        flow_id=flow_id,
        flow_revision=flow_revision,
        message_umid=message_umid,
        answer_umid=answer_umid,
        msisdn=msisdn,
        submitted_at=clock.now_ms(),
        flow_token=token if has_token else None,
        fields=fields,
    )


def record(tx: Transaction, submission: Submission) -> bool:
    """Stores a submission; returns False and changes nothing when its message has one already."""
    size = store.insert(tx, submission)
    if size is None:
        return False
    _name_columns(tx, submission)
    quotas.take_content(tx, size)
    return True


def list_page(
    tx: Transaction,
    account_id: str,
    selection: Selection,
    after: Position | None,
    limit: int,
) -> SubmissionPage:
    """Up to `limit` submissions, newest first, below a position that an earlier page ended at.

    Reading page by page returns each submission once, even if others are added at the same time.
    """
    found = store.page(tx, account_id, selection, after, limit + 1)
    more = len(found) > limit
    return SubmissionPage(
        found[:limit],
        columns(tx, account_id, selection) if selection.flow_id else [],
        count(tx, account_id, selection),
        store.place_of(found[limit - 1]) if more else None,
    )


def count(tx: Transaction, account_id: str, selection: Selection) -> Total:
    """How many submissions are selected, without reading all of them.

    The counters cover everything but times and people; of these at most `MOST_COUNTED` are counted.
    """
    if selection.counted:
        return Total(store.total(tx, account_id, selection), True)
    found = store.count(tx, account_id, selection, MOST_COUNTED + 1)
    return Total(min(found, MOST_COUNTED), found <= MOST_COUNTED)


def columns(tx: Transaction, account_id: str, selection: Selection) -> list[str]:
    """The columns of the selection's table: the fields of its flows, each once, in stable order."""
    names: dict[str, None] = {}
    for fields in store.field_names_of_all(tx, account_id, selection):
        names |= dict.fromkeys(fields)
    return list(names)[:MOST_COLUMNS]


def get(tx: Transaction, account_id: str, submission_id: str, reach: Selection) -> Submission:
    """One submission; raises NotFound, also for one out of the caller's reach."""
    found = store.find(tx, account_id, submission_id.lower())
    if found is None or not within(found, reach):
        raise NotFound(f"The account has no submission {submission_id[:64]}.")
    return found


def within(submission: Submission, reach: Selection) -> bool:
    """Whether a submission came through a channel and a sub-account that the caller may see."""
    return (reach.channel_ids is None or submission.channel_id in reach.channel_ids) and (
        reach.sub_account_ids is None or submission.sub_account_id in reach.sub_account_ids
    )


def _name_columns(tx: Transaction, submission: Submission) -> None:
    """Adds the fields that the flow's table lacks, after those it has.

    Each sub-account has its own list of columns as well: a key that sees one sub-account only must
    not learn which fields others bring.
    """
    account_id, flow_id = submission.account_id, submission.flow_id
    known = store.field_names(tx, account_id, flow_id)
    if known is None:
        store.begin_flow(tx, account_id, submission.channel_id, flow_id)
    if known is None or _more_names(known, submission) != known:
        store.lock_flow(tx, account_id, flow_id)
        known = store.field_names(tx, account_id, flow_id) or []
        store.set_field_names(tx, account_id, flow_id, _more_names(known, submission))
    # Counting the submission has locked the row of its sub-account.
    through = (account_id, flow_id, submission.sub_account_id)
    known = store.field_names_through(tx, *through)
    if (names := _more_names(known, submission)) != known:
        store.set_field_names_through(tx, *through, names)


def _more_names(known: list[str], submission: Submission) -> list[str]:
    names = [*known, *(name for name in submission.fields if name not in known)]
    return names[:MOST_COLUMNS]
