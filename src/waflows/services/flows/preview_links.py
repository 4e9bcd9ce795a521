"""Links that show a flow to anyone who has them: a preview, or the text of one revision.

`waflows.security.links` defines what a link contains and how its token is made.
"""

from __future__ import annotations

import secrets

import msgspec

from waflows.services import clock
from waflows.services.flows import lifecycle
from waflows.storage import flows as store
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow


class Preview(msgspec.Struct, frozen=True):
    """The data of a preview link; `expires_at` in whole seconds since the epoch."""

    flow: Flow
    nonce: str
    expires_at: int


def find_preview(tx: Transaction, account_id: str, channel_id: str, flow_id: str) -> Preview | None:
    """The valid preview link, if there is one; raises NotFound."""
    return live_preview(lifecycle.get(tx, account_id, channel_id, flow_id))


def renew_preview(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str, hours: int, *, replace: bool
) -> Preview:
    """A preview link valid for some hours; `replace` revokes the previous one. Raises NotFound."""
    flow = lifecycle.locked(tx, account_id, channel_id, flow_id)
    live = live_preview(flow)
    if live is not None and not replace:
        return live
    expires_at = clock.now_ms() // 1000 + hours * 3600
    nonce = secrets.token_hex(16)
    flow = msgspec.structs.replace(flow, preview_nonce=nonce, preview_expires_at=expires_at)
    store.save(tx, flow)
    return Preview(flow, nonce, expires_at)


def find_linked(tx: Transaction, flow_id: str) -> Flow | None:
    """A flow of any account; the link's token must be verified before anything is revealed."""
    return store.find_by_id(tx, flow_id)


def text_of(tx: Transaction, flow: Flow, revision: int) -> str | None:
    """The text of one revision of a flow, for a link that was verified."""
    return store.flow_json(tx, flow.account_id, flow.id, revision)


def encoded_text_of(tx: Transaction, flow: Flow, revision: int) -> bytes | None:
    """The same as UTF-8, so that a long text is not encoded on the event loop."""
    text = text_of(tx, flow, revision)
    return None if text is None else text.encode("utf-8")


def text_bytes_of(tx: Transaction, flow: Flow, revision: int) -> int | None:
    """The length of that text in bytes; None for an unknown revision."""
    return store.flow_json_bytes(tx, flow.account_id, flow.id, revision)


def live_preview(flow: Flow) -> Preview | None:
    """The preview link of a flow, while it has not expired."""
    if flow.preview_nonce is None or flow.preview_expires_at is None:
        return None
    if flow.preview_expires_at <= clock.now_ms() // 1000:
        return None
    return Preview(flow, flow.preview_nonce, flow.preview_expires_at)
