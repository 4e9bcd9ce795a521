"""Which submissions a request is about, as far as its key reaches."""

from __future__ import annotations

import re
from datetime import timedelta

from waflows import times
from waflows.errors import Forbidden, InvalidParameter
from waflows.services.accounts.accounts import Principal
from waflows.storage.submissions import Position, Selection

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_MS = int(timedelta(days=1).total_seconds() * 1000)
_YEAR_10000_MS = 253_402_300_800_000
_MSISDN = re.compile(r"[ +]?([0-9]{1,20})")
_POSITION = re.compile(r"(-?[0-9]{1,15})/([0-9a-f-]{36})")


def reach_of(principal: Principal) -> Selection:
    """Everything a key may see."""
    return Selection(channel_ids=principal.channel_ids, sub_account_ids=principal.sub_account_ids)


def select(
    principal: Principal,
    *,
    flow_id: str | None = None,
    channel_id: str | None = None,
    since: str | None = None,
    until: str | None = None,
    msisdn: str | None = None,
) -> Selection:
    """The submissions a query selects within the key's reach, from its texts.

    Raises InvalidParameter, and Forbidden where the question itself would reveal a number.
    """
    reach = reach_of(principal)
    channels = reach.channel_ids
    if channel_id is not None:
        if not principal.may_use(channel_id):
            raise Forbidden(f"This API key may not use channel {channel_id}.")
        channels = frozenset({channel_id})
    return Selection(
        channel_ids=channels,
        sub_account_ids=reach.sub_account_ids,
        flow_id=flow_id,
        msisdn=None if msisdn is None else read_person(msisdn, principal),
        since=None if since is None else _read_time("from", since),
        until=None if until is None else _read_time("to", until, of_a_date=_DAY_MS),
    )


def read_person(msisdn: str, principal: Principal) -> str:
    """Returns a phone number of a query as it is stored; raises InvalidParameter, Forbidden."""
    if principal.masked:
        raise Forbidden("This API key is masked, so it cannot search by phone number.")
    # A plus sign in a query string means a blank unless it is written %2B.
    number = _MSISDN.fullmatch(msisdn)
    if number is None:
        raise InvalidParameter("msisdn must be a phone number in E.164, such as +6581234567.")
    return f"+{number[1]}"


def write_position(position: Position) -> str:
    """A position as text, for `read_position`."""
    return f"{position.submitted_at}/{position.id}"


def read_position(text: str) -> Position | None:
    """A position from its text; None for anything else."""
    found = _POSITION.fullmatch(text)
    return None if found is None else Position(int(found[1]), found[2])


def _read_time(name: str, text: str, of_a_date: int = 0) -> int:
    """Milliseconds since the epoch; of a date alone, plus the part of the day that it means."""
    # The plus sign of an offset that was not written %2B has become a blank.
    at_ms = times.parse(re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text))
    if at_ms is not None and _DATE.fullmatch(text):
        at_ms += of_a_date
    if at_ms is None or at_ms >= _YEAR_10000_MS:
        raise InvalidParameter(
            f"{name} must be a date or a date and time, such as 2026-03-01 or 2026-03-01T09:30:00Z."
        )
    return at_ms
