"""Where events are sent, and what is written into the outbox when something happens."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import msgspec
import pytest

from waflows.errors import InvalidParameter, NotFound
from waflows.security.vault import SealBroken, Vault, make_key
from waflows.services.accounts import accounts
from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import Event, Wanted, WantedOAuth
from waflows.storage.database import Database, Row

VAULT = Vault(make_key())
URL = "https://example.org/events"


@pytest.fixture
def account(db: Database) -> str:
    return db.run_now(accounts.create_account, "Tests").id


def _configure(db: Database, account: str, *wanted: Wanted) -> None:
    db.run_now(subscriptions.configure, VAULT, account, list(wanted))


def _event(account: str, **more: Any) -> Event:
    event = {
        "account_id": account,
        "sub_account_id": "sales",
        "kind": "MSG",
        "order_key": "channel 351910000001",
        "body": {"namespace": "ChatApps", "text": "Olá"},
    }
    return Event(**{**event, **more})


def _outbox(db: Database) -> list[Row]:
    return db.read_now(
        lambda tx: tx.all(
            "SELECT w.type, w.sub_account_id, d.order_key, d.position, d.body, d.event_id, d.state"
            " FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id"
            " ORDER BY d.position, w.type, w.sub_account_id"
        )
    )


def test_an_event_is_written_once_for_each_webhook_of_its_sub_account_and_type(
    db: Database, account: str
) -> None:
    _configure(
        db,
        account,
        Wanted(sub_account_id="*", url=URL, type="MSG"),
        Wanted(sub_account_id="sales", url=URL),
        Wanted(sub_account_id="support", url=URL),
        Wanted(sub_account_id="*", url=URL, type="CABM"),
        Wanted(sub_account_id="*", url=URL, type="CADR", enabled=False),
    )
    db.run_now(subscriptions.announce, _event(account))
    found = _outbox(db)
    assert {row[:2] for row in found} == {("MSG", "*"), ("MSG", "sales")}
    assert len({row[5] for row in found}) == 1, "the event has one id wherever it goes"
    assert {row[4] for row in found} == {'{"namespace":"ChatApps","text":"Olá"}'}


def test_an_event_of_another_account_is_none_of_a_webhooks_business(
    db: Database, account: str
) -> None:
    other = db.run_now(accounts.create_account, "Others").id
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="MSG"))
    db.run_now(subscriptions.announce, _event(other))
    assert _outbox(db) == []


def test_an_event_leaves_nothing_behind_when_its_transaction_fails(
    db: Database, account: str
) -> None:
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="MSG"))

    def announce_and_fail(tx: Any) -> None:
        subscriptions.announce(tx, _event(account))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        db.run_now(announce_and_fail)
    assert _outbox(db) == []


def test_events_of_one_order_key_have_positions_that_grow(db: Database, account: str) -> None:
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="MSG"))

    def announce_all(tx: Any) -> None:
        for number in range(5):
            subscriptions.announce(tx, _event(account, body={"number": number}))

    db.run_now(announce_all)
    found = _outbox(db)
    assert [row[4] for row in found] == [f'{{"number":{n}}}' for n in range(5)]
    assert len({row[3] for row in found}) == 5


def test_ids_sort_by_their_time() -> None:
    ids = [
        subscriptions.time_ordered_id(at) for at in range(1_790_000_000_000, 1_790_000_000_500, 7)
    ]
    assert ids == sorted(ids)
    assert {uuid.UUID(one).version for one in ids} == {7}


def test_secrets_are_sealed_for_their_own_webhook(db: Database, account: str) -> None:
    oauth = WantedOAuth("https://id.example.org/token", "client", "s3cret", "header")
    _configure(db, account, Wanted(sub_account_id="*", url=URL, http_authorization="Bearer t0ken"))
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="CABM", oauth=oauth))
    made = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    stored = repr(db.read_now(lambda tx: tx.all("SELECT * FROM webhooks")))
    raw = made.text.removeprefix("whsec_")
    assert not any(secret in stored for secret in ("t0ken", "s3cret", raw))

    signed = db.read_now(subscriptions.get_webhook, account, "*", "MSG")
    opened = subscriptions.credentials(VAULT, signed)
    assert (opened.authorization, opened.secrets) == ("Bearer t0ken", [base64.b64decode(raw)])
    bought = subscriptions.credentials(
        VAULT, db.read_now(subscriptions.get_webhook, account, "*", "CABM")
    )
    assert bought.oauth_secret == "s3cret"
    other = db.read_now(subscriptions.get_webhook, account, "*", "CADR")
    moved = msgspec.structs.replace(other, http_authorization=signed.http_authorization)
    with pytest.raises(SealBroken):
        subscriptions.credentials(VAULT, moved)


def test_a_hidden_secret_is_kept_as_long_as_it_goes_to_the_same_server(
    db: Database, account: str
) -> None:
    _configure(
        db,
        account,
        Wanted(sub_account_id="*", url=URL, type="MSG", http_authorization="Bearer t0ken"),
    )
    elsewhere = "https://example.org/other"
    _configure(
        db, account, Wanted(sub_account_id="*", url=elsewhere, type="MSG", http_authorization="***")
    )
    kept = db.read_now(subscriptions.get_webhook, account, "*", "MSG")
    assert kept.url == elsewhere
    assert subscriptions.credentials(VAULT, kept).authorization == "Bearer t0ken"

    thief = Wanted(
        sub_account_id="*", url="https://thief.example.org/", type="MSG", http_authorization="***"
    )
    with pytest.raises(InvalidParameter, match="must be given again"):
        _configure(db, account, thief)
    with pytest.raises(InvalidParameter, match="there is none yet"):
        _configure(
            db, account, Wanted(sub_account_id="*", url=URL, type="CADR", http_authorization="***")
        )


def test_one_wrong_webhook_among_several_saves_none(db: Database, account: str) -> None:
    with pytest.raises(InvalidParameter):
        _configure(
            db,
            account,
            Wanted(sub_account_id="*", url=URL),
            Wanted(sub_account_id="no such id!", url=URL),
        )
    both = WantedOAuth("https://id.example.org/token", "client", "s3cret", "body")
    with pytest.raises(InvalidParameter):
        _configure(
            db,
            account,
            Wanted(sub_account_id="*", url=URL, http_authorization="Bearer x", oauth=both),
        )
    assert db.read_now(subscriptions.list_webhooks, account) == []


def test_removing_what_is_not_there_removes_nothing(db: Database, account: str) -> None:
    _configure(db, account, Wanted(sub_account_id="*", url=URL))
    with pytest.raises(NotFound, match="no webhook of type CABM"):
        db.run_now(subscriptions.remove, account, [("*", None), ("*", "CABM")])
    assert len(db.read_now(subscriptions.list_webhooks, account)) == 2
    db.run_now(subscriptions.remove, account, [("*", None)])
    assert db.read_now(subscriptions.list_webhooks, account) == []


def test_a_new_signing_secret_joins_those_before_for_a_while(db: Database, account: str) -> None:
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="MSG"))
    texts = [
        db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", hours).text
        for hours in (24, 24, 24)
    ]
    _configure(db, account, Wanted(sub_account_id="*", url=f"{URL}/moved", type="MSG"))
    webhook = db.read_now(subscriptions.get_webhook, account, "*", "MSG")
    live = subscriptions.credentials(VAULT, webhook).secrets
    assert live == [base64.b64decode(text.removeprefix("whsec_")) for text in reversed(texts)]

    last = db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 0)
    webhook = db.read_now(subscriptions.get_webhook, account, "*", "MSG")
    [only] = subscriptions.credentials(VAULT, webhook).secrets
    assert only == base64.b64decode(last.text.removeprefix("whsec_"))
    assert last.previous_expires_at is None


def test_a_secret_that_is_ending_keeps_its_end_when_another_rotation_follows(
    db: Database, account: str
) -> None:
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="MSG"))
    rotate = [
        db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", h) for h in (24, 2, 9)
    ]
    webhook = db.read_now(subscriptions.get_webhook, account, "*", "MSG")
    ends = [one.expires_at for one in subscriptions.live_secrets(webhook)]
    assert ends == [None, rotate[2].previous_expires_at, rotate[1].previous_expires_at]


def test_so_many_secrets_sign_at_once_and_no_more(db: Database, account: str) -> None:
    _configure(db, account, Wanted(sub_account_id="*", url=URL, type="MSG"))
    for _ in range(subscriptions.MOST_SECRETS):
        db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    with pytest.raises(InvalidParameter, match="send overlapHours 0"):
        db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 24)
    db.run_now(subscriptions.rotate_secret, VAULT, account, "*", "MSG", 0)
    webhook = db.read_now(subscriptions.get_webhook, account, "*", "MSG")
    assert len(subscriptions.live_secrets(webhook)) == 1
