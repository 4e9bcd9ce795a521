"""Forgetting what people sent: one submission, one person, or whatever is too old.

An answer is stored in the submission, in the message that brought it, on a simulated phone that
still shows it, and in the event for a webhook. It is deleted from all of these in one transaction.
An event stays in the log as a row without content, and is not sent if it was still waiting.
"""

from __future__ import annotations

import msgspec

from waflows.services import clock
from waflows.services.accounts import quotas
from waflows.services.submissions import submissions
from waflows.services.webhooks import event_bodies
from waflows.storage import messages, outbox, phones
from waflows.storage import submissions as store
from waflows.storage.database import Transaction
from waflows.storage.submissions import Removed, Selection

_DAY_MS = 24 * 3600 * 1000
# A few milliseconds of work, so that other writers do not wait longer.
_BATCH = 100


class Forgotten(msgspec.Struct, frozen=True):
    """How much was deleted."""

    submissions: int = 0
    messages: int = 0
    events: int = 0


def forget_submission(
    tx: Transaction, account_id: str, submission_id: str, reach: Selection
) -> None:
    """Deletes one submission and the answer in its message; raises NotFound."""
    found = submissions.get(tx, account_id, submission_id, reach)
    _finish(tx, account_id, store.delete(tx, account_id, found.id))


def forget_submissions_of(tx: Transaction, account_id: str, msisdn: str, reach: Selection) -> int:
    """Deletes a batch of a person's submissions within the caller's reach; returns how many.

    When it answers 0 there are none left.
    """
    selection = msgspec.structs.replace(reach, msisdn=msisdn)
    found = store.page(tx, account_id, selection, None, _BATCH)
    _finish(
        tx,
        account_id,
        [removed for each in found for removed in store.delete(tx, account_id, each.id)],
    )
    return len(found)


def forget_conversations_with(
    tx: Transaction, account_id: str, msisdn: str, reach: Selection
) -> Forgotten:
    """Deletes conversations with a person and their events, within the caller's reach."""
    channel_ids = [
        channel_id
        for channel_id in messages.channels_with(tx, account_id, msisdn)
        if reach.channel_ids is None or channel_id in reach.channel_ids
    ]
    said = messages.forget_conversations(tx, account_id, channel_ids, msisdn, reach.sub_account_ids)
    events = 0
    for channel_id in channel_ids:
        order_key = event_bodies.order_key(channel_id, msisdn)
        if reach.sub_account_ids is None:
            events += outbox.blank(tx, account_id, order_key, None, clock.now_ms())
        for each in sorted(reach.sub_account_ids or ()):
            through = event_bodies.through(each)
            events += outbox.blank(tx, account_id, order_key, through, clock.now_ms())
    quotas.give_back_content(tx, said.freed)
    return Forgotten(messages=said.messages, events=events)


def forget_old_submissions(tx: Transaction, account_id: str, days: int) -> int:
    """Deletes a batch of the submissions older than a number of days; returns how many.

    When it answers 0 there are none left.
    """
    removed = store.delete_older(tx, account_id, clock.now_ms() - days * _DAY_MS, _BATCH)
    _finish(tx, account_id, removed)
    return len(removed)


def forget_old_messages(tx: Transaction, days: int) -> int:
    """Deletes a batch of the messages older than a number of days, of any account; how many.

    Conversations without messages and flows left open on simulated phones are deleted as well. When
    it returns 0 there are none left.
    """
    forgotten = messages.forget_older(tx, clock.now_ms() - days * _DAY_MS, _BATCH)
    quotas.give_back_content(tx, forgotten.freed)
    return forgotten.messages


def accounts_with_any(tx: Transaction) -> list[str]:
    """Every account that has had a submission."""
    return store.accounts_with_any(tx)


def _finish(tx: Transaction, account_id: str, removed: list[Removed]) -> None:
    """Deletes the other copies of removed submissions, and frees their bytes in the quota."""
    freed = [each.freed for each in removed]
    freed += messages.forget_answers(tx, account_id, sorted(each.answer_umid for each in removed))
    freed += phones.forget(tx, account_id, sorted(each.message_umid for each in removed))
    for each in sorted(removed, key=lambda one: one.answer_umid):
        order_key = event_bodies.order_key(each.channel_id, each.msisdn)
        about = event_bodies.about_message(each.answer_umid)
        outbox.blank(tx, account_id, order_key, about, clock.now_ms())
    quotas.give_back_content(tx, freed)
