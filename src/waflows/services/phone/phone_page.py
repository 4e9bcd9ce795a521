"""What the page of the simulated phone needs besides the chat: channels, flows, conversations.

The phone itself is `phones` (what a user does) and `phone_play` (the open flow).
"""

from __future__ import annotations

import msgspec

from waflows.errors import InvalidParameter, NotFound
from waflows.services import msisdn
from waflows.services.accounts.accounts import Principal
from waflows.services.flows import browsing
from waflows.services.messages import conversations
from waflows.services.messages.outgoing import FlowContent, Outgoing
from waflows.services.phone import phones
from waflows.storage import sub_accounts
from waflows.storage.accounts import Channel
from waflows.storage.database import Transaction
from waflows.storage.flows import FlowSummary, Selection, Status
from waflows.storage.flows import page as flow_page
from waflows.storage.messages import Conversation

_MOST_FLOWS = 200


class PhonePage(msgspec.Struct, frozen=True, kw_only=True):
    """The channels a key can use, and of the chosen one its conversations and flows.

    `sender` is the sub-account that messages are sent through, empty when the channel has none.
    """

    channels: list[Channel]
    channel: Channel
    conversations: list[Conversation]
    flows: list[FlowSummary]
    sender: str


def find_page(tx: Transaction, principal: Principal, channel_id: str) -> PhonePage | None:
    """The page for a channel, or for the first one when the id is empty.

    None when the key can use no channel at all. Raises NotFound for a channel it cannot use.
    """
    channels = browsing.channels(tx, principal)
    if not channels and not channel_id:
        return None
    channel = next((each for each in channels if channel_id in ("", each.id)), None)
    if channel is None:
        raise _channel_not_found(channel_id)
    account_id = principal.account_id
    rows = flow_page(tx, account_id, channel.id, Selection(None, None), None, _MOST_FLOWS)
    sender = sub_accounts.first_of_channel(tx, account_id, channel.id)
    return PhonePage(
        channels=channels,
        channel=channel,
        conversations=conversations.conversations(tx, account_id, channel.id),
        flows=[flow for _, flow in rows if flow.status is not Status.DEPRECATED],
        sender=sender.id if sender else "",
    )


def require_channel(principal: Principal, channel_id: str) -> None:
    """Raises NotFound unless the key can use the channel."""
    if not principal.may_use(channel_id):
        raise _channel_not_found(channel_id)


def send_flow(
    tx: Transaction,
    principal: Principal,
    channel_id: str,
    number: str,
    *,
    flow_id: str,
    body: str,
    button: str,
) -> str:
    """Sends a flow to the phone through the channel's first sub-account; the message's id.

    A draft is sent in draft mode. Raises NotFound (flow), InvalidParameter without a sub-account.
    """
    flow = browsing.find(tx, principal, flow_id)
    sender = sub_accounts.first_of_channel(tx, principal.account_id, channel_id)
    if sender is None:
        raise InvalidParameter(
            "The channel has no sub-account to send through; `waflows subaccount create` makes one."
        )
    content = FlowContent(
        flow_id=flow.id,
        button=button,
        body=body,
        mode="draft" if flow.status is Status.DRAFT else "published",
    )
    message = Outgoing(msisdn=msisdn.normalised(number), content=content)
    return phones.send(tx, principal, sender.id, message).umid


def _channel_not_found(channel_id: str) -> NotFound:
    return NotFound(f"Channel not found: this key cannot use a channel {channel_id}.")
