"""What users sent, as a table with a column for each field, filters and pages, or as a file.

The pages use the same use cases as the API; a masked key sees masked values.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import field

from waflows.console import shell
from waflows.errors import InvalidParameter
from waflows.http import cursors
from waflows.http.downloads import attachment
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services.flows import browsing
from waflows.services.submissions import exports, forgetting, selecting, submissions
from waflows.services.submissions.views import view
from waflows.storage.submissions import Position, Selection

_HOME = "/console/responses"
_PAGE_ROWS = 50
_MOST_SHOWN = 200


class ResponsesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which responses to show; an empty text means all. `cursor` is where the page starts."""

    flow: str = ""
    channel: str = ""
    from_: str = field(default="", name="from")
    to: str = ""
    cursor: str = ""
    done: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are set, as query parameters."""
        given = {"flow": self.flow, "channel": self.channel, "from": self.from_, "to": self.to}
        return {name: value for name, value in given.items() if value}


class DeleteForm(msgspec.Struct, frozen=True):
    """The confirmation."""


async def table(call: Call[ResponsesQuery, None]) -> Reply:
    """Shows a page of the table."""
    query = call.query
    db, principal = call.state.db, call.principal
    selection = _selection(call)
    after = _read_cursor(query.cursor) if query.cursor else None
    page = await db.read_slow(submissions.list_page, call.account_id, selection, after, _PAGE_ROWS)
    flows = await db.read_slow(browsing.answered_flows, principal, query.flow or None)
    channels = await db.read(browsing.channels, principal)
    older = page.next_after and query.filters | {"cursor": _cursor(page.next_after)}
    return shell.show(
        call,
        "responses.html",
        "responses",
        query=query,
        total=page.total,
        columns=page.columns,
        rows=[view(each, masked=principal.masked) for each in page.submissions],
        flows=flows,
        flow_names={flow.id: flow.name for flow in flows},
        channels=channels,
        older=f"{_HOME}?{urlencode(older)}" if older else "",
        newest=f"{_HOME}?{urlencode(query.filters)}" if query.cursor else "",
        export=f"{_HOME}.csv?{urlencode(query.filters)}",
        shown=_shown,
    )


async def export(call: Call[ResponsesQuery, None]) -> Reply:
    """Returns every selected response as a file for spreadsheets."""
    format_ = exports.CSV_FOR_SPREADSHEETS
    stream = await exports.begin(
        call.state.db, call.account_id, _selection(call), format_, masked=call.principal.masked
    )
    return Reply(stream, headers=attachment("submissions.csv"), content_type=format_.content_type)


async def details(call: Call[NoQuery, None]) -> Reply:
    """Shows one response with all its fields."""
    return await _page(call, "response.html")


async def delete_page(call: Call[NoQuery, None]) -> Reply:
    """Asks whether to delete."""
    return await _page(call, "response_delete.html")


async def delete(call: Call[NoQuery, DeleteForm]) -> Reply:
    """Deletes a response."""
    await call.state.db.run(
        forgetting.forget_submission,
        call.account_id,
        call.path["submissionId"],
        selecting.reach_of(call.principal),
    )
    return shell.see(_HOME, done="forgotten")


async def _page(call: Call[Any, Any], template: str) -> Reply:
    found = await call.state.db.read(
        submissions.get,
        call.account_id,
        call.path["submissionId"],
        selecting.reach_of(call.principal),
    )
    flows = await call.state.db.read_slow(browsing.answered_flows, call.principal, found.flow_id)
    return shell.show(
        call,
        template,
        "responses",
        response=view(found, masked=call.principal.masked),
        flow_names={flow.id: flow.name for flow in flows},
        shown=_shown,
    )


def _selection(call: Call[ResponsesQuery, None]) -> Selection:
    query = call.query
    return selecting.select(
        call.principal,
        flow_id=query.flow or None,
        channel_id=query.channel or None,
        since=query.from_ or None,
        until=query.to or None,
    )


def _cursor(position: Position) -> str:
    return cursors.encode(selecting.write_position(position))


def _read_cursor(text: str) -> Position:
    position = selecting.read_position(cursors.decode(text))
    if position is None:
        raise InvalidParameter("cursor must be the one from the link to an earlier page.")
    return position


def _shown(value: Any, whole: bool = False) -> str:
    """Formats a value: text as it is, lists of texts with commas, the rest as JSON; cut if long.

    For media, the table shows the names of the files.
    """
    if value is None or value in ("", []):
        text = "—"
    elif isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
    elif not whole and (files := _file_names(value)):
        text = ", ".join(files)
    else:
        text = msgspec.json.encode(value).decode()
    return text if whole or len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _file_names(value: Any) -> list[str]:
    """Returns the names of media files; an empty list for any other value."""
    items = value if isinstance(value, list) else []
    names = [item.get("file_name") for item in items if isinstance(item, dict)]
    whole = len(names) == len(items) and all(isinstance(name, str) for name in names)
    return [str(name) for name in names] if whole else []


_responses = RouteGroup(_HOME, tag="Console", documented=False)
ROUTES: list[Route] = [
    _responses.get(
        "", table, "List what users sent", name="consoleResponses", query=ResponsesQuery
    ),
    _responses.get(
        ".csv",
        export,
        "Download what users sent",
        name="consoleExportResponses",
        query=ResponsesQuery,
    ),
    _responses.get("/{submissionId}", details, "Show one response", name="consoleResponse"),
    _responses.get(
        "/{submissionId}/delete",
        delete_page,
        "Ask whether to delete",
        name="consoleDeleteResponsePage",
        scope=Scope.WRITE,
    ),
    _responses.post(
        "/{submissionId}/delete",
        delete,
        "Delete a response",
        name="consoleDeleteResponse",
        body=DeleteForm,
    ),
]
