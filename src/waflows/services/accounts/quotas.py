"""Quotas: how much an account may store.

Usage is counted in the transaction that changes it, under a lock on the account's counters, so
concurrent creations cannot exceed a limit together; the bytes of messages are the one exception
(see `take_content`). The limits are stored in the database, so that every process applies the same
ones; a server that starts with other settings replaces them. Lowering a limit deletes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import msgspec

from waflows.errors import QuotaReached
from waflows.services import clock
from waflows.settings import Settings
from waflows.storage import accounts, flows, usage
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow
from waflows.storage.usage import Content, Usage

_LIMITS = "limits"
# Enough to come down to a limit that was lowered, little enough to be done while someone waits.
_MOST_DROPPED = 20
_NAMES = {
    "flows": "flows",
    "stored_bytes": "bytes of Flow JSON, messages and answers",
    "templates": "templates",
    "phones": "phone numbers in conversations",
    "webhooks": "webhooks",
}
_REMEDIES = {
    "flows": "delete unused drafts",
    "stored_bytes": "delete unused drafts, or old messages and answers",
    "templates": "delete some",
    "phones": "delete old conversations",
    "webhooks": "delete some",
}


class Limits(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The limits of an account; 0 means no limit.

    A revision that was replaced stays for `link_minutes` at least: for so long links to it live.
    """

    flows: int
    stored_bytes: int
    templates: int
    phones: int
    webhooks: int
    revisions_per_flow: int
    link_minutes: int


class Space(msgspec.Struct, frozen=True):
    """The usage of an account and its limits."""

    usage: Usage
    limits: Limits


def limits_of(settings: Settings) -> Limits:
    """The limits that settings ask for."""
    return Limits(
        flows=settings.account_flows,
        stored_bytes=settings.account_bytes,
        templates=settings.account_templates,
        phones=settings.account_phones,
        webhooks=settings.account_webhooks,
        revisions_per_flow=settings.flow_revisions,
        link_minutes=settings.flow_json_link_minutes,
    )


def limits(tx: Transaction) -> Limits:
    """The limits in force: those of the server that started last, or the defaults."""
    text = accounts.instance_value(tx, _LIMITS)
    return _read(text) if text else limits_of(Settings())


def set_limits(tx: Transaction, wanted: Limits) -> None:
    """Sets the limits for every process."""
    accounts.replace_instance_value(tx, _LIMITS, msgspec.json.encode(wanted).decode())


def space(tx: Transaction, account_id: str) -> Space:
    """Returns the usage and the limits of an account."""
    return Space(usage.find(tx, account_id), limits(tx))


def take(tx: Transaction, account_id: str, more: Usage) -> None:
    """Counts an addition to an account; raises QuotaReached beyond its limits."""
    usage.add(tx, account_id, more)
    now = usage.find(tx, account_id)
    most = limits(tx)
    for name in _NAMES:
        if getattr(more, name) > 0:
            _check(name, getattr(now, name), getattr(most, name))


def require_room(tx: Transaction, account_id: str, more: Usage) -> None:
    """Raises the QuotaReached that `take` would raise, and counts nothing."""
    now = usage.find(tx, account_id)
    most = limits(tx)
    for name in _NAMES:
        if wanted := getattr(more, name):
            _check(name, getattr(now, name) + wanted, getattr(most, name))


def take_content(tx: Transaction, more: Content) -> None:
    """Counts messages, answers or an open flow; raises QuotaReached beyond the account's bytes.

    Messages to different people may be counted at once, so an account can pass its limit by what is
    written at the same moment. Call it last, as `usage.add_content` explains.
    """
    usage.add_content(tx, [more])
    most = limits(tx).stored_bytes
    if more.bytes > 0 and most:
        _check("stored_bytes", usage.stored_bytes(tx, more.account_id), most)


def give_back_content(tx: Transaction, freed: Iterable[Content]) -> None:
    """Counts messages, answers and open flows that were removed. Call it last."""
    usage.add_content(tx, [one._replace(bytes=-one.bytes) for one in freed])


def give_back(tx: Transaction, account_id: str, less: Usage) -> None:
    """Counts a removal from an account."""
    values = {name: -getattr(less, name) for name in Usage.__struct_fields__}
    usage.add(tx, account_id, Usage(**values))


def make_room_for_revision(tx: Transaction, flow: Flow) -> int:
    """Drops the oldest revisions of a flow that has as many as it may have; the bytes set free.

    Those that a message carries, that are present, or that a link may still lead to stay, and so do
    those from before this was known. Raises QuotaReached when there is none to drop.
    """
    most = limits(tx)
    if not most.revisions_per_flow or flow.revision < most.revisions_per_flow:
        return 0
    excess = (
        flows.count_limited_revisions(tx, flow.account_id, flow.id) - most.revisions_per_flow + 1
    )
    if excess <= 0:
        return 0
    replaced_before = clock.now_ms() - most.link_minutes * 60_000
    dropped = flows.drop_oldest_revisions(
        tx, flow.account_id, flow.id, replaced_before, min(excess, _MOST_DROPPED)
    )
    if not dropped:
        raise QuotaReached(
            f"A flow keeps {most.revisions_per_flow:,} revisions, and each of those of flow"
            f" {flow.id} was either sent in a message or replaced within the last"
            f" {most.link_minutes} minutes: go on with a clone of it (cloneFlowId), or save less"
            " often."
        )
    return sum(dropped)


def _check(name: str, now: int, most: int) -> None:
    if most and now > most:
        raise QuotaReached(
            f"This account may have {most:,} {_NAMES[name]}, and this would make it {now:,}:"
            f" {_REMEDIES[name]}, or ask the operator of the server to raise the limit."
        )


@functools.lru_cache(maxsize=4)
def _read(text: str) -> Limits:
    return msgspec.json.decode(text, type=Limits)
