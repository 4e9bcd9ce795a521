"""The flows of an account as a table with search, filters, pages and a menu per flow."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from waflows.console import shell
from waflows.errors import InvalidParameter
from waflows.http.route import Call, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.accounts import quotas
from waflows.services.flows import browsing
from waflows.storage.flows import Selection, Status


class TableQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the table to show; an empty text means all."""

    q: Annotated[str, Meta(max_length=200)] = ""
    channel: str = ""
    status: str = ""
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    done: str = ""


async def flow_table(call: Call[TableQuery, None]) -> Reply:
    """Shows a page of the table."""
    query = call.query
    if query.status and query.status not in Status.__members__:
        raise InvalidParameter(f"status must be one of {', '.join(Status)}, or empty for all.")
    selection = Selection(query.status or None, query.q.strip() or None)
    table = await call.state.db.read_slow(
        browsing.table, call.principal, query.channel or None, selection, query.page
    )
    # Usage is about the whole account, so a key limited to channels does not see it.
    space = None
    if call.principal.channel_ids is None:
        space = await call.state.db.read(quotas.space, call.account_id)
    filtered = selection.narrows or bool(query.channel)

    def link(page: int) -> str:
        """Returns the address of another page of the same selection."""
        given = {"q": query.q, "channel": query.channel, "status": query.status}
        kept = {name: value for name, value in given.items() if value}
        return f"{shell.HOME}?{urlencode(kept | {'page': page})}"

    return shell.show(
        call,
        "flow_table.html",
        "flows",
        table=table,
        channel_names={channel.id: channel.name for channel in table.channels},
        query=query,
        filtered=filtered,
        statuses=list(Status),
        link=link,
        space=space,
    )


_flows = RouteGroup(shell.HOME, tag="Console", documented=False)
ROUTES: list[Route] = [
    _flows.get("", flow_table, "List the flows", name="consoleFlows", query=TableQuery),
]
