"""The life cycle of a flow: created as a draft, edited, published, deprecated; or deleted.

    (none) --create--> DRAFT --publish--> PUBLISHED --deprecate--> DEPRECATED
                        |  ^
                 delete |  | update

Every function that writes locks the channel first, so that what it checked still holds when it
writes, on both engines, whatever other clients do concurrently.
"""

from __future__ import annotations

import secrets

import msgspec

from waflows.errors import (
    InUse,
    InvalidId,
    InvalidParameter,
    NameTaken,
    NotADraft,
    NotFound,
    NotPublishable,
    NotPublished,
    OutOfRange,
)
from waflows.services import clock
from waflows.services.accounts import quotas
from waflows.services.flows import texts
from waflows.services.flows.publishing import (
    Examined,
    RevisionUnchecked,
    require_asked,
    unmet_conditions,
)
from waflows.services.flows.texts import FlowText
from waflows.services.names import is_printable
from waflows.services.webhooks import event_bodies, subscriptions
from waflows.services.webhooks.subscriptions import Event
from waflows.storage import accounts, flows, sub_accounts, templates
from waflows.storage.database import Transaction
from waflows.storage.flows import Checked, Flow, FlowSummary, Revision, Selection, Status
from waflows.storage.usage import Usage

NAME_LENGTH = 200
# 16 digits, as Meta's ids have 15 to 17; and below 2**53, since some clients read them as
# floating-point numbers.
_ID_LOW, _ID_HIGH = 10**15, 9 * 10**15


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a flow as a request gives it; None where it gives nothing.

    An empty `endpoint_uri` removes the existing one.
    """

    name: str | None = None
    categories: list[str] | None = None
    flow_json: FlowText | None = None
    clone_flow_id: str | None = None
    endpoint_uri: str | None = None
    application_id: str | None = None
    publish: bool | None = None


class FlowPage(msgspec.Struct, frozen=True):
    """A page of a channel's list. `next_below` is where the next page begins, None at the end."""

    flows: list[FlowSummary]
    total: int
    next_below: int | None


def list_page(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    selection: Selection,
    below: int | None,
    limit: int,
) -> FlowPage:
    """Up to `limit` flows, newest first, below a position that an earlier page ended at.

    Positions only grow, so paging down returns each flow once, whatever is created or deleted at
    the same time. Raises NotFound for an unknown channel.
    """
    channel = accounts.find_channel(tx, account_id, channel_id)
    if channel is None:
        raise _no_channel(channel_id)
    rows = flows.page(tx, account_id, channel_id, selection, below, limit + 1)
    total = channel.flow_count
    if selection.narrows:
        total = flows.count(tx, account_id, channel_id, selection)
    more = len(rows) > limit
    return FlowPage(
        [summary for _, summary in rows[:limit]], total, rows[limit - 1][0] if more else None
    )


def create(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    content: Content,
    reach: frozenset[str] | None = None,
    examined: Examined | None = None,
) -> Flow:
    """Creates a draft, or with `publish` a published flow; all or nothing.

    `reach` names the channels from which the caller may clone, None for all of the account.
    Raises NotFound (channel), NameTaken, InvalidId (clone source), InvalidParameter, OutOfRange,
    QuotaReached, NotPublishable; EndpointUnchecked when it publishes without `examined`, the result
    of a health check.
    """
    _lock(tx, account_id, channel_id)
    if content.name is None:
        raise InvalidParameter("name is required: a string of 1 to 200 characters.")
    if content.categories is None:
        raise InvalidParameter("categories is required: a list with at least one category.")
    now = clock.now_ms()
    flow = Flow(
        account_id=account_id,
        id=_new_id(tx),
        channel_id=channel_id,
        position=accounts.take_position(tx, account_id, channel_id),
        name=_checked_name(content.name),
        status=Status.DRAFT,
        categories=_checked_categories(content.categories),
        endpoint_uri=None,
        application_id=None,
        revision=0,
        created_at=now,
        updated_at=now,
    )
    if not flows.insert(tx, flow):
        raise _name_taken(flow.name)
    quotas.take(tx, account_id, Usage(flows=1))
    _announce(tx, flow, before=None)
    return _apply(tx, flow, content, reach, examined)


def update(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    flow_id: str,
    content: Content,
    reach: frozenset[str] | None = None,
    examined: Examined | None = None,
) -> Flow:
    """Changes a draft; fields the content leaves out stay. Earlier Flow JSON is kept as revisions.

    `reach` and `examined` are as for `create`. Raises NotFound, NotADraft and what `create` raises.
    """
    flow = locked(tx, account_id, channel_id, flow_id)
    _require_draft(flow, "updated")
    if content == Content():
        raise InvalidParameter(
            "The body must have at least one of name, categories, flowJson, cloneFlowId,"
            " endPointUri, applicationId and publish."
        )
    if content.name is not None:
        name = _checked_name(content.name)
        if flows.name_is_taken(tx, account_id, channel_id, name, by_other_than=flow.id):
            raise _name_taken(name)
        flow = msgspec.structs.replace(flow, name=name)
    if content.categories is not None:
        flow = msgspec.structs.replace(flow, categories=_checked_categories(content.categories))
    return _apply(tx, flow, content, reach, examined)


def create_checked(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    content: Content,
    reach: frozenset[str] | None = None,
    examined: Examined | None = None,
) -> tuple[Flow, Checked]:
    """`create`, and the findings in the Flow JSON."""
    flow = create(tx, account_id, channel_id, content, reach, examined)
    return flow, texts.checked(tx, flow)


def update_checked(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    flow_id: str,
    content: Content,
    reach: frozenset[str] | None = None,
    examined: Examined | None = None,
) -> tuple[Flow, Checked]:
    """`update`, and the findings in the Flow JSON."""
    flow = update(tx, account_id, channel_id, flow_id, content, reach, examined)
    return flow, texts.checked(tx, flow)


def get(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    """One flow; raises NotFound."""
    flow = flows.find(tx, account_id, channel_id, flow_id)
    if flow is None:
        raise _no_flow(flow_id)
    return flow


def get_with_json(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str
) -> tuple[Flow, Checked, str | None]:
    """One flow, the findings and the text of its current Flow JSON, if any; raises NotFound."""
    flow, known = get_checked(tx, account_id, channel_id, flow_id)
    return flow, known, flows.flow_json(tx, account_id, flow.id, flow.revision)


def json_bytes(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> int:
    """The size of a flow's current Flow JSON in bytes, 0 if it has none; raises NotFound."""
    flow = get(tx, account_id, channel_id, flow_id)
    return flows.flow_json_bytes(tx, account_id, flow.id, flow.revision) or 0


def locked(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    """One flow, locked until the transaction ends; raises NotFound."""
    _lock(tx, account_id, channel_id)
    return get(tx, account_id, channel_id, flow_id)


def get_checked(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str
) -> tuple[Flow, Checked]:
    """One flow and the findings in its Flow JSON; raises NotFound."""
    flow = get(tx, account_id, channel_id, flow_id)
    return flow, texts.checked(tx, flow)


def require_channel(tx: Transaction, account_id: str, channel_id: str) -> None:
    """Raises NotFound for a channel that the account does not have."""
    if accounts.find_channel(tx, account_id, channel_id) is None:
        raise _no_channel(channel_id)


def delete(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> None:
    """Deletes a draft with its revisions; raises NotFound, NotADraft, InUse (template)."""
    flow = locked(tx, account_id, channel_id, flow_id)
    _require_draft(flow, "deleted")
    if bound := templates.names_with_flow(tx, account_id, flow.id):
        raise InUse(
            f"Flow {flow.id} cannot be deleted while a template has it on a button. Delete first:"
            f" {', '.join(bound)}."
        )
    freed = flows.delete(tx, account_id, flow.id)
    accounts.count_one_less(tx, account_id, channel_id)
    quotas.give_back(tx, account_id, Usage(flows=1, stored_bytes=freed))


def publish(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    flow_id: str,
    examined: Examined | None = None,
) -> Flow:
    """Publishes a draft; raises NotFound, NotADraft, NotPublishable, EndpointUnchecked.

    `examined` is as for `create`.
    """
    flow = locked(tx, account_id, channel_id, flow_id)
    _require_draft(flow, "published")
    flow = _published(tx, flow, examined)
    flows.save(tx, flow)
    return flow


def deprecate(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    """Deprecates a published flow; raises NotFound, NotPublished."""
    flow = locked(tx, account_id, channel_id, flow_id)
    if flow.status is not Status.PUBLISHED:
        raise NotPublished(
            f"Flow is not published: flow {flow.id} is {flow.status}, and only a PUBLISHED flow"
            " can be deprecated."
        )
    flow = msgspec.structs.replace(flow, status=Status.DEPRECATED, updated_at=clock.now_ms())
    flows.save(tx, flow)
    _announce(tx, flow, before=Status.PUBLISHED)
    return flow


def list_revisions(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str
) -> list[Revision]:
    """The revisions of a flow's JSON, newest first; raises NotFound."""
    return flows.revisions(tx, account_id, get(tx, account_id, channel_id, flow_id).id)


def revision_json(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str, revision: int
) -> str:
    """The text of one revision of a flow's JSON; raises NotFound."""
    flow = get(tx, account_id, channel_id, flow_id)
    text = flows.flow_json(tx, account_id, flow.id, revision)
    if text is None:
        raise NotFound(f"Flow {flow_id} has no revision {revision}.")
    return text


def encoded_revision(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str, revision: int
) -> bytes:
    """The same as UTF-8; raises NotFound."""
    return revision_json(tx, account_id, channel_id, flow_id, revision).encode("utf-8")


def revision_bytes(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str, revision: int
) -> int:
    """The size of that text in bytes, 0 if there is no such revision; raises NotFound."""
    flow = get(tx, account_id, channel_id, flow_id)
    return flows.flow_json_bytes(tx, account_id, flow.id, revision) or 0


def kept_text(tx: Transaction, flow: Flow, revision: int) -> FlowText | None:
    """A stored revision of the flow's JSON with its findings, None when it does not exist."""
    kept = flows.find_revision(tx, flow.account_id, flow.id, revision)
    stored = flows.stored_text(tx, flow.account_id, flow.id, revision)
    if kept is None or stored is None:
        return None
    known = texts.checked(tx, msgspec.structs.replace(flow, revision=revision))
    return FlowText(stored=stored, bytes=kept.bytes, sha256=kept.sha256, checked=known)


def _apply(
    tx: Transaction,
    flow: Flow,
    content: Content,
    reach: frozenset[str] | None,
    examined: Examined | None,
) -> Flow:
    """Gives a draft the rest of the content and saves it."""
    if content.clone_flow_id is not None:
        flow, flow_json = _cloned(tx, flow, content, reach)
    else:
        flow_json = content.flow_json
    flow = msgspec.structs.replace(
        flow,
        endpoint_uri=flow.endpoint_uri
        if content.endpoint_uri is None
        else content.endpoint_uri or None,
        application_id=content.application_id or flow.application_id,
        updated_at=clock.now_ms(),
    )
    if flow_json is not None:
        flow = _with_flow_json(tx, flow, flow_json)
    if content.publish:
        flow = _published(tx, flow, examined)
    flows.save(tx, flow)
    return flow


def _cloned(
    tx: Transaction, flow: Flow, content: Content, reach: frozenset[str] | None
) -> tuple[Flow, FlowText | None]:
    if content.flow_json is not None:
        raise InvalidParameter("Send flowJson or cloneFlowId, not both.")
    wanted = content.clone_flow_id or ""
    source = flows.find_in_account(tx, flow.account_id, wanted) if wanted.isdecimal() else None
    out_of_reach = source is not None and reach is not None and source.channel_id not in reach
    if source is None or source.id == flow.id or out_of_reach:
        raise InvalidId(f"cloneFlowId {wanted!r} is not the id of another flow of this account.")
    cloned = msgspec.structs.replace(
        flow,
        endpoint_uri=source.endpoint_uri,
        application_id=source.application_id,
    )
    text = kept_text(tx, source, source.revision)
    if content.publish and text is not None and text.checked.has_endpoint is None:
        # Nothing can be stored with the copy, which is rolled back with the transaction.
        raise RevisionUnchecked(source)
    return cloned, text


def _with_flow_json(tx: Transaction, flow: Flow, text: FlowText) -> Flow:
    """Stores a text as the flow's next revision, unless it is the present one."""
    present = flows.find_revision(tx, flow.account_id, flow.id, flow.revision)
    if present is not None and present.sha256 == text.sha256:
        # The present one may have been checked by an older version, which stored less.
        texts.keep_checked(tx, flow, text.checked)
        return flow
    freed = quotas.make_room_for_revision(tx, flow)
    revision = Revision(flow.revision + 1, text.bytes, text.sha256, clock.now_ms())
    flows.insert_revision(tx, flow.account_id, flow.id, revision, text.stored, text.checked)
    quotas.take(tx, flow.account_id, Usage(stored_bytes=text.bytes - freed))
    return msgspec.structs.replace(flow, revision=revision.revision)


def _published(tx: Transaction, flow: Flow, examined: Examined | None) -> Flow:
    require_asked(tx, flow, examined)
    if unmet := unmet_conditions(tx, flow, examined):
        raise NotPublishable(f"Flow cannot be published: {'; '.join(unmet)}.")
    flow = msgspec.structs.replace(flow, status=Status.PUBLISHED, updated_at=clock.now_ms())
    _announce(tx, flow, before=Status.DRAFT)
    return flow


def _announce(tx: Transaction, flow: Flow, before: Status | None) -> None:
    """Reports a flow's new status to webhooks.

    A flow belongs to no sub-account: besides webhooks for all sub-accounts, that of the channel's
    first one receives the event.
    """
    first = sub_accounts.first_of_channel(tx, flow.account_id, flow.channel_id)
    body = event_bodies.flow_status_changed(flow, before)
    event = Event(flow.account_id, first.id if first else "", "CABM", flow.id, body)
    subscriptions.announce(tx, event)


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= NAME_LENGTH:
        raise OutOfRange(f"name must be 1 to {NAME_LENGTH} characters long, not {len(name)}.")
    if not is_printable(name):
        raise InvalidParameter(
            "name must be printable text: no line breaks or control characters, not only blanks."
        )
    return name


def _checked_categories(categories: list[str]) -> list[str]:
    if not categories:
        raise OutOfRange("categories must name at least one category.")
    return list(dict.fromkeys(categories))


def _lock(tx: Transaction, account_id: str, channel_id: str) -> None:
    if not accounts.lock_channel(tx, account_id, channel_id):
        raise _no_channel(channel_id)


def _require_draft(flow: Flow, participle: str) -> None:
    if flow.status is not Status.DRAFT:
        raise NotADraft(
            f"Flow must be in DRAFT status to be {participle}: flow {flow.id} is {flow.status}."
        )


def _new_id(tx: Transaction) -> str:
    while True:
        wanted = str(_ID_LOW + secrets.randbelow(_ID_HIGH - _ID_LOW))
        if flows.find_by_id(tx, wanted) is None:
            return wanted


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"Flow name must be unique in the channel: there is a flow named {name!r}.")


def _no_flow(flow_id: str) -> NotFound:
    return NotFound(f"Flow not found: the channel has no flow {flow_id}.")


def _no_channel(channel_id: str) -> NotFound:
    return NotFound(f"Channel not found: the account has no channel {channel_id}.")
