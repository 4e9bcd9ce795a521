"""Which lanes a turn takes, and when."""

from __future__ import annotations

from harness.webhooks import announce, configure, event

from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.webhooks import deliveries
from waflows.services.webhooks.deliveries import Outcome, Room
from waflows.services.webhooks.subscriptions import Wanted
from waflows.storage import webhooks as store
from waflows.storage.database import Database
from waflows.storage.outbox import Lane

_NOTHING = Outcome([], [], [], [])


def _take(db: Database, total: int, mine: list[Lane]) -> list[str]:
    """The users whose lanes a turn takes."""
    now = clock.now_ms()
    room = Room(
        for_others=total,
        fresh=4,
        of={},
        suspects=frozenset(),
        for_suspects=256,
        mine=frozenset(mine),
    )
    turn = db.run_now(deliveries.take_turn, "lease", now, now + 10_000, _NOTHING, room)
    return sorted(one.lane.order_key for one in turn.taken)


def test_a_webhook_with_nothing_in_flight_comes_before_others_with_long_queues(
    db: Database,
) -> None:
    account = db.run_now(accounts.create_account, "Busy").id
    names = [f"sub-{number}" for number in range(20)]
    configure(
        db,
        account,
        *(Wanted(sub_account_id=name, url="http://127.0.0.1:9/", type="MSG") for name in names),
    )
    queues = [
        event(account, f"{name} {user}", 1, sub_account_id=name)
        for name in names
        for user in range(10)
    ]
    db.run_now(announce, queues)
    other = db.run_now(accounts.create_account, "Quiet").id
    configure(db, other, Wanted(sub_account_id="*", url="http://127.0.0.1:9/", type="MSG"))
    db.run_now(announce, [event(other, "quiet", 1)])
    busy = db.read_now(store.of_account, account)

    in_flight = [Lane(account, one.id, "one more") for one in busy]
    assert _take(db, 1, in_flight) == ["quiet"]


def test_what_was_due_far_ahead_is_due_at_once_when_the_clock_goes_back(db: Database) -> None:
    account = db.run_now(accounts.create_account, "Tests").id
    configure(db, account, Wanted(sub_account_id="*", url="http://127.0.0.1:9/", type="MSG"))
    try:
        clock.advance(90_000_000)
        db.run_now(announce, [event(account, "ana", 1)])
    finally:
        clock.reset()
    assert _take(db, 10, []) == []
    db.run_now(deliveries.bring_back)
    assert _take(db, 10, []) == ["ana"]
