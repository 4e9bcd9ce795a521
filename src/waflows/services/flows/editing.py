"""Changing a flow as people do, with a page of it open: never over somebody else's change.

Whoever edits says which revision they began with. When the flow has moved on, nothing is changed
and they are told; their text is theirs to save again once they have looked.
"""

from __future__ import annotations

import msgspec

from waflows.errors import ChangedMeanwhile, NotFound
from waflows.services.accounts.accounts import Principal
from waflows.services.flows import browsing, lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.services.flows.publishing import Examined, require_asked, unmet_conditions
from waflows.services.flows.texts import FlowText
from waflows.storage.database import Transaction
from waflows.storage.flows import Checked, Flow, Revision


def unmet(
    tx: Transaction, principal: Principal, flow_id: str, examined: Examined | None = None
) -> tuple[Flow, list[str]]:
    """A flow and why it cannot be published as it is; raises NotFound.

    Raises EndpointUnchecked like `flows.publish`, so that an unwell endpoint is told as well.
    """
    flow = browsing.find(tx, principal, flow_id)
    require_asked(tx, flow, examined)
    return flow, unmet_conditions(tx, flow, examined)


def opened(tx: Transaction, principal: Principal, flow_id: str) -> tuple[Flow, Checked, str | None]:
    """A flow, what was found in its Flow JSON, and the text of it; raises NotFound."""
    flow = browsing.find(tx, principal, flow_id)
    return lifecycle.get_with_json(tx, flow.account_id, flow.channel_id, flow.id)


class TwoTexts(msgspec.Struct, frozen=True):
    """Two revisions of a flow's JSON with their numbers."""

    older: int
    newer: int
    older_text: str
    newer_text: str


def compared(
    tx: Transaction, principal: Principal, flow_id: str, older: int, newer: int
) -> tuple[Flow, list[Revision], TwoTexts | None]:
    """A flow, its revisions newest first, and two of them; 0 for the newest and the one before.

    There are no two to compare while there is one revision at most. Raises NotFound.
    """
    flow = browsing.find(tx, principal, flow_id)
    place = (flow.account_id, flow.channel_id, flow.id)
    revisions = lifecycle.list_revisions(tx, *place)
    newer = newer or flow.revision
    # Not every number is there any more: the oldest revisions of a long history are dropped.
    older = older or next((one.revision for one in revisions if one.revision < newer), 0)
    if older < 1 or len(revisions) < 2:
        return flow, revisions, None
    texts = (lifecycle.revision_json(tx, *place, number) for number in (older, newer))
    return flow, revisions, TwoTexts(older, newer, *texts)


def save_text(
    tx: Transaction, principal: Principal, flow_id: str, text: FlowText, revision: int
) -> tuple[Flow, list[str]]:
    """A text as the draft's next revision, and why it cannot be published as it is.

    Raises NotFound, NotADraft, ChangedMeanwhile.
    """
    flow = _unchanged(tx, principal, flow_id, revision)
    flow = lifecycle.update(tx, flow.account_id, flow.channel_id, flow.id, Content(flow_json=text))
    return flow, unmet_conditions(tx, flow)


def restore(
    tx: Transaction, principal: Principal, flow_id: str, wanted: int, revision: int
) -> Flow:
    """An earlier text as the draft's next revision; raises NotFound, NotADraft, ChangedMeanwhile.

    `wanted` is the revision to take up again, `revision` the present one as the caller knows it.
    """
    flow = _unchanged(tx, principal, flow_id, revision)
    text = lifecycle.kept_text(tx, flow, wanted)
    if text is None:
        raise NotFound(f"Flow {flow.id} has no revision {wanted}.")
    content = Content(flow_json=text)
    return lifecycle.update(tx, flow.account_id, flow.channel_id, flow.id, content)


def change_settings(
    tx: Transaction, principal: Principal, flow_id: str, content: Content, updated_at: int
) -> Flow:
    """Another name, other categories or another endpoint; raises what `flows.update` raises.

    `updated_at` is when the flow was last changed as the caller knows it; raises ChangedMeanwhile.
    """
    found = browsing.find(tx, principal, flow_id)
    flow = lifecycle.locked(tx, found.account_id, found.channel_id, found.id)
    if flow.updated_at != updated_at:
        raise ChangedMeanwhile(
            "Somebody else changed the flow meanwhile, so nothing was saved. What it says now"
            " stands in a fresh look at this page."
        )
    return lifecycle.update(tx, flow.account_id, flow.channel_id, flow.id, content)


def publish(
    tx: Transaction,
    principal: Principal,
    flow_id: str,
    revision: int,
    examined: Examined | None = None,
) -> Flow:
    """Makes the draft final as the caller knows it; raises what `flows.publish` raises."""
    flow = _unchanged(tx, principal, flow_id, revision)
    return lifecycle.publish(tx, flow.account_id, flow.channel_id, flow.id, examined)


def deprecate(tx: Transaction, principal: Principal, flow_id: str) -> Flow:
    """Takes a published flow out of use; raises what `flows.deprecate` raises."""
    flow = browsing.find(tx, principal, flow_id)
    return lifecycle.deprecate(tx, flow.account_id, flow.channel_id, flow.id)


def delete(tx: Transaction, principal: Principal, flow_id: str) -> None:
    """Removes a draft; raises what `flows.delete` raises."""
    flow = browsing.find(tx, principal, flow_id)
    lifecycle.delete(tx, flow.account_id, flow.channel_id, flow.id)


def _unchanged(tx: Transaction, principal: Principal, flow_id: str, revision: int) -> Flow:
    """The flow, kept from other writers, while its text is the one the caller knows."""
    found = browsing.find(tx, principal, flow_id)
    flow = lifecycle.locked(tx, found.account_id, found.channel_id, found.id)
    if flow.revision != revision:
        raise ChangedMeanwhile(
            f"Somebody else saved revision {flow.revision} meanwhile, and you began with"
            f" {revision}: nothing was changed. Look at theirs in the history first."
        )
    return flow
