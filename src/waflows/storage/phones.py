"""Queries on what simulated phones show."""

from __future__ import annotations

import msgspec

from waflows.storage.database import Transaction


class Session(msgspec.Struct, frozen=True):
    """The flow a person has open, or had open last.

    `turn` grows with every step; `state` is where the flow stands, as JSON.
    """

    account_id: str
    channel_id: str
    msisdn: str
    message_umid: str
    turn: int
    state: str


def find(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> Session | None:
    """What a phone shows, if a flow was ever opened on it."""
    row = tx.one(
        "SELECT account_id, channel_id, msisdn, message_umid, turn, state FROM phone_sessions"
        " WHERE account_id = ? AND channel_id = ? AND msisdn = ?",
        account_id,
        channel_id,
        msisdn,
    )
    return Session(*row) if row else None


def begin(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    msisdn: str,
    message_umid: str,
    state: str,
) -> None:
    """Puts a flow in the place of what the phone showed."""
    tx.execute(
        "INSERT INTO phone_sessions (account_id, channel_id, msisdn, message_umid, turn, state)"
        " VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (account_id, channel_id, msisdn) DO UPDATE SET"
        " message_umid = excluded.message_umid, turn = phone_sessions.turn + 1,"
        " state = excluded.state",
        account_id,
        channel_id,
        msisdn,
        message_umid,
        state,
    )


def advance(tx: Transaction, session: Session, state: str) -> bool:
    """Takes a session one turn on; False when another step was quicker."""
    return bool(
        tx.execute(
            "UPDATE phone_sessions SET turn = turn + 1, state = ?"
            " WHERE account_id = ? AND channel_id = ? AND msisdn = ? AND turn = ?",
            state,
            session.account_id,
            session.channel_id,
            session.msisdn,
            session.turn,
        )
    )


def newest_unanswered(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> str | None:
    """The newest message of a chat that carries a flow nobody finished yet."""
    row = tx.one(
        "SELECT umid FROM messages WHERE account_id = ? AND channel_id = ? AND msisdn = ?"
        " AND flow IS NOT NULL AND answer_umid IS NULL ORDER BY position DESC LIMIT 1",
        account_id,
        channel_id,
        msisdn,
    )
    return None if row is None else str(row[0])


def unread(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> list[str]:
    """The messages of a chat that came and were not looked at yet, oldest first."""
    rows = tx.all(
        "SELECT umid FROM messages WHERE account_id = ? AND channel_id = ? AND msisdn = ?"
        " AND direction = 'outbound' AND state = 'delivered' ORDER BY position",
        account_id,
        channel_id,
        msisdn,
    )
    return [str(umid) for (umid,) in rows]


def forget(tx: Transaction, account_id: str, message_umids: list[str]) -> None:
    """Closes the flows of some messages wherever they are open, and what was typed there goes."""
    for umid in message_umids:
        tx.execute(
            "DELETE FROM phone_sessions WHERE account_id = ? AND message_umid = ?",
            account_id,
            umid,
        )
