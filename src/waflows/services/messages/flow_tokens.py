"""Reading flow tokens, for clients that get one with an answer or in an endpoint's request."""

from __future__ import annotations

from typing import Literal

import msgspec

from waflows.errors import NotFound
from waflows.security import flow_tokens
from waflows.services.accounts import accounts
from waflows.services.accounts.accounts import Principal
from waflows.storage import messages
from waflows.storage.database import Transaction
from waflows.storage.messages import Message


class TokenReading(msgspec.Struct, frozen=True):
    """Whether waflows issued a token, and the message that a genuine one was sent with.

    "forged" looks like a token of waflows but is not one, or was altered; "foreign" is a token
    chosen by a client.
    """

    state: Literal["genuine", "forged", "foreign"]
    message: Message | None = None


def read(tx: Transaction, principal: Principal, token: str) -> TokenReading:
    """Reads a token as far as the caller's key reaches.

    Raises NotFound for a genuine token whose message is gone or out of reach.
    """
    said = flow_tokens.read(accounts.instance_secret(tx), principal.account_id, token)
    if not isinstance(said, flow_tokens.FlowTokenClaim):
        return TokenReading(said)
    message = messages.find(tx, principal.account_id, said.umid)
    limits = principal.sub_account_ids
    if (
        message is None
        or not principal.may_use(message.channel_id)
        or (limits is not None and message.sub_account_id not in limits)
    ):
        raise NotFound("Message not found: the message of this flow token does not exist.")
    return TokenReading("genuine", message)
