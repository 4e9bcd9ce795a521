"""Sub-accounts: the senders of an account, each with its channel, and access to them."""

from __future__ import annotations

import re

from waflows.errors import InvalidId, InvalidParameter, WrongAccount
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.accounts.accounts import Principal
from waflows.services.names import is_printable
from waflows.storage import sub_accounts as store
from waflows.storage.database import Transaction
from waflows.storage.sub_accounts import SubAccount

SUB_ACCOUNT_ID_PATTERN = r"^[A-Za-z0-9\-._&]{3,50}$"
_ID = re.compile(SUB_ACCOUNT_ID_PATTERN.replace("$", r"\Z"))
_NAME_LENGTH = 200


def create_sub_account(
    tx: Transaction, account_id: str, sub_account_id: str, channel_id: str, name: str = ""
) -> SubAccount:
    """Adds a sub-account that sends through one channel; its name is its id unless given.

    Raises NotFound for an unknown account or channel, InvalidId for an id that is malformed or
    taken, InvalidParameter for an unusable name.
    """
    channel = accounts.get_channel(tx, account_id, channel_id)
    if not _ID.fullmatch(sub_account_id):
        raise InvalidId(
            f"Sub-account id {sub_account_id!r} is not usable: 3 to 50 letters, digits, hyphens,"
            " dots, underscores and ampersands."
        )
    called = name or sub_account_id
    if len(called) > _NAME_LENGTH or not is_printable(called):
        raise InvalidParameter(
            f"The sub-account name must be 1 to {_NAME_LENGTH} printable characters."
        )
    made = SubAccount(channel.account_id, sub_account_id, channel.id, called, clock.now_ms())
    if not store.insert(tx, made):
        raise InvalidId(f"The account already has a sub-account {sub_account_id}.")
    return made


def list_sub_accounts(tx: Transaction, account_id: str) -> list[SubAccount]:
    """The sub-accounts of an account, oldest first; raises NotFound for an unknown account."""
    return store.of_account(tx, accounts.get_account(tx, account_id).id)


def reached(tx: Transaction, principal: Principal, sub_account_id: str) -> SubAccount:
    """The sub-account of the caller's account that its key reaches, by itself and by its channel.

    Raises the same WrongAccount for one that does not exist, belongs to another account, or is out
    of reach.
    """
    found = store.find(tx, principal.account_id, sub_account_id)
    limits = principal.sub_account_ids
    within = limits is None or sub_account_id in limits
    if found is None or not within or not principal.may_use(found.channel_id):
        raise WrongAccount(f"Sub-account {sub_account_id} does not belong to this API key.")
    return found
