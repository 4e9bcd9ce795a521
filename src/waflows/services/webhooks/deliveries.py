"""Deliveries of events from the outbox: taken in turns, settled, listed, replayed, deleted.

A turn is one transaction: outcomes since the last turn are recorded, lanes are released, others
are taken. A process that takes a lane holds it exclusively for the time of a lease, so the events
of one user reach one webhook one after the other, whichever process sends them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import msgspec

from waflows import times
from waflows.errors import Conflict, NotFound
from waflows.services import clock
from waflows.services.webhooks import subscriptions
from waflows.storage import outbox
from waflows.storage import webhooks as webhook_store
from waflows.storage.database import Transaction
from waflows.storage.outbox import Backlog, Delivery, DeliveryState, Lane, Wanted
from waflows.storage.webhooks import Webhook

_MOST_HEADS = 16
# With more webhooks than this waiting, a turn takes one lane of each; otherwise more.
_FEW = 16
# How long a disabled webhook's lane is left alone, unless the webhook is changed.
_PARKED_MS = 3600 * 1000
_DAY_MS = 24 * 3600 * 1000
_MOST_FORGOTTEN = 1000


class Room(msgspec.Struct, kw_only=True):
    """How much more may be in flight: for suspects together, for the others, for each webhook.

    `of` lists the known webhooks; any other may have `fresh`. `mine` are lanes in flight.
    """

    for_others: int
    fresh: int
    of: dict[str, int]
    suspects: frozenset[str]
    for_suspects: int
    mine: frozenset[Lane]

    @property
    def total(self) -> int:
        """How much more may be in flight in all."""
        return max(self.for_others, 0) + max(self.for_suspects, 0)

    def take(self, lanes: Collection[Lane], most: int | None = None) -> list[Lane]:
        """Returns the lanes that fit, in order, and uses up their room."""
        taken: list[Lane] = []
        for lane in lanes:
            if self.total <= 0 or len(taken) == most:
                break
            if lane not in self.mine and self.left(lane.webhook_id) > 0:
                self.of[lane.webhook_id] = self.of.get(lane.webhook_id, self.fresh) - 1
                if lane.webhook_id in self.suspects:
                    self.for_suspects -= 1
                else:
                    self.for_others -= 1
                self.mine |= {lane}
                taken.append(lane)
        return taken

    def is_enough_for(self, lanes: Collection[Lane]) -> bool:
        """Whether there is room for all of these lanes."""
        new = Counter(lane.webhook_id in self.suspects for lane in lanes if lane not in self.mine)
        return new[True] <= self.for_suspects and new[False] <= self.for_others

    def left(self, webhook_id: str) -> int:
        """How many more lanes of a webhook may be taken."""
        return min(self.of.get(webhook_id, self.fresh), self._for_those_like(webhook_id))

    def share(self, webhook_id: str, among: int) -> int:
        """How many lanes a webhook may have so that others like it get as many."""
        return min(self.left(webhook_id), self._for_those_like(webhook_id) // among)

    def _for_those_like(self, webhook_id: str) -> int:
        return self.for_suspects if webhook_id in self.suspects else self.for_others

    def without_room(self) -> list[str]:
        """The webhooks that can take nothing more."""
        return [one for one in {*self.of, *self.suspects} if self.left(one) <= 0]


class Taken(msgspec.Struct, frozen=True):
    """A lane this process holds, with its first deliveries and where they go.

    `webhook` is None when it was removed.
    """

    lane: Lane
    webhook: Webhook | None
    heads: list[Delivery]


class Outcome(msgspec.Struct, frozen=True):
    """What happened since the last turn: attempted deliveries, lanes to release."""

    tried: list[Delivery]
    released: list[Lane]
    parked: list[Lane]
    renewed: list[Lane]


class Turn(msgspec.Struct, frozen=True):
    """What a turn took, and when the next lane is due."""

    taken: list[Taken]
    next_due: int | None


def take_turn(
    tx: Transaction, lease: str, now: int, until: int, outcome: Outcome, room: Room | None
) -> Turn:
    """Records an outcome, then takes lanes for which there is room, with a lease until a time.

    Successful deliveries are always recorded. A failure is not when another process has taken the
    lane in the meantime; then that process decides.
    """
    ended = [*outcome.released, *outcome.parked]
    failed = [one.lane for one in outcome.tried if one.state is not DeliveryState.DELIVERED]
    held = outbox.lock(tx, lease, sorted({*ended, *failed}))
    known = [d for d in outcome.tried if d.state is DeliveryState.DELIVERED or d.lane in held]
    outbox.settle(tx, known)
    outbox.release(tx, [lane for lane in outcome.released if lane in held])
    outbox.park(tx, [lane for lane in outcome.parked if lane in held], now + _PARKED_MS)
    outbox.renew(tx, lease, sorted(outcome.renewed), until)
    taken = [] if room is None else _take(tx, lease, now, until, room)
    return Turn(taken, outbox.next_due(tx))


def next_due(tx: Transaction) -> int | None:
    """When the next lane may be taken; None when nothing is waiting."""
    return outbox.next_due(tx)


def list_deliveries(tx: Transaction, account_id: str, wanted: Wanted, limit: int) -> list[Delivery]:
    """Deliveries of an account, the newest first."""
    return outbox.listed(tx, account_id, wanted, limit)


def get(
    tx: Transaction, account_id: str, delivery_id: str, within: frozenset[str] | None
) -> Delivery:
    """One delivery to a webhook of these sub-accounts; raises NotFound."""
    found = outbox.find(tx, account_id, delivery_id)
    if found is None or (within is not None and found.sub_account_id not in within):
        raise NotFound(f"The account has no delivery {delivery_id[:64]}; old ones are deleted.")
    return found


def replay(
    tx: Transaction, account_id: str, delivery_id: str, within: frozenset[str] | None
) -> Delivery:
    """Sends a dead or delivered event again under its id, after what is waiting for the same user.

    It goes to the present webhook of its sub-account and type. Raises NotFound, and Conflict when
    it is still waiting, its content was deleted or no webhook is enabled.
    """
    found = get(tx, account_id, delivery_id, within)
    if found.state is DeliveryState.PENDING:
        raise Conflict("The delivery is waiting to be sent already.")
    if not found.body:
        raise Conflict("The content of the event was deleted; there is nothing to send again.")
    return _again(tx, found, _enabled(tx, account_id, found.sub_account_id, found.type))


def replay_dead(
    tx: Transaction, account_id: str, sub_account_id: str, kind: str, before: int, limit: int
) -> int:
    """Sends a batch of dead events of one webhook again, oldest first; returns how many.

    Only those that died before a time, so that one that dies again is not replayed again. Raises
    NotFound for an unknown webhook, Conflict for a disabled one.
    """
    webhook = _enabled(tx, account_id, sub_account_id, kind)
    found = outbox.dead_of(tx, account_id, sub_account_id, kind, before, limit)
    for delivery in found:
        _again(tx, delivery, webhook)
    return len(found)


def send_test(tx: Transaction, account_id: str, sub_account_id: str, kind: str) -> Delivery:
    """Puts a test event into the outbox. Raises what `replay_dead` raises."""
    webhook = _enabled(tx, account_id, sub_account_id, kind)
    now = clock.now_ms()
    body = {
        "namespace": "ChatApps",
        "eventType": "webhook_test",
        "description": "A test, sent on request",
        "payload": {
            "subAccountId": webhook.sub_account_id,
            "type": webhook.type,
            "timestamp": times.iso(now),
        },
    }
    test = subscriptions.new_delivery(
        webhook, subscriptions.time_ordered_id(now), "test", body, now
    )
    outbox.enqueue(tx, test)
    return test


def bring_back(tx: Transaction) -> None:
    """Makes waiting deliveries due now: after the clock was set back they may be due far ahead."""
    outbox.bring_back(tx, clock.now_ms())


def backlog(tx: Transaction) -> Backlog:
    """How much is waiting, of all accounts."""
    return outbox.backlog(tx)


def forget_old(tx: Transaction, state: DeliveryState, days: int) -> int:
    """Deletes a batch of the deliveries settled more than some days ago; returns how many."""
    return outbox.forget(tx, state, clock.now_ms() - days * _DAY_MS, _MOST_FORGOTTEN)


def _enabled(tx: Transaction, account_id: str, sub_account_id: str, kind: str) -> Webhook:
    webhook = subscriptions.get_webhook(tx, account_id, sub_account_id, kind)
    if not webhook.enabled:
        raise Conflict("The webhook is disabled; enable it first.")
    return webhook


def _again(tx: Transaction, delivery: Delivery, webhook: Webhook) -> Delivery:
    now = clock.now_ms()
    queued = msgspec.structs.replace(
        delivery,
        webhook_id=webhook.id,
        position=now * 1000,
        state=DeliveryState.PENDING,
        tries=0,
        due_at=now,
        waiting_since=now,
        settled_at=None,
    )
    outbox.enqueue(tx, queued)
    return queued


def _take(tx: Transaction, lease: str, now: int, until: int, room: Room) -> list[Taken]:
    lanes = outbox.claim(tx, sorted(_choose(tx, now, room)), now, lease, until)
    heads: dict[Lane, list[Delivery]] = {lane: [] for lane in lanes}
    for delivery in outbox.heads(tx, lanes, _MOST_HEADS):
        heads[delivery.lane].append(delivery)
    ids = sorted({(lane.account_id, lane.webhook_id) for lane in lanes})
    known = {one.id: one for one in webhook_store.by_ids(tx, ids)}
    return [Taken(lane, known.get(lane.webhook_id), heads[lane]) for lane in lanes]


def _choose(tx: Transaction, now: int, room: Room) -> list[Lane]:
    """Due lanes that there is room for.

    If more are due than there is room for, webhooks share it: those with the least in flight come
    first, each with its oldest lane, however long the queues of the others are.
    """
    limit = room.total + len(room.mine)
    found = outbox.due(tx, now, limit)
    if room.total <= 0 or (len(found) < limit and room.is_enough_for(found)):
        return room.take(found)
    in_flight = Counter(lane.webhook_id for lane in room.mine)
    firsts = outbox.first_due_of_each(tx, now, room.without_room(), limit)
    chosen = room.take(sorted(firsts, key=lambda lane: in_flight[lane.webhook_id]))
    waiting = {lane.webhook_id for lane in firsts}
    if len(waiting) <= _FEW:
        for number, webhook_id in enumerate(sorted(waiting)):
            share = room.share(webhook_id, len(waiting) - number)
            # Those chosen above are not taken yet, so they are listed again.
            already = sum(one.webhook_id == webhook_id for one in chosen)
            more = outbox.due_of(tx, webhook_id, now, share + already)
            chosen += room.take(more, share)
    return chosen + room.take(found)
