"""Submissions: listing, showing, exporting and deleting them. All of it is an extension."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, field

from waflows.api import paths
from waflows.errors import InvalidParameter
from waflows.http import cursors
from waflows.http.downloads import attachment
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.accounts.accounts import Principal
from waflows.services.submissions import exports, forgetting, selecting, submissions
from waflows.services.submissions.exports import Format
from waflows.services.submissions.forgetting import Forgotten
from waflows.services.submissions.views import SubmissionView, view
from waflows.storage.submissions import Position, Selection

_MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
)
_Msisdn = Annotated[
    str | None,
    Meta(
        description="Only answers of this phone number, in E.164.",
        extra_json_schema={"pattern": r"^\+?[0-9]{1,20}$"},
    ),
]


class SelectionQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which submissions to return."""

    flow_id: Annotated[str | None, Meta(description="Only answers to this flow.")] = None
    channel_id: Annotated[str | None, Meta(description="Only answers in this channel.")] = None
    from_: Annotated[
        str | None,
        Meta(
            description="Only answers from this time on: a date, or a date and time, in UTC"
            " unless it has an offset.",
            extra_json_schema={"pattern": _MOMENT},
        ),
    ] = field(default=None, name="from")
    to: Annotated[
        str | None,
        Meta(
            description="Only answers before this time; a date includes the whole day.",
            extra_json_schema={"pattern": _MOMENT},
        ),
    ] = None
    msisdn: _Msisdn = None


class SubmissionListQuery(SelectionQuery, frozen=True, kw_only=True, rename="camel"):
    """Which submissions to list, and how many."""

    limit: Annotated[
        int, Meta(ge=1, le=1000, description="Maximum number of submissions in the answer.")
    ] = 100
    cursor: Annotated[
        str | None,
        Meta(
            description="Where an earlier page ended: the cursor in its `Link` header.",
            extra_json_schema={"pattern": "^[A-Za-z0-9_-]+$"},
        ),
    ] = None


class PersonQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose submissions to delete; required."""

    msisdn: _Msisdn = None


class SubmissionList(msgspec.Struct, frozen=True, rename="camel"):
    """Some submissions, newest first.

    `columns` names the fields of the flow's answers in a stable order, if one flow is selected.
    `total` counts all that match, and is a lower bound if `totalIsExact` is false.
    """

    submissions: list[SubmissionView]
    columns: list[str]
    total: int
    total_is_exact: bool


async def list_submissions(call: Call[SubmissionListQuery, None]) -> Reply:
    """Lists what users sent by finishing flows, newest first.

    A key limited to channels or sub-accounts sees theirs only. The `Link` header leads to the next
    page; following it visits each submission once, even while new ones come in. A masked key sees
    values and phone numbers masked.
    """
    query = call.query
    selection = _select(query, call.principal)
    after = None if query.cursor is None else _read_cursor(query.cursor)
    page = await call.state.db.read_slow(
        submissions.list_page, call.account_id, selection, after, query.limit
    )
    masked = call.principal.masked
    answer = SubmissionList(
        [view(each, masked=masked) for each in page.submissions],
        page.columns,
        page.total.count,
        page.total.exact,
    )
    headers = {"Cache-Control": "private, no-store"}
    if page.next_after is not None:
        headers["Link"] = _next_link(call, page.next_after)
    return Reply(answer, headers=headers)


async def get_submission(call: Call[NoQuery, None]) -> Reply:
    """Returns one submission."""
    found = await call.state.db.read(
        submissions.get,
        call.account_id,
        call.path["submissionId"],
        selecting.reach_of(call.principal),
    )
    return Reply(
        view(found, masked=call.principal.masked), headers={"Cache-Control": "private, no-store"}
    )


async def delete_submission(call: Call[NoQuery, None]) -> Reply:
    """Deletes one submission. This cannot be undone."""
    await call.state.db.run(
        forgetting.forget_submission,
        call.account_id,
        call.path["submissionId"],
        selecting.reach_of(call.principal),
    )
    return Reply(status=204)


async def delete_persons_submissions(call: Call[PersonQuery, None]) -> Reply:
    """Deletes everything that one phone number sent, as far as the key reaches.

    This includes its submissions, its messages and the contents of events about them. It cannot be
    undone.
    """
    if call.query.msisdn is None:
        raise InvalidParameter("msisdn is required: the phone number whose submissions to delete.")
    number = selecting.read_person(call.query.msisdn, call.principal)
    reach = selecting.reach_of(call.principal)
    forgotten = await call.state.db.run(
        forgetting.forget_conversations_with, call.account_id, number, reach
    )
    gone = 0
    while found := await call.state.db.run(
        forgetting.forget_submissions_of, call.account_id, number, reach
    ):
        gone += found
    return Reply(msgspec.structs.replace(forgotten, submissions=gone))


async def export_submissions_csv(call: Call[SelectionQuery, None]) -> Reply:
    """Exports submissions as CSV.

    It is sent while it is read, newest first, for any number of submissions. A response that is cut
    off lacks its end, which HTTP clients report. Text that a spreadsheet would take for a formula
    gets an apostrophe in front.
    """
    return await _export(call, exports.CSV, "submissions.csv")


async def export_submissions_jsonl(call: Call[SelectionQuery, None]) -> Reply:
    """Exports submissions as JSON Lines: each line is the JSON of one submission.

    It is sent while it is read, newest first, for any number of submissions. A response that is cut
    off lacks its end, which HTTP clients report.
    """
    return await _export(call, exports.JSON_LINES, "submissions.jsonl")


async def _export(call: Call[SelectionQuery, None], format_: Format, filename: str) -> Reply:
    stream = await exports.begin(
        call.state.db,
        call.account_id,
        _select(call.query, call.principal),
        format_,
        masked=call.principal.masked,
    )
    return Reply(stream, headers=attachment(filename), content_type=format_.content_type)


def _select(query: SelectionQuery, principal: Principal) -> Selection:
    return selecting.select(
        principal,
        flow_id=query.flow_id,
        channel_id=query.channel_id,
        since=query.from_,
        until=query.to,
        msisdn=query.msisdn,
    )


def _next_link(call: Call[SubmissionListQuery, None], after: Position) -> str:
    given = {
        name.encode_name: getattr(call.query, name.name)
        for name in msgspec.structs.fields(SelectionQuery)
    }
    query = {name: value for name, value in given.items() if value is not None}
    query |= {
        "limit": str(call.query.limit),
        "cursor": cursors.encode(selecting.write_position(after)),
    }
    return f'<{call.base_url}{call.request_path}?{urlencode(query)}>; rel="next"'


def _read_cursor(text: str) -> Position:
    position = selecting.read_position(cursors.decode(text))
    if position is None:
        raise InvalidParameter("cursor must be the one from the Link header of an earlier page.")
    return position


_submissions = RouteGroup(f"{paths.ACCOUNT}/submissions", tag="Submissions (extension)")
ROUTES: list[Route] = [
    _submissions.get(
        "",
        list_submissions,
        "List what users sent",
        query=SubmissionListQuery,
        answers=SubmissionList,
    ),
    _submissions.get(
        ".csv",
        export_submissions_csv,
        "Export what users sent as CSV",
        query=SelectionQuery,
        answers=str,
        produces="text/csv",
    ),
    _submissions.get(
        ".jsonl",
        export_submissions_jsonl,
        "Export what users sent as lines",
        query=SelectionQuery,
        answers=str,
        produces="application/jsonl",
    ),
    _submissions.get(
        "/{submissionId}", get_submission, "Show one submission", answers=SubmissionView
    ),
    _submissions.delete("/{submissionId}", delete_submission, "Delete one submission", status=204),
    _submissions.delete(
        "",
        delete_persons_submissions,
        "Delete what a person sent",
        query=PersonQuery,
        answers=Forgotten,
    ),
]
