"""Changing a flow from an open page, without overwriting somebody else's change.

The caller says which revision the page shows. If the flow has changed since, nothing is saved and
ChangedMeanwhile is raised; the user can look at the change and save again.
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
    """A flow and the reasons why it cannot be published; raises NotFound.

    Raises EndpointUnchecked like `lifecycle.publish`, so that endpoint failures are included.
    """
    flow = browsing.find(tx, principal, flow_id)
    require_asked(tx, flow, examined)
    return flow, unmet_conditions(tx, flow, examined)


def opened(tx: Transaction, principal: Principal, flow_id: str) -> tuple[Flow, Checked, str | None]:
    """A flow, the findings in its Flow JSON, and its text; raises NotFound."""
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
    """A flow, its revisions newest first, and two of them; 0 means the newest and its predecessor.

    The last value is None when the flow has fewer than two revisions. Raises NotFound.
    """
    flow = browsing.find(tx, principal, flow_id)
    place = (flow.account_id, flow.channel_id, flow.id)
    revisions = lifecycle.list_revisions(tx, *place)
    newer = newer or flow.revision
    # Numbers may be missing: the oldest revisions of a long history are deleted.
    older = older or next((one.revision for one in revisions if one.revision < newer), 0)
    if older < 1 or len(revisions) < 2:
        return flow, revisions, None
    texts = (lifecycle.revision_json(tx, *place, number) for number in (older, newer))
    return flow, revisions, TwoTexts(older, newer, *texts)


def save_text(
    tx: Transaction, principal: Principal, flow_id: str, text: FlowText, revision: int
) -> tuple[Flow, list[str]]:
    """Saves a text as the draft's next revision; returns the reasons why it cannot be published.

    Raises NotFound, NotADraft, ChangedMeanwhile.
    """
    flow = _unchanged(tx, principal, flow_id, revision)
    flow = lifecycle.update(tx, flow.account_id, flow.channel_id, flow.id, Content(flow_json=text))
    return flow, unmet_conditions(tx, flow)


def restore(
    tx: Transaction, principal: Principal, flow_id: str, wanted: int, revision: int
) -> Flow:
    """Saves an earlier text as the next revision; raises NotFound, NotADraft, ChangedMeanwhile.

    `wanted` is the revision to restore, `revision` the present one as the caller knows it.
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
    """Changes name, categories or endpoint; raises what `lifecycle.update` raises.

    `updated_at` is when the flow was last changed as the caller knows it; raises ChangedMeanwhile.
    """
    found = browsing.find(tx, principal, flow_id)
    flow = lifecycle.locked(tx, found.account_id, found.channel_id, found.id)
    if flow.updated_at != updated_at:
        raise ChangedMeanwhile(
            "Somebody else has changed the flow since this page was loaded, so nothing was saved."
            " Reload the page to see the present settings."
        )
    return lifecycle.update(tx, flow.account_id, flow.channel_id, flow.id, content)


def publish(
    tx: Transaction,
    principal: Principal,
    flow_id: str,
    revision: int,
    examined: Examined | None = None,
) -> Flow:
    """Publishes the revision the caller knows; raises what `lifecycle.publish` raises."""
    flow = _unchanged(tx, principal, flow_id, revision)
    return lifecycle.publish(tx, flow.account_id, flow.channel_id, flow.id, examined)


def deprecate(tx: Transaction, principal: Principal, flow_id: str) -> Flow:
    """Deprecates a published flow; raises what `lifecycle.deprecate` raises."""
    flow = browsing.find(tx, principal, flow_id)
    return lifecycle.deprecate(tx, flow.account_id, flow.channel_id, flow.id)


def delete(tx: Transaction, principal: Principal, flow_id: str) -> None:
    """Deletes a draft; raises what `lifecycle.delete` raises."""
    flow = browsing.find(tx, principal, flow_id)
    lifecycle.delete(tx, flow.account_id, flow.channel_id, flow.id)


def _unchanged(tx: Transaction, principal: Principal, flow_id: str, revision: int) -> Flow:
    """The locked flow, if its revision is the one the caller knows."""
    found = browsing.find(tx, principal, flow_id)
    flow = lifecycle.locked(tx, found.account_id, found.channel_id, found.id)
    if flow.revision != revision:
        raise ChangedMeanwhile(
            f"Somebody else has saved revision {flow.revision} since you opened revision"
            f" {revision}, so nothing was saved. Compare the two in the history first."
        )
    return flow
