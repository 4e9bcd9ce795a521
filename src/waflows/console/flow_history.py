"""The history of a flow's JSON: listing, comparing and restoring its revisions."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from waflows.console import shell
from waflows.console.resource import OnPage
from waflows.errors import WaflowsError
from waflows.http.reading import WholeNumber
from waflows.http.refusals import Refusal
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.flows import editing
from waflows.storage.flows import Flow, Revision, Status

_MOST_LINES = 20_000
"""The time to compare grows faster than the number of lines."""
_MOST_SHOWN = 5_000
_CONTEXT_LINES = 3


class HistoryQuery(msgspec.Struct, frozen=True, rename={"older": "from", "newer": "to"}):
    """The two revisions to compare; 0 means the newest and its predecessor."""

    older: Annotated[int, Meta(ge=0, le=2**31)] = 0
    newer: Annotated[int, Meta(ge=0, le=2**31)] = 0


class RestoreForm(msgspec.Struct, frozen=True):
    """The revision to restore, and the current one that the page showed."""

    wanted: WholeNumber = 0
    revision: WholeNumber = 0


class DiffLine(msgspec.Struct, frozen=True):
    """A line of a comparison; `kind` is added, removed, kept or place."""

    kind: str
    text: str


class Comparison(msgspec.Struct, frozen=True):
    """The changes between two revisions; `note` says why there are no lines, or not all."""

    older: int
    newer: int
    lines: list[DiffLine]
    note: str = ""


async def history(call: Call[HistoryQuery, None]) -> Reply:
    """Shows the revisions, and the changes between two of them."""
    flow, revisions, comparison = await _read(call, call.query)
    return _page(call, flow, revisions, comparison)


async def restore(call: Call[NoQuery, RestoreForm]) -> Reply:
    """Restores an earlier text as the draft's next revision."""
    form = call.body
    try:
        await call.state.db.run(
            editing.restore, call.principal, call.flow_id, form.wanted, form.revision
        )
    except WaflowsError as error:
        flow, revisions, comparison = await _read(call, HistoryQuery())
        raise OnPage(
            error, lambda refusal: _page(call, flow, revisions, comparison, refusal)
        ) from error
    return shell.see(shell.flow_path(call.flow_id), done="restored")


def compare(older: str, newer: str) -> tuple[list[DiffLine], str]:
    """Returns the changed lines with some context, and a note about lines that are not shown."""
    if older == newer:
        return [], "The two revisions are the same."
    old, new = _lines(older), _lines(newer)
    if max(len(old), len(new)) > _MOST_LINES:
        return [], f"The revisions have more than {_MOST_LINES:,} lines, too many to compare here."
    found = difflib.unified_diff(old, new, lineterm="", n=_CONTEXT_LINES)
    lines = [_line(text) for text in list(found)[2:]]
    if not lines:
        return [], "The two revisions differ in white space only."
    if len(lines) > _MOST_SHOWN:
        return lines[:_MOST_SHOWN], f"Only the first {_MOST_SHOWN:,} lines are shown."
    return lines, ""


def _lines(text: str) -> list[str]:
    """Splits a text into lines; a text on a single line is formatted first."""
    if "\n" not in text.strip():
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            text = msgspec.json.format(text.removeprefix("\ufeff"), indent=2)
    return text.split("\n")


def _line(text: str) -> DiffLine:
    kinds = {"+": "added", "-": "removed", "@": "place"}
    return DiffLine(kinds.get(text[:1], "kept"), text)


async def _read(
    call: Call[Any, Any], query: HistoryQuery
) -> tuple[Flow, list[Revision], Comparison | None]:
    flow, revisions, texts = await call.state.db.read_slow(
        editing.compared, call.principal, call.flow_id, query.older, query.newer
    )
    if texts is None:
        return flow, revisions, None
    lines, note = await asyncio.to_thread(compare, texts.older_text, texts.newer_text)
    return flow, revisions, Comparison(texts.older, texts.newer, lines, note)


def _page(
    call: Call[Any, Any],
    flow: Flow,
    revisions: list[Revision],
    comparison: Comparison | None,
    refusal: Refusal | None = None,
) -> Reply:
    return shell.show(
        call,
        "flow_history.html",
        "flows",
        flow=flow,
        tab="history",
        revisions=revisions,
        comparison=comparison,
        writable=flow.status is Status.DRAFT and call.principal.may_change_flows,
        refusal=refusal,
    )


_flow = RouteGroup(shell.FLOW_PATH, tag="Console", prefix="console", documented=False)
ROUTES: list[Route] = [
    _flow.get("/history", history, "Compare a flow's revisions", query=HistoryQuery),
    _flow.post(
        "/restore", restore, "Restore an earlier revision", body=RestoreForm, whole_channel=True
    ),
]
