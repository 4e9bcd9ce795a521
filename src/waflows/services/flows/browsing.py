"""Browsing flows: a table of the flows in every channel a key can use, page by page."""

from __future__ import annotations

import msgspec

from waflows.errors import NotFound
from waflows.services.accounts.accounts import Principal
from waflows.storage import accounts, flows
from waflows.storage import submissions as answers
from waflows.storage.accounts import Channel
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow, Selection, TableRow
from waflows.storage.submissions import AnsweredFlow

PAGE_ROWS = 25
_MOST_CHOICES = 500


class Table(msgspec.Struct, frozen=True):
    """One page of the table. `channels` are all that the key can use; pages count from 1."""

    channels: list[Channel]
    rows: list[TableRow]
    total: int
    page: int
    pages: int


def table(
    tx: Transaction, principal: Principal, channel_id: str | None, selection: Selection, page: int
) -> Table:
    """A page of the flows of one channel, or with None of every channel the key can use.

    A page beyond the last is the last. Raises NotFound for a channel the key cannot use.
    """
    reached = channels(tx, principal)
    wanted = [channel.id for channel in reached if channel_id in (None, channel.id)]
    if channel_id is not None and not wanted:
        raise NotFound(f"Channel not found: this key cannot use a channel {channel_id}.")
    total = flows.count_any(tx, principal.account_id, wanted, selection)
    pages = max(1, -(-total // PAGE_ROWS))
    page = min(page, pages)
    skip = (page - 1) * PAGE_ROWS
    rows = flows.table(tx, principal.account_id, wanted, selection, skip, PAGE_ROWS)
    return Table(reached, rows, total, page, pages)


def channels(tx: Transaction, principal: Principal) -> list[Channel]:
    """The channels that a key can use, oldest first."""
    every = accounts.channels_of(tx, principal.account_id)
    return [channel for channel in every if principal.may_use(channel.id)]


def answered_flows(
    tx: Transaction, principal: Principal, flow_id: str | None
) -> list[AnsweredFlow]:
    """The flows with submissions the key can see, by name, at most as many as fit a selection list.

    The named flow is always among them, if the key can use its channel.
    """
    reach = answers.Selection(
        channel_ids=principal.channel_ids, sub_account_ids=principal.sub_account_ids
    )
    found = answers.flows_with_any(tx, principal.account_id, reach, _MOST_CHOICES)
    if flow_id is not None and all(flow.id != flow_id for flow in found):
        named = flows.find_in_account(tx, principal.account_id, flow_id)
        if named is not None and principal.may_use(named.channel_id):
            found.append(AnsweredFlow(named.id, named.name))
    return found


def find(tx: Transaction, principal: Principal, flow_id: str) -> Flow:
    """A flow of any channel the key can use; raises NotFound."""
    flow = flows.find_in_account(tx, principal.account_id, flow_id)
    if flow is None or not principal.may_use(flow.channel_id):
        raise NotFound(f"Flow not found: this key cannot use a flow {flow_id}.")
    return flow
