"""Looking up an error by the errorId it was answered with, as far as a key may know of it."""

from __future__ import annotations

import uuid

from waflows.errors import InvalidId
from waflows.http.journal import Journal
from waflows.services.accounts import error_log
from waflows.services.accounts.accounts import Principal
from waflows.storage.error_records import ErrorRecord


async def find_error(journal: Journal, principal: Principal, error_id: str) -> ErrorRecord:
    """An error of the key's account; raises InvalidId, NotFound."""
    try:
        uuid.UUID(error_id)
    except ValueError:
        raise InvalidId("errorId must be a UUID, as an error response carries it.") from None
    record = await journal.find(principal.account_id, error_id)
    if not _may_know(principal, record):
        raise error_log.unknown(error_id)
    return record


def _may_know(principal: Principal, record: ErrorRecord) -> bool:
    """Whether a key may see an error: its own always, those of other keys as far as it reaches.

    A message may repeat parts of the request, and does not say which sub-account it was about.
    """
    if record.key_last_six == principal.last_six:
        return True
    if principal.masked or principal.sub_account_ids is not None:
        return False
    return principal.channel_ids is None or record.channel_id in principal.channel_ids
