"""The revisions of a flow's JSON: every text a draft has had."""

from __future__ import annotations

import msgspec

from waflows import times
from waflows.api import paths
from waflows.errors import NotFound
from waflows.http.downloads import attachment
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.flows import lifecycle
from waflows.storage.flows import Revision


class RevisionAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """One version of a flow's JSON."""

    revision: int
    bytes: int
    sha256: str
    created_at: str


class Revisions(msgspec.Struct, frozen=True):
    """The versions of a flow's JSON, newest first."""

    revisions: list[RevisionAnswer]


async def list_revisions(call: Call[NoQuery, None]) -> Reply:
    """Lists every revision of a flow's JSON, newest first."""
    found = await call.state.db.read(
        lifecycle.list_revisions, call.account_id, call.channel_id, call.flow_id
    )
    return Reply(Revisions([_revision(revision) for revision in found]))


async def get_revision(call: Call[NoQuery, None]) -> Reply:
    """Returns the text of one revision as it was sent, byte for byte."""
    number = call.path["revision"]
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotFound(f"Flow {call.flow_id} has no revision {number}.")
    flow, revision = (call.account_id, call.channel_id, call.flow_id), int(number)
    size = await call.state.db.read(lifecycle.revision_bytes, *flow, revision)
    body = await call.state.read_text(
        call.account_id, size, lifecycle.encoded_revision, *flow, revision
    )
    return Reply(body, headers=attachment("flow.json"))


def _revision(revision: Revision) -> RevisionAnswer:
    return RevisionAnswer(
        revision.revision, revision.bytes, revision.sha256, times.iso(revision.created_at)
    )


_revisions = RouteGroup(f"{paths.FLOW}/revisions", tag="Extensions")
ROUTES: list[Route] = [
    _revisions.get("", list_revisions, "List the revisions of a flow's JSON", answers=Revisions),
    _revisions.get(
        "/{revision}", get_revision, "Fetch one revision of a flow's JSON", answers=dict
    ),
]
