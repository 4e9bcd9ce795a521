"""Listing a channel's flows, which is the same in both dialects.

The body is exactly 8x8's. What waflows adds is in query parameters and headers: a cursor, filters,
a total and an entity tag.
"""

from __future__ import annotations

import hashlib
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from waflows.errors import InvalidParameter, OutOfRange
from waflows.http import cursors
from waflows.http.route import Call, Reply
from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import FlowPage
from waflows.storage.flows import FlowSummary, Selection, Status


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which flows to list; `after`, `status` and `name` are extensions."""

    limit: Annotated[
        int, Meta(ge=1, le=1000, description="Maximum number of flows in the answer.")
    ] = 100
    after: Annotated[
        str | None,
        Meta(
            description="Where an earlier page ended: the cursor in its `Link` header.",
            extra_json_schema={"pattern": "^[A-Za-z0-9_-]+$"},
        ),
    ] = None
    status: Annotated[Status | None, Meta(description="Only flows of this status.")] = None
    name: Annotated[
        str | None, Meta(description="Only flows whose name contains this, ignoring case.")
    ] = None


class FlowList(msgspec.Struct, frozen=True):
    """The flows of a channel, newest first."""

    flows: list[FlowSummary]


async def list_flows(call: Call[ListQuery, None]) -> Reply:
    """Lists the flows of a channel, newest first.

    When there are more flows than `limit`, the `Link` header leads to the next page; following it
    visits each flow once, even while flows are created and deleted. `X-Total-Count` counts all
    flows that match. Send the `ETag` back as `If-None-Match` to get an empty 304 while nothing has
    changed.
    """
    query = call.query
    if query.name is not None and len(query.name) > lifecycle.NAME_LENGTH:
        raise OutOfRange(f"name must be at most {lifecycle.NAME_LENGTH} characters long.")
    selection = Selection(query.status.value if query.status else None, query.name)
    below = None if query.after is None else _read_cursor(query.after)
    db = call.state.db
    # A filter may have to look at every flow of the channel; without one the index answers.
    read = db.read_slow if selection.narrows else db.read
    page = await read(
        lifecycle.list_page, call.account_id, call.channel_id, selection, below, query.limit
    )
    body = msgspec.json.encode(FlowList(page.flows))
    headers = _headers(call, page)
    headers["ETag"] = _etag(body, headers)
    return Reply(body, 200, headers, keep=True)


def _headers(call: Call[ListQuery, None], page: FlowPage) -> dict[str, str]:
    headers = {"Cache-Control": "private, no-cache", "X-Total-Count": str(page.total)}
    if page.next_below is not None:
        after = cursors.encode(f"below:{page.next_below}")
        query = {"limit": str(call.query.limit), "after": after}
        if call.query.status:
            query["status"] = call.query.status.value
        if call.query.name:
            query["name"] = call.query.name
        headers["Link"] = f'<{call.base_url}{call.request_path}?{urlencode(query)}>; rel="next"'
    return headers


def _etag(body: bytes, headers: dict[str, str]) -> str:
    """A tag for the whole answer: the total and the cursor can change while the body does not."""
    extent = f"{headers['X-Total-Count']}\n{headers.get('Link', '')}\n".encode()
    return f'"{hashlib.blake2b(extent + body, digest_size=16).hexdigest()}"'


def _read_cursor(text: str) -> int:
    plain = cursors.decode(text)
    position = plain.removeprefix("below:")
    if not plain.startswith("below:") or not position.isascii() or not position.isdecimal():
        raise InvalidParameter("after must be the cursor from the Link header of an earlier page.")
    return min(int(position), 2**62) if len(position) < 20 else 2**62
