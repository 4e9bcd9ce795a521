"""Messages, answers and open flows count towards the stored bytes of their account, exactly."""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from harness.contents import faults, rows_of
from harness.principals import unlimited
from harness.servers import opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waflows import runtime
from waflows.errors import (
    FlowAnswered,
    NotFound,
    OutsideServiceWindow,
    OvertakenStep,
    QuotaReached,
)
from waflows.services.accounts import accounts, quotas, sub_accounts
from waflows.services.flows import lifecycle, texts
from waflows.services.flows.lifecycle import Content
from waflows.services.messages import conversations
from waflows.services.messages.outgoing import FlowContent, Outgoing
from waflows.services.phone import phones
from waflows.services.submissions import forgetting
from waflows.settings import Settings
from waflows.storage.database import Database, Transaction
from waflows.storage.submissions import Selection
from waflows.storage.usage import ROW_BYTES

_FLOW_JSON = json.dumps(
    {
        "version": "7.3",
        "screens": [
            {
                "id": "ONLY",
                "terminal": True,
                "data": {"text": {"type": "string", "__example__": "Hello"}},
                "layout": {
                    "type": "SingleColumnLayout",
                    "children": [
                        {"type": "TextBody", "text": "${data.text}"},
                        {
                            "type": "Footer",
                            "label": "Done",
                            "on-click-action": {"name": "complete", "payload": {}},
                        },
                    ],
                },
            }
        ],
    }
)
_DAY_MS = 24 * 3600 * 1000
_PEOPLE = [f"+35191000000{number}" for number in range(4)]
_CHANNELS = ["one", "two"]
_EVERYTHING = Selection()


class Business:
    """An account with two channels, a published flow in each, and people who have written."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.account = db.run_now(accounts.create_account, "Business").id
        self.principal = unlimited(self.account)
        self.flows: dict[str, str] = {}
        for channel in _CHANNELS:
            db.run_now(accounts.create_channel, self.account, channel, channel)
            db.run_now(sub_accounts.create_sub_account, self.account, f"sub-{channel}", channel)
            content = Content(
                name="Survey",
                categories=["OTHER"],
                flow_json=texts.check_now(_FLOW_JSON),
                publish=True,
            )
            flow = db.run_now(lifecycle.create, self.account, channel, content)
            self.flows[channel] = flow.id

    @property
    def stored_bytes(self) -> int:
        """What the counters say, but for the Flow JSON."""
        space = self.db.read_now(quotas.space, self.account)
        return space.usage.stored_bytes - len(self.flows) * len(_FLOW_JSON.encode())

    def measured_bytes(self) -> int:
        """What is in the tables, measured here."""
        rows = rows_of(self.db, self.account)
        columns = {
            "messages": ("bubble", "flow"),
            "submissions": ("fields", "flow_token"),
            "phone_sessions": ("state",),
        }

        def measure(tx: Transaction) -> int:
            total = 0
            for table, names in columns.items():
                for row in tx.all(
                    f"SELECT {', '.join(names)} FROM {table} WHERE account_id = ?", self.account
                ):
                    total += ROW_BYTES + sum(len((text or "").encode()) for text in row)
            return total

        assert rows["accounts"]
        return self.db.read_now(measure)


Operation = Callable[[Database, Business, str, str, int], Any]


def _say(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    # A character of two bytes, so that characters and bytes differ.
    text = "é" * (1 + size % 4000)
    db.run_now(phones.say, business.account, channel, person, text, "Inês")


def _send(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    db.run_now(conversations.receive_text, business.account, channel, person, "Hi")
    content = FlowContent(
        flow_id=business.flows[channel], button="Open", body="Body", data={"text": "x" * size}
    )
    wanted = Outgoing(msisdn=person, content=content)
    db.run_now(phones.send, business.principal, f"sub-{channel}", wanted)


def _open(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    umid, _ = db.read_now(phones.find_flow, business.account, channel, person, None)
    state = runtime.State(detail="y" * size)
    db.run_now(phones.begin, business.account, channel, person, umid, state)


def _type(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    playing = db.read_now(phones.playing, business.account, channel, person)
    db.run_now(phones.advance, playing.session, runtime.State(detail="z" * size))


def _finish(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    playing = db.read_now(phones.playing, business.account, channel, person)
    state = runtime.State(detail="END", response={"answer": "é" * size})
    db.run_now(phones.advance, playing.session, state)


def _answer(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    umid, _ = db.read_now(phones.find_flow, business.account, channel, person, None)
    response = {"answer": "w" * size}
    db.run_now(conversations.receive_answer, business.account, umid, response)


def _forget_submissions(db: Database, business: Business, _: str, person: str, __: int) -> None:
    db.run_now(forgetting.forget_submissions_of, business.account, person, _EVERYTHING)


def _forget_person(db: Database, business: Business, channel: str, person: str, size: int) -> None:
    reach = _EVERYTHING
    if size % 2:
        reach = Selection(
            channel_ids=frozenset({channel}), sub_account_ids=frozenset({f"sub-{channel}"})
        )
    db.run_now(forgetting.forget_conversations_with, business.account, person, reach)


def _retain(db: Database, business: Business, _: str, person: str, size: int) -> None:
    db.run_now(_age, business.account, person)
    if size % 2:
        while db.run_now(forgetting.forget_old_messages, 1):
            pass
    else:
        while db.run_now(forgetting.forget_old_submissions, business.account, 1):
            pass


def _retain_nothing(db: Database, business: Business, _: str, __: str, size: int) -> None:
    if size % 2:
        db.run_now(forgetting.forget_old_messages, 0)
    else:
        db.run_now(forgetting.forget_old_submissions, business.account, 0)


def _age(tx: Transaction, account_id: str, msisdn: str) -> None:
    for table, column in (("messages", "created_at"), ("submissions", "submitted_at")):
        tx.execute(
            f"UPDATE {table} SET {column} = {column} - ? WHERE account_id = ? AND msisdn = ?",
            2 * _DAY_MS,
            account_id,
            msisdn,
        )


_OPERATIONS: list[Operation] = [
    _say,
    _send,
    _open,
    _type,
    _finish,
    _answer,
    _forget_submissions,
    _forget_person,
    _retain,
]
# What cannot be done as things stand, or was overtaken by what somebody else did at once.
_IMPOSSIBLE = (NotFound, FlowAnswered, OvertakenStep, OutsideServiceWindow)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(_OPERATIONS),
        st.sampled_from(_CHANNELS),
        st.sampled_from(_PEOPLE[:2]),
        st.integers(0, 5000),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_after_any_sequence_the_counters_are_what_is_stored(
    db: Database, steps: list[tuple[Operation, str, str, int]]
) -> None:
    business = Business(db)
    for operation, channel, person, size in steps:
        try:
            operation(db, business, channel, person, size)
        except _IMPOSSIBLE:
            continue
        assert business.stored_bytes == business.measured_bytes(), operation.__name__

    assert faults(db) == {}
    for person in _PEOPLE[:2]:
        db.run_now(forgetting.forget_conversations_with, business.account, person, _EVERYTHING)
        while db.run_now(forgetting.forget_submissions_of, business.account, person, _EVERYTHING):
            pass
    assert business.stored_bytes == 0


def test_counters_are_exact_when_many_write_and_forget_at_once_and_nobody_deadlocks(
    db: Database, database_url: str
) -> None:
    business = Business(db)
    unexpected: list[Exception] = []
    # The test's own ageing of rows would lock them in an order of its own.
    others = [_retain_nothing if each is _retain else each for each in _OPERATIONS]
    operations = [_say, _send, _send, _send, _open, _finish, *others]

    def work(seed: int) -> None:
        dice = random.Random(seed)
        with opened(database_url) as own:
            for _ in range(60):
                operation = dice.choice(operations)
                where = dice.choice(_CHANNELS), dice.choice(_PEOPLE), dice.randrange(3000)
                try:
                    operation(own, business, *where)
                except _IMPOSSIBLE:
                    continue
                except Exception as error:  # shown by the test, not by a thread
                    unexpected.append(error)
                    return

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert unexpected == []
    assert business.stored_bytes == business.measured_bytes()
    assert faults(db) == {}
    if db.engine == "postgres":
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert db.read_now(lambda tx: tx.all(deadlocks)) == [(0,)]


@pytest.mark.parametrize("operation", [_say, _send, _open, _type, _finish, _answer])
def test_beyond_the_stored_bytes_nothing_is_kept_and_forgetting_makes_room(
    db: Database, operation: Operation
) -> None:
    business = Business(db)
    person = _PEOPLE[0]
    _send(db, business, "one", person, 10)
    if operation in (_type, _finish):
        _open(db, business, "one", person, 10)
    used = db.read_now(quotas.space, business.account).usage.stored_bytes
    limits = quotas.limits_of(Settings())
    db.run_now(quotas.set_limits, msgspec.structs.replace(limits, stored_bytes=used + 1000))
    before = rows_of(db, business.account)

    with pytest.raises(QuotaReached, match=r"bytes of Flow JSON, messages and answers"):
        operation(db, business, "one", person, 3999)

    assert rows_of(db, business.account) == before
    db.run_now(forgetting.forget_conversations_with, business.account, person, _EVERYTHING)
    _say(db, business, "one", person, 1)
    assert faults(db) == {}


def test_the_same_request_again_counts_once(db: Database) -> None:
    business = Business(db)
    _say(db, business, "one", _PEOPLE[0], 5)
    content = FlowContent(
        flow_id=business.flows["one"], button="Open", body="Body", data={"text": "x"}
    )
    wanted = Outgoing(msisdn=_PEOPLE[0], content=content, client_message_id=str(uuid.uuid4()))
    db.run_now(conversations.send, business.principal, "sub-one", wanted)
    once = business.stored_bytes

    db.run_now(conversations.send, business.principal, "sub-one", wanted)

    assert business.stored_bytes == once == business.measured_bytes()
