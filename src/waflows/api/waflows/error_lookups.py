"""Looking up errors that were answered to the account."""

from __future__ import annotations

from waflows.api import paths
from waflows.http.error_lookup import find_error
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.storage.error_records import ErrorRecord


async def get_error(call: Call[NoQuery, None]) -> Reply:
    """Returns what led to an error response of this account, by its `errorId`."""
    return Reply(await find_error(call.state.journal, call.principal, call.path["errorId"]))


_errors = RouteGroup(f"{paths.ACCOUNT}/errors", tag="Extensions")
ROUTES: list[Route] = [
    _errors.get("/{errorId}", get_error, "Look an error up", answers=ErrorRecord),
]
