"""Queries on the flows that are open on simulated phones."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction
from waflows.storage.rows import Rows
from waflows.storage.usage import ROW_BYTES, Content


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The flow that a person opened last.

    `turn` grows with every step; `state` is where the flow stands, as JSON.
    """

    account_id: str
    channel_id: str
    msisdn: str
    message_umid: str
    turn: int
    state: str


_ROWS = Rows("phone_sessions", Session)


def find(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> Session | None:
    """Returns the flow that was opened last on a phone, if any was."""
    row = tx.one(
        f"{_ROWS.select} WHERE account_id = ? AND channel_id = ? AND msisdn = ?",
        account_id,
        channel_id,
        msisdn,
    )
    return _ROWS.find(row)


def begin(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    msisdn: str,
    message_umid: str,
    state: str,
) -> Content:
    """Opens a flow on a phone in place of the last one; returns the change in bytes.

    The conversation must be locked.
    """
    found = _locked(tx, account_id, channel_id, msisdn)
    before = 0 if found is None else found[1]
    size = _size(state)
    session = Session(
        account_id=account_id,
        channel_id=channel_id,
        msisdn=msisdn,
        message_umid=message_umid,
        turn=1,
        state=state,
    )
    tx.execute(
        f"{_ROWS.insert('bytes')} ON CONFLICT (account_id, channel_id, msisdn) DO UPDATE SET"
        f" {_ROWS.replacements('message_umid', 'state')}, turn = phone_sessions.turn + 1,"
        " bytes = excluded.bytes",
        *_ROWS.values(session),
        size,
    )
    return Content(account_id, msisdn, size - before)


def advance(tx: Transaction, session: Session, state: str) -> Content | None:
    """Advances a session by one turn; returns the change in bytes, None after a concurrent step."""
    found = _locked(tx, session.account_id, session.channel_id, session.msisdn)
    if found is None or found[0] != session.turn:
        return None
    size = _size(state)
    tx.execute(
        "UPDATE phone_sessions SET turn = turn + 1, state = ?, bytes = ?"
        " WHERE account_id = ? AND channel_id = ? AND msisdn = ?",
        state,
        size,
        session.account_id,
        session.channel_id,
        session.msisdn,
    )
    return Content(session.account_id, session.msisdn, size - found[1])


def newest_unanswered(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> str | None:
    """Returns the newest message of a chat whose flow is not finished."""
    row = tx.one(
        "SELECT umid FROM messages WHERE account_id = ? AND channel_id = ? AND msisdn = ?"
        " AND flow IS NOT NULL AND answer_umid IS NULL ORDER BY position DESC LIMIT 1",
        account_id,
        channel_id,
        msisdn,
    )
    return None if row is None else str(row[0])


def unread(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> list[str]:
    """Returns the delivered messages of a chat that are not read yet, oldest first."""
    rows = tx.all(
        "SELECT umid FROM messages WHERE account_id = ? AND channel_id = ? AND msisdn = ?"
        " AND direction = 'outbound' AND state = 'delivered' ORDER BY position",
        account_id,
        channel_id,
        msisdn,
    )
    return [str(umid) for (umid,) in rows]


def forget(tx: Transaction, account_id: str, message_umids: list[str]) -> list[Content]:
    """Closes the flows of some messages, with what was typed; returns the bytes set free.

    A flow may be open on several phones.
    """
    freed = []
    for umid in message_umids:
        freed += tx.all(
            "DELETE FROM phone_sessions WHERE account_id = ? AND message_umid = ?"
            " RETURNING account_id, msisdn, bytes",
            account_id,
            umid,
        )
    return [Content(*row) for row in freed]


def _locked(
    tx: Transaction, account_id: str, channel_id: str, msisdn: str
) -> tuple[int, int] | None:
    """The turn and the bytes of a session, which stay as they are until the transaction ends."""
    row = tx.one(
        "SELECT s.turn, s.bytes FROM phone_sessions s"
        " WHERE s.account_id = ? AND s.channel_id = ? AND s.msisdn = ?" + tx.locking("s"),
        account_id,
        channel_id,
        msisdn,
    )
    return None if row is None else (row[0], row[1])


def _size(state: str) -> int:
    return ROW_BYTES + len(state.encode())
