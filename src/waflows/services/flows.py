"""The life of a flow: created as a draft, edited, published for good, deprecated; or deleted.

    (none) --create--> DRAFT --publish--> PUBLISHED --deprecate--> DEPRECATED
                        |  ^
                 delete |  | update

Every function that writes locks the channel first, so that what it checked still holds when it
writes, on both engines, whatever other clients do meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets

import msgspec

from waflows.errors import (
    InvalidFlowJson,
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
from waflows.services.names import is_printable
from waflows.storage import accounts, flows
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow, FlowSummary, Revision, Selection, Status

NAME_LENGTH = 200
FLOW_JSON_BYTES = 10 * 1024 * 1024
_BYTE_ORDER_MARK = "\ufeff"
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')
# 16 digits, as Meta's ids have 15 to 17; and below 2**53, since careless clients read them as
# floating-point numbers.
_ID_LOW, _ID_HIGH = 10**15, 9 * 10**15


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of a flow; None where it says nothing."""

    name: str | None = None
    categories: list[str] | None = None
    flow_json: str | None = None
    clone_flow_id: str | None = None
    endpoint_uri: str | None = None
    application_id: str | None = None
    publish: bool | None = None


class Page(msgspec.Struct, frozen=True):
    """A part of a channel's list. `next_below` is where the next page begins, None at the end."""

    flows: list[FlowSummary]
    total: int
    next_below: int | None


class Preview(msgspec.Struct, frozen=True):
    """What a preview link is made of; `expires_at` in whole seconds since the epoch."""

    flow: Flow
    nonce: str
    expires_at: int


def list_page(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    selection: Selection,
    below: int | None,
    limit: int,
) -> Page:
    """Up to `limit` flows, newest first, below a position that an earlier page ended at.

    Positions only ever grow, so walking down them meets each flow once, whatever is created or
    deleted meanwhile. Raises NotFound for an unknown channel.
    """
    channel = accounts.find_channel(tx, account_id, channel_id)
    if channel is None:
        raise _no_channel(channel_id)
    rows = flows.page(tx, account_id, channel_id, selection, below, limit + 1)
    total = channel.flow_count
    if selection.narrows:
        total = flows.count(tx, account_id, channel_id, selection)
    more = len(rows) > limit
    return Page(
        [summary for _, summary in rows[:limit]], total, rows[limit - 1][0] if more else None
    )


def create(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    content: Content,
    reach: frozenset[str] | None = None,
) -> Flow:
    """Makes a draft, or with `publish` a published flow; wholly or not at all.

    `reach` names the channels from which the caller may clone, None for all of the account.
    Raises NotFound (channel), NameTaken, InvalidId (clone source), InvalidFlowJson,
    InvalidParameter, OutOfRange, NotPublishable.
    """
    _lock(tx, account_id, channel_id)
    if content.name is None:
        raise InvalidParameter("name is required: a string of 1 to 200 characters.")
    if content.categories is None:
        raise InvalidParameter("categories is required: a list with at least one category.")
    now = clock.now_ms()
    flow = Flow(
        account_id,
        _new_id(tx),
        channel_id,
        accounts.take_position(tx, account_id, channel_id),
        _checked_name(content.name),
        Status.DRAFT,
        _checked_categories(content.categories),
        None,
        None,
        0,
        now,
        now,
    )
    if not flows.insert(tx, flow):
        raise _name_taken(flow.name)
    return _apply(tx, flow, content, reach)


def update(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    flow_id: str,
    content: Content,
    reach: frozenset[str] | None = None,
) -> Flow:
    """Changes a draft; what the content leaves out stays. Earlier Flow JSON stays as revisions.

    `reach` is as for `create`. Raises NotFound, NotADraft and what `create` raises.
    """
    flow = _locked_flow(tx, account_id, channel_id, flow_id)
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
    return _apply(tx, flow, content, reach)


def get(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    """One flow; raises NotFound."""
    flow = flows.find(tx, account_id, channel_id, flow_id)
    if flow is None:
        raise _no_flow(flow_id)
    return flow


def get_with_json(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str
) -> tuple[Flow, str | None]:
    """One flow and the text of its current Flow JSON, if it has one; raises NotFound."""
    flow = get(tx, account_id, channel_id, flow_id)
    return flow, flows.flow_json(tx, account_id, flow.id, flow.revision)


def delete(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> None:
    """Removes a draft with its revisions; raises NotFound, NotADraft."""
    flow = _locked_flow(tx, account_id, channel_id, flow_id)
    _require_draft(flow, "deleted")
    flows.delete(tx, account_id, flow.id)
    accounts.count_one_less(tx, account_id, channel_id)


def publish(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    """Makes a draft final; raises NotFound, NotADraft, NotPublishable."""
    flow = _locked_flow(tx, account_id, channel_id, flow_id)
    _require_draft(flow, "published")
    flow = _published(flow)
    flows.save(tx, flow)
    return flow


def deprecate(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    """Takes a published flow out of use; raises NotFound, NotPublished."""
    flow = _locked_flow(tx, account_id, channel_id, flow_id)
    if flow.status is not Status.PUBLISHED:
        raise NotPublished(
            f"Flow is not published: flow {flow.id} is {flow.status}, and only a PUBLISHED flow"
            " can be deprecated."
        )
    flow = msgspec.structs.replace(flow, status=Status.DEPRECATED, updated_at=clock.now_ms())
    flows.save(tx, flow)
    return flow


def find_preview(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Preview | None:
    """The preview link that is alive now, if there is one; raises NotFound."""
    return live_preview(get(tx, account_id, channel_id, flow_id))


def renew_preview(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str, hours: int, *, replace: bool
) -> Preview:
    """A preview link that lives for some hours; `replace` ends the one before. Raises NotFound."""
    flow = _locked_flow(tx, account_id, channel_id, flow_id)
    live = live_preview(flow)
    if live is not None and not replace:
        return live
    expires_at = clock.now_ms() // 1000 + hours * 3600
    nonce = secrets.token_hex(16)
    flow = msgspec.structs.replace(flow, preview_nonce=nonce, preview_expires_at=expires_at)
    flows.save(tx, flow)
    return Preview(flow, nonce, expires_at)


def for_link(tx: Transaction, flow_id: str, revision: int | None) -> tuple[Flow, str | None] | None:
    """A flow and the text of a revision (None: the current one), for a link to be checked against.

    The caller must check the link's token before it tells anyone what it got.
    """
    flow = flows.find_by_id(tx, flow_id)
    if flow is None:
        return None
    wanted = flow.revision if revision is None else revision
    return flow, flows.flow_json(tx, flow.account_id, flow.id, wanted)


def list_revisions(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str
) -> list[Revision]:
    """The versions of a flow's JSON, newest first; raises NotFound."""
    return flows.revisions(tx, account_id, get(tx, account_id, channel_id, flow_id).id)


def revision_json(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str, revision: int
) -> str:
    """The text of one version of a flow's JSON; raises NotFound."""
    flow = get(tx, account_id, channel_id, flow_id)
    text = flows.flow_json(tx, account_id, flow.id, revision)
    if text is None:
        raise NotFound(f"Flow {flow_id} has no revision {revision}.")
    return text


def _apply(tx: Transaction, flow: Flow, content: Content, reach: frozenset[str] | None) -> Flow:
    """Gives a draft the rest of the content and saves it."""
    if content.clone_flow_id is not None:
        flow, flow_json = _cloned(tx, flow, content, reach)
    else:
        flow_json = content.flow_json
    flow = msgspec.structs.replace(
        flow,
        endpoint_uri=content.endpoint_uri or flow.endpoint_uri,
        application_id=content.application_id or flow.application_id,
        updated_at=clock.now_ms(),
    )
    if flow_json is not None:
        flow = _with_flow_json(tx, flow, flow_json)
    if content.publish:
        flow = _published(flow)
    flows.save(tx, flow)
    return flow


def _cloned(
    tx: Transaction, flow: Flow, content: Content, reach: frozenset[str] | None
) -> tuple[Flow, str | None]:
    if content.flow_json is not None:
        raise InvalidParameter("Send flowJson or cloneFlowId, not both.")
    wanted = content.clone_flow_id or ""
    source = flows.find_in_account(tx, flow.account_id, wanted) if wanted.isdecimal() else None
    out_of_reach = source is not None and reach is not None and source.channel_id not in reach
    if source is None or source.id == flow.id or out_of_reach:
        raise InvalidId(f"cloneFlowId {wanted!r} is not the id of another flow of this account.")
    flow_json = flows.flow_json(tx, source.account_id, source.id, source.revision)
    cloned = msgspec.structs.replace(
        flow,
        endpoint_uri=source.endpoint_uri,
        application_id=source.application_id,
    )
    return cloned, flow_json


def _with_flow_json(tx: Transaction, flow: Flow, text: str) -> Flow:
    """Keeps a text as the flow's next revision, unless it is the present one already."""
    data = _checked_flow_json(text)
    digest = hashlib.sha256(data).hexdigest()
    present = flows.find_revision(tx, flow.account_id, flow.id, flow.revision)
    if present is not None and present.sha256 == digest:
        return flow
    revision = Revision(flow.revision + 1, len(data), digest, clock.now_ms())
    flows.insert_revision(tx, flow.account_id, flow.id, revision, text)
    return msgspec.structs.replace(flow, revision=revision.revision)


def _published(flow: Flow) -> Flow:
    if flow.revision == 0:
        raise NotPublishable("Flow cannot be published: it has no Flow JSON; send flowJson first.")
    return msgspec.structs.replace(flow, status=Status.PUBLISHED, updated_at=clock.now_ms())


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


def _checked_flow_json(text: str) -> bytes:
    """The text as bytes, once it is known to be JSON text of a bearable size.

    A leading byte order mark is no fault: authors' editors write it, and it is kept.
    """
    data = text.encode("utf-8")
    if len(data) > FLOW_JSON_BYTES:
        raise OutOfRange(
            f"flowJson is {len(data)} bytes long; at most {FLOW_JSON_BYTES} bytes (10 MB)."
        )
    plain = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        # Numbers are only looked at: Python would refuse to convert very long ones.
        json.loads(plain, parse_constant=_no_constant, parse_int=str, parse_float=str)
    except RecursionError:
        raise InvalidFlowJson("Invalid flowJson: it is nested too deeply.") from None
    except ValueError as error:
        fault = error if isinstance(error, json.JSONDecodeError) else _fault_of_constant(plain)
        raise InvalidFlowJson(
            f"Invalid flowJson: it is not JSON text: {fault.msg.removesuffix(' at')} at line"
            f" {fault.lineno}, column {fault.colno}."
        ) from None
    return data


def _no_constant(word: str) -> None:
    """Refuses NaN and Infinity, which Python's parser would take."""
    raise ValueError(word)


def _fault_of_constant(text: str) -> json.JSONDecodeError:
    """Where the first NaN or Infinity stands that is not in a string."""
    for found in _STRING_OR_CONSTANT.finditer(text):
        if found[1]:
            return json.JSONDecodeError(f"{found[1]} is no JSON value", text, found.start())
    raise AssertionError("only called for a text that has one")


def _lock(tx: Transaction, account_id: str, channel_id: str) -> None:
    if not accounts.lock_channel(tx, account_id, channel_id):
        raise _no_channel(channel_id)


def _locked_flow(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Flow:
    _lock(tx, account_id, channel_id)
    return get(tx, account_id, channel_id, flow_id)


def _require_draft(flow: Flow, participle: str) -> None:
    if flow.status is not Status.DRAFT:
        raise NotADraft(
            f"Flow must be in DRAFT status to be {participle}: flow {flow.id} is {flow.status}."
        )


def live_preview(flow: Flow) -> Preview | None:
    """The preview link of a flow, while it has not expired."""
    if flow.preview_nonce is None or flow.preview_expires_at is None:
        return None
    if flow.preview_expires_at <= clock.now_ms() // 1000:
        return None
    return Preview(flow, flow.preview_nonce, flow.preview_expires_at)


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
