"""Queries on conversations and their messages."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from waflows.storage import phones, usage
from waflows.storage.database import Transaction
from waflows.storage.rows import Rows
from waflows.storage.usage import ROW_BYTES, Content, Usage

Direction = Literal["outbound", "inbound"]
Kind = Literal["text", "interactive", "template"]
State = Literal["queued", "sent", "delivered", "read", "undelivered", "failed"]


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation of one channel and one person.

    `name` is what the person calls themselves, `sub_account_id` the sender that wrote last.
    `last_inbound_at` is when the person wrote last, None before they ever did.
    """

    account_id: str
    channel_id: str
    msisdn: str
    name: str
    sub_account_id: str
    last_position: int
    last_inbound_at: int | None


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """The header of a message: a text, or the address of an image, a video or a document."""

    type: Literal["text", "image", "video", "document"]
    text: str = ""
    link: str = ""


class Bubble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a chat shows of a message.

    `button` is the label of its flow button. Of an answer, `response` is the JSON text it brings.
    """

    body: str = ""
    header: Header | None = None
    footer: str = ""
    button: str = ""
    template: str = ""
    response: str = ""


class SentFlow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The flow that a message carries. `screen` and `data` are empty with `data_exchange`."""

    id: str
    revision: int
    token: str
    action: Literal["navigate", "data_exchange"]
    screen: str = ""
    data: dict[str, Any] = {}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. Times are milliseconds since the epoch.

    `answer_umid` is the message that answered the flow of this one.
    """

    account_id: str
    umid: str
    channel_id: str
    msisdn: str
    position: int
    sub_account_id: str
    direction: Direction
    kind: Kind
    bubble: Bubble
    flow: SentFlow | None = None
    reply_to: str | None = None
    client_message_id: str | None = None
    request_key: str | None = None
    state: State
    state_at: int
    created_at: int
    answer_umid: str | None = None


_CONVERSATIONS = Rows("conversations", Conversation)
_MESSAGES = Rows("messages", Message)


def conversations_of(tx: Transaction, account_id: str, channel_id: str) -> list[Conversation]:
    """The conversations of a channel, by phone number."""
    rows = tx.all(
        f"{_CONVERSATIONS.select} WHERE account_id = ? AND channel_id = ? ORDER BY msisdn",
        account_id,
        channel_id,
    )
    return _CONVERSATIONS.all(rows)


def take_turn(
    tx: Transaction, account_id: str, channel_id: str, msisdn: str, sub_account_id: str
) -> Conversation:
    """Takes the next position of a conversation, which begins if it does not exist.

    Other writers of the conversation wait until this transaction ends, so positions, commits and
    events of one person keep one order. An empty `sub_account_id` leaves the sender as it was.
    """
    begun = Conversation(
        account_id=account_id,
        channel_id=channel_id,
        msisdn=msisdn,
        name="",
        sub_account_id=sub_account_id,
        last_position=1,
        last_inbound_at=None,
    )
    row = tx.one(
        f"{_CONVERSATIONS.insert()}"
        " ON CONFLICT (account_id, channel_id, msisdn) DO UPDATE SET"
        " last_position = conversations.last_position + 1, sub_account_id ="
        " CASE WHEN ? = '' THEN conversations.sub_account_id ELSE ? END"
        f" RETURNING {_CONVERSATIONS.listed}",
        *_CONVERSATIONS.values(begun),
        sub_account_id,
        sub_account_id,
    )
    assert row is not None, "an upsert answers its row"
    return _CONVERSATIONS.read(row)


def lock_conversation(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> bool:
    """Locks a conversation against other writers until the end; False if it does not exist."""
    return bool(
        tx.execute(
            "UPDATE conversations SET last_position = last_position"
            " WHERE account_id = ? AND channel_id = ? AND msisdn = ?",
            account_id,
            channel_id,
            msisdn,
        )
    )


def note_inbound(tx: Transaction, conversation: Conversation, at: int, name: str) -> None:
    """Records that the person wrote at a time, and their name if it is known."""
    tx.execute(
        "UPDATE conversations SET last_inbound_at = ?, name = CASE WHEN ? = '' THEN name ELSE ? END"
        " WHERE account_id = ? AND channel_id = ? AND msisdn = ?",
        at,
        name,
        name,
        conversation.account_id,
        conversation.channel_id,
        conversation.msisdn,
    )


_BATCH = 500
_FORGOTTEN = msgspec.json.encode(Bubble(response="{}")).decode()


def insert(tx: Transaction, message: Message) -> Content:
    """Inserts a message, whose position and request key must be free; returns its bytes."""
    content = _MESSAGES.values(message, "bubble", "flow")
    size = ROW_BYTES + sum(len((text or "").encode()) for text in content)
    tx.execute(_MESSAGES.insert("bytes"), *_MESSAGES.values(message), size)
    return Content(message.account_id, message.msisdn, size)


def find(tx: Transaction, account_id: str, umid: str) -> Message | None:
    """The message, if the account has it."""
    return _MESSAGES.find(
        tx.one(f"{_MESSAGES.select} WHERE account_id = ? AND umid = ?", account_id, umid)
    )


def find_by_request(
    tx: Transaction, account_id: str, sub_account_id: str, request_key: str
) -> Message | None:
    """The message that the same request made before."""
    row = tx.one(
        f"{_MESSAGES.select} WHERE account_id = ? AND sub_account_id = ? AND request_key = ?",
        account_id,
        sub_account_id,
        request_key,
    )
    return _MESSAGES.find(row)


def chat(
    tx: Transaction,
    account_id: str,
    channel_id: str,
    msisdn: str,
    *,
    above: int = 0,
    limit: int = 1000,
) -> list[Message]:
    """The newest messages of a conversation above a position, oldest first."""
    rows = tx.all(
        f"{_MESSAGES.select} WHERE account_id = ? AND channel_id = ? AND msisdn = ?"
        " AND position > ? ORDER BY position DESC LIMIT ?",
        account_id,
        channel_id,
        msisdn,
        above,
        limit,
    )
    return _MESSAGES.all(reversed(rows))


def set_state(
    tx: Transaction, account_id: str, umid: str, state: State, at: int, before: tuple[State, ...]
) -> bool:
    """Changes the state of a message if it is in one of the states before; whether it was."""
    return bool(
        tx.execute(
            "UPDATE messages SET state = ?, state_at = ? WHERE account_id = ? AND umid = ?"
            f" AND state IN ({', '.join('?' * len(before))})",
            state,
            at,
            account_id,
            umid,
            *before,
        )
    )


def set_answer(tx: Transaction, account_id: str, umid: str, answer_umid: str) -> bool:
    """Records which message answered this one; False when it has an answer already."""
    return bool(
        tx.execute(
            "UPDATE messages SET answer_umid = ?"
            " WHERE account_id = ? AND umid = ? AND answer_umid IS NULL",
            answer_umid,
            account_id,
            umid,
        )
    )


def channels_with(tx: Transaction, account_id: str, msisdn: str) -> list[str]:
    """The channels in which there is a conversation with a person."""
    rows = tx.all(
        "SELECT channel_id FROM conversations WHERE account_id = ? AND msisdn = ?"
        " ORDER BY channel_id",
        account_id,
        msisdn,
    )
    return [row[0] for row in rows]


class Forgotten(msgspec.Struct, frozen=True):
    """How many messages were removed, and the bytes that sets free."""

    messages: int
    freed: list[Content]


def forget_conversations(
    tx: Transaction,
    account_id: str,
    channel_ids: list[str],
    msisdn: str,
    sub_account_ids: frozenset[str] | None,
) -> Forgotten:
    """Deletes the messages with a person in some channels, and the flows open on their phones.

    With `sub_account_ids`, only the messages of these sub-accounts. A conversation without messages
    is deleted too, so that neither the number nor the service window remains.
    """
    where = "account_id = ? AND channel_id = ? AND msisdn = ?"
    through = sorted(sub_account_ids or ())
    if sub_account_ids is not None:
        where += f" AND sub_account_id IN ({', '.join('?' * len(through)) or 'NULL'})"
    # Other writers wait for the lock and then begin a new conversation. One that ended since it was
    # found may have begun again, with messages that this transaction does not see.
    people = [
        (account_id, channel_id, msisdn)
        for channel_id in sorted(channel_ids)
        if lock_conversation(tx, account_id, channel_id, msisdn)
    ]
    umids: list[str] = []
    for person in people:
        found = tx.all(f"SELECT umid FROM messages WHERE {where}", *person, *through)
        umids += [umid for (umid,) in found]
    freed = _delete(tx, account_id, umids)
    for person in people:
        _end_if_empty(tx, *person)
    return Forgotten(len(umids), freed)


def forget_older(tx: Transaction, before: int, most: int) -> Forgotten:
    """Removes up to `most` messages of any account from before a time.

    Conversations in which nothing is left go too, and flows that are open on simulated phones.
    """
    found = tx.all(
        "SELECT account_id, channel_id, msisdn, umid FROM messages WHERE created_at < ?"
        " ORDER BY created_at LIMIT ?",
        before,
        most,
    )
    people = sorted({(account, channel, msisdn) for account, channel, msisdn, _ in found})
    # Locked in one order everywhere, and before their messages, as every writer does.
    locked = [person for person in people if lock_conversation(tx, *person)]
    freed: list[Content] = []
    for account_id in sorted({account for account, _, _, _ in found}):
        freed += _delete(tx, account_id, [row[3] for row in found if row[0] == account_id])
    for person in locked:
        _end_if_empty(tx, *person)
    return Forgotten(len(found), freed)


def forget_answers(tx: Transaction, account_id: str, umids: list[str]) -> list[Content]:
    """Deletes the content of answers but not their rows; returns the bytes set free."""
    freed = []
    left = ROW_BYTES + len(_FORGOTTEN)
    for umid in umids:
        found = tx.one(
            "SELECT m.msisdn, m.bytes FROM messages m WHERE m.account_id = ? AND m.umid = ?"
            + tx.locking("m"),
            account_id,
            umid,
        )
        if found is not None:
            msisdn, size = found
            tx.execute(
                "UPDATE messages SET bubble = ?, bytes = ? WHERE account_id = ? AND umid = ?",
                _FORGOTTEN,
                left,
                account_id,
                umid,
            )
            freed.append(Content(account_id, msisdn, size - left))
    return freed


def _delete(tx: Transaction, account_id: str, umids: list[str]) -> list[Content]:
    """Deletes messages of locked conversations, with open flows; returns the bytes set free.

    Messages are locked in one order everywhere, and before the phones that show them.
    """
    freed: list[Content] = []
    ordered = sorted(umids)
    for some in (ordered[at : at + _BATCH] for at in range(0, len(ordered), _BATCH)):
        these = f"({', '.join('?' * len(some))})"
        tx.all(
            f"SELECT m.umid FROM messages m WHERE m.account_id = ? AND m.umid IN {these}"
            f" ORDER BY m.umid{tx.locking('m')}",
            account_id,
            *some,
        )
        freed += phones.forget(tx, account_id, some)
        removed = tx.all(
            f"DELETE FROM messages WHERE account_id = ? AND umid IN {these}"
            " RETURNING account_id, msisdn, bytes",
            account_id,
            *some,
        )
        freed += [Content(*row) for row in removed]
    return freed


def _end_if_empty(tx: Transaction, account_id: str, channel_id: str, msisdn: str) -> None:
    person = account_id, channel_id, msisdn
    where = "account_id = ? AND channel_id = ? AND msisdn = ?"
    ended = tx.execute(
        f"DELETE FROM conversations WHERE {where}"
        f" AND NOT EXISTS (SELECT 1 FROM messages WHERE {where})",
        *person,
        *person,
    )
    if ended:
        usage.add(tx, account_id, Usage(phones=-ended))
