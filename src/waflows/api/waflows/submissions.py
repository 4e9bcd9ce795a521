"""Submissions over HTTP: listed, shown, exported and deleted. All of it is waflows' own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, field

from waflows.errors import Forbidden, InvalidParameter
from waflows.http import cursors
from waflows.http.route import Call, NoQuery, Reply
from waflows.services.accounts.accounts import Principal
from waflows.services.submissions import exports, forgetting, submissions
from waflows.services.submissions.exports import Format
from waflows.services.submissions.views import SubmissionView, view
from waflows.storage.submissions import Position, Selection

Q = TypeVar("Q", bound="SelectionQuery")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MSISDN = re.compile(r"[ +]?([0-9]{1,20})")
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
    """Which submissions are wanted."""

    flow_id: Annotated[str | None, Meta(description="Only answers to this flow.")] = None
    channel_id: Annotated[str | None, Meta(description="Only answers in this channel.")] = None
    from_: Annotated[
        str | None,
        Meta(
            description="Only answers from this moment on: a date or a date and time, in UTC"
            " unless it says otherwise.",
            extra_json_schema={"pattern": _MOMENT},
        ),
    ] = field(default=None, name="from")
    to: Annotated[
        str | None,
        Meta(
            description="Only answers before this moment; a date alone counts as a whole day.",
            extra_json_schema={"pattern": _MOMENT},
        ),
    ] = None
    msisdn: _Msisdn = None


class SubmissionListQuery(SelectionQuery, frozen=True, kw_only=True, rename="camel"):
    """Which submissions to list, and how many."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="Most submissions in the answer.")] = 100
    cursor: Annotated[
        str | None,
        Meta(
            description="Where an earlier page ended: the cursor in its `Link` header.",
            extra_json_schema={"pattern": "^[A-Za-z0-9_-]+$"},
        ),
    ] = None


class PersonQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose submissions to delete. It has to be said."""

    msisdn: _Msisdn = None


class SubmissionList(msgspec.Struct, frozen=True, rename="camel"):
    """Some submissions, newest first.

    `columns` names the fields of the flow's answers in stable order, when one flow is asked for.
    `total` counts all that match; there may be more when `totalIsExact` is false.
    """

    submissions: list[SubmissionView]
    columns: list[str]
    total: int
    total_is_exact: bool


async def list_submissions(call: Call[SubmissionListQuery, None]) -> Reply:
    """Up to `limit` submissions, newest first."""
    query = call.query
    selection = selected(query, call.principal)
    after = None if query.cursor is None else read_cursor(query.cursor)
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


async def show(call: Call[NoQuery, None]) -> Reply:
    """One submission."""
    found = await call.state.db.read(
        submissions.get, call.account_id, call.path["submissionId"], reach_of(call.principal)
    )
    return Reply(
        view(found, masked=call.principal.masked), headers={"Cache-Control": "private, no-store"}
    )


async def delete(call: Call[NoQuery, None]) -> Reply:
    """The end of one submission."""
    await call.state.db.run(
        forgetting.forget_submission,
        call.account_id,
        call.path["submissionId"],
        reach_of(call.principal),
    )
    return Reply(status=204)


async def delete_person(call: Call[PersonQuery, None]) -> Reply:
    """The end of all that a phone number has sent: its answers, messages and waiting events."""
    if call.query.msisdn is None:
        raise InvalidParameter("msisdn is required: whose submissions to delete.")
    number = person(call.query.msisdn, call.principal)
    reach = reach_of(call.principal)
    forgotten = await call.state.db.run(
        forgetting.forget_conversations_with, call.account_id, number, reach
    )
    gone = 0
    while found := await call.state.db.run(
        forgetting.forget_submissions_of, call.account_id, number, reach
    ):
        gone += found
    return Reply(msgspec.structs.replace(forgotten, submissions=gone))


async def export_csv(call: Call[SelectionQuery, None]) -> Reply:
    """Every submission that matches, as CSV."""
    return await export(call, selected(call.query, call.principal), exports.CSV)


async def export_jsonl(call: Call[SelectionQuery, None]) -> Reply:
    """Every submission that matches, one line of JSON each."""
    return await export(call, selected(call.query, call.principal), exports.JSON_LINES)


async def export(call: Call[Any, Any], selection: Selection, format_: Format) -> Reply:
    """A file of every selected submission, sent as it is read.

    The first part is read before the answer begins, so that what can go wrong is told as ever.
    """
    db, account_id, masked = call.state.db, call.account_id, call.principal.masked
    columns = await db.read_slow(submissions.columns, account_id, selection)

    async def read(after: Position | None) -> exports.Part:
        return await db.read_slow(
            exports.part, account_id, selection, after, columns, format_, masked=masked
        )

    first = await read(None)

    async def stream() -> AsyncIterator[bytes]:
        part = first
        yield part.data
        while part.next_after is not None:
            part = await read(part.next_after)
            yield part.data

    ending = "jsonl" if format_ is exports.JSON_LINES else "csv"
    return Reply(
        stream(),
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="submissions.{ending}"',
            "X-Content-Type-Options": "nosniff",
        },
        content_type=format_.content_type,
    )


def reach_of(principal: Principal) -> Selection:
    """What a key may see at all."""
    return Selection(channel_ids=principal.channel_ids, sub_account_ids=principal.sub_account_ids)


def selected(query: SelectionQuery, principal: Principal) -> Selection:
    """What a query asks for, as far as the key reaches.

    Raises InvalidParameter, and Forbidden where the question itself would uncover a number.
    """
    reach = reach_of(principal)
    channels = reach.channel_ids
    if query.channel_id is not None:
        if not principal.may_use(query.channel_id):
            raise Forbidden(f"This API key may not use channel {query.channel_id}.")
        channels = frozenset({query.channel_id})
    return Selection(
        channel_ids=channels,
        sub_account_ids=reach.sub_account_ids,
        flow_id=query.flow_id,
        msisdn=None if query.msisdn is None else person(query.msisdn, principal),
        since=None if query.from_ is None else _moment("from", query.from_, timedelta(0)),
        until=None if query.to is None else _moment("to", query.to, timedelta(days=1)),
    )


def person(msisdn: str, principal: Principal) -> str:
    """A phone number of a query as it is stored; raises InvalidParameter, Forbidden."""
    if principal.masked:
        raise Forbidden("This API key sees phone numbers covered, so it may not look for one.")
    # A plus sign in a query string stands for a blank unless it is written %2B.
    number = _MSISDN.fullmatch(msisdn)
    if number is None:
        raise InvalidParameter("msisdn must be a phone number in E.164, such as +6581234567.")
    return f"+{number[1]}"


def _moment(name: str, text: str, whole_day: timedelta) -> int:
    """Milliseconds since the epoch; of a date alone, plus the part of the day that it means."""
    try:
        # The plus sign of an offset that was not written %2B has become a blank.
        moment = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if _DATE.fullmatch(text):
            moment += whole_day
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidParameter(
            f"{name} must be a date or a date and time, such as 2026-03-01 or 2026-03-01T09:30:00Z."
        ) from None


def _next_link(call: Call[SubmissionListQuery, None], after: Position) -> str:
    given = {
        name.encode_name: getattr(call.query, name.name)
        for name in msgspec.structs.fields(SelectionQuery)
    }
    query = {name: value for name, value in given.items() if value is not None}
    query |= {"limit": str(call.query.limit), "cursor": cursor_of(after)}
    return f'<{call.base_url}{call.request_path}?{urlencode(query)}>; rel="next"'


def cursor_of(after: Position) -> str:
    """A position as it stands in an address."""
    return cursors.written(f"{after.submitted_at}/{after.id}")


def read_cursor(text: str) -> Position:
    """A position from an address; raises InvalidParameter."""
    at, _, submission_id = cursors.read(text).partition("/")
    if re.fullmatch(r"-?[0-9]{1,15}", at) and re.fullmatch(r"[0-9a-f-]{36}", submission_id):
        return Position(int(at), submission_id)
    raise InvalidParameter("cursor must be the one from the Link header of an earlier page.")
