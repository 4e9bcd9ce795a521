"""Looking up an error by its errorId."""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.console import shell
from waflows.console.resource import OnPage
from waflows.errors import WaflowsError
from waflows.http.error_lookup import find_error
from waflows.http.refusals import Refusal
from waflows.http.route import Call, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.storage.error_records import ErrorRecord

_SHOWN = (
    ("Message", "message"),
    ("Status", "status"),
    ("Code", "code"),
    ("Time", "timestamp"),
    ("Request", "method"),
    ("Request id", "request_id"),
    ("Key ending in", "key_last_six"),
    ("Client", "client"),
    ("User agent", "user_agent"),
    ("Content type", "content_type"),
    ("Content length", "content_length"),
    ("Cause", "cause"),
)


class LookupQuery(msgspec.Struct, frozen=True):
    """An errorId; empty shows the form only."""

    id: str = ""


async def look_up(call: Call[LookupQuery, None]) -> Reply:
    """Shows the form, and the error it names."""
    wanted = call.query.id.strip()
    if not wanted:
        return _page(call)
    try:
        record = await find_error(call.state.journal, call.principal, wanted)
    except WaflowsError as error:
        raise OnPage(error, lambda refusal: _page(call, refusal=refusal)) from error
    return _page(call, record)


def _page(
    call: Call[Any, Any], record: ErrorRecord | None = None, refusal: Refusal | None = None
) -> Reply:
    facts: list[tuple[str, Any]] = []
    if record is not None:
        facts = [(label, getattr(record, name)) for label, name in _SHOWN]
    return shell.show(
        call,
        "error_lookup.html",
        "errors",
        wanted=call.query.id.strip(),
        record=record,
        facts=[(label, value) for label, value in facts if value != ""],
        refusal=refusal,
    )


_errors = RouteGroup("/console/errors", tag="Console", documented=False)
ROUTES: list[Route] = [
    _errors.get("", look_up, "Look an error up", name="consoleErrors", query=LookupQuery),
]
