"""Sends events to webhooks, in every server process: at least once, in order for each user.

It works in turns: each records what was sent, takes lanes that are due, and starts a task for each.
Between turns it sleeps until this process commits something, a call ends, or the next lane is due;
once a second it checks whether another process has written anything. Being killed at any moment
loses nothing: the lease of a lane expires, and what was not recorded is sent again under the same
id. The next event of a user is sent only after the delivery of the previous one was recorded, so a
repeated event never arrives after a later one.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from waflows.errors import WaflowsError
from waflows.security.vault import Vault
from waflows.services import clock
from waflows.services.webhooks import deliveries, subscriptions
from waflows.services.webhooks.deliveries import Outcome, Taken, Turn
from waflows.storage.database import Database
from waflows.storage.outbox import Attempt, Delivery, DeliveryState, Lane
from waflows.storage.webhooks import Webhook
from waflows.telemetry import metrics
from waflows.telemetry.logs import Logs
from waflows.upstream.egress import Egress
from waflows.upstream.oauth import ClientCredentials
from waflows.upstream.webhook import CALL_SECONDS, Result, Sender, Target
from waflows.worker.pacing import CALLS_AT_ONCE, Pacing
from waflows.worker.retries import Retries, is_over

_LEASE_MS = 10_000
_RENEW_AFTER_SECONDS = 3.0
_TICK_SECONDS = 1.0
# How long a turn waits for more work, so that many small transactions become one larger.
_GATHER_SECONDS = 0.004
_PAUSE_AFTER_TROUBLE_SECONDS = 1.0
_MOST_ATTEMPTS_KEPT = 100
_REMOVED = "The webhook was removed."


class Courier:
    """Delivers until it is stopped. `retry_days` is how long a delivery is retried."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        egress: Egress,
        logs: Logs,
        *,
        retry_days: float,
        retries: Retries | None = None,
    ) -> None:
        self._db = db
        self._vault = vault
        self._logs = logs
        self._sender = Sender(egress)
        self._retry_days = retry_days
        self._retries = retries or Retries()
        self._lease = secrets.token_hex(8)
        self._pacing = Pacing()
        # A gate exists as long as something holds it.
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tried: list[Delivery] = []
        self._released: list[Lane] = []
        self._parked: list[Lane] = []
        self._to_be_told: list[asyncio.Future[None]] = []
        self._renewed_at = 0.0
        # The database's stamp at the last check.
        self._seen: int | None = None
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts delivering, in the running event loop."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake.set)

        self._db.on_change(wake)
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Starts nothing new, waits for calls in flight, and records their outcomes."""
        self._stopping = True
        self._wake.set()
        if self._loop is not None:
            await self._loop
        await self._last_turn()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CALL_SECONDS + 1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._last_turn()

    async def _last_turn(self) -> None:
        try:
            await self._turn()
        except Exception as error:  # the leases expire
            self._logs.events.warning("deliveries not recorded at shutdown", reason=str(error))

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._wait_for_work(await self._turn())
            except Exception as error:  # whatever the cause, the next turn may succeed
                self._logs.events.warning("webhook delivery turn failed", reason=_plain(error))
                await asyncio.sleep(_PAUSE_AFTER_TROUBLE_SECONDS)

    async def _turn(self) -> Turn:
        """One transaction that records outcomes and takes lanes; starts a task for each lane."""
        self._wake.clear()
        self._seen = self._db.stamp()
        began = time.monotonic()
        tried, self._tried = self._tried, []
        released, self._released = self._released, []
        parked, self._parked = self._parked, []
        to_be_told, self._to_be_told = self._to_be_told, []
        renewed = self._to_renew(began)
        outcome = Outcome(tried, released, parked, renewed)
        room = None if self._stopping else self._pacing.room()
        now = clock.now_ms()
        try:
            turn = await self._db.run_soft(
                deliveries.take_turn, self._lease, now, now + _LEASE_MS, outcome, room
            )
        except BaseException:
            self._tried[:0], self._released[:0], self._parked[:0] = tried, released, parked
            self._to_be_told[:0] = to_be_told
            raise
        for waiting in to_be_told:
            if not waiting.done():
                waiting.set_result(None)
        if renewed:
            self._renewed_at = began
        metrics.count_deliveries(
            failed=sum(one.state is not DeliveryState.DELIVERED for one in tried),
            delivered=sum(one.state is DeliveryState.DELIVERED for one in tried),
            dead=sum(one.state is DeliveryState.DEAD for one in tried),
        )
        for taken in turn.taken:
            self._begin(taken)
        return turn

    def _to_renew(self, now: float) -> list[Lane]:
        lanes = self._pacing.lanes
        if not lanes:
            self._renewed_at = now
        return sorted(lanes) if now - self._renewed_at > _RENEW_AFTER_SECONDS else []

    async def _wait_for_work(self, turn: Turn) -> None:
        """Returns when there is something to record, to renew, or to take."""
        next_due = turn.next_due
        # What is due and was not taken has no room: then only the end of a call changes that, or
        # a webhook that turns out not to answer.
        if next_due is not None and next_due <= clock.now_ms() and not turn.taken:
            next_due = None
        while not self._stopping:
            await asyncio.sleep(_GATHER_SECONDS)
            woken = await self._woken_by(next_due)
            now = time.monotonic()
            found_out = self._pacing.suspect_silent(now)
            if self._tried or self._released or self._parked or self._to_renew(now) or found_out:
                return
            if not woken and next_due is not None and next_due <= clock.now_ms():
                return
            if woken or self._seen is None or self._seen != self._db.stamp():
                # Something was written; checking is cheaper than a turn.
                self._wake.clear()
                self._seen = self._db.stamp()
                next_due = await self._db.read(deliveries.next_due)
                if next_due is not None and next_due <= clock.now_ms():
                    return

    async def _woken_by(self, at: int | None) -> bool:
        """Waits for a wake-up, a time, a silent webhook or a tick; returns whether it was woken."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._wake.wait())]
        if at is not None:
            waits.append(asyncio.create_task(clock.sleep_until(at)))
        seconds = _TICK_SECONDS
        if (suspicion := self._pacing.next_suspicion()) is not None:
            seconds = min(seconds, max(suspicion - time.monotonic(), 0.0))
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self._wake.is_set()

    def _begin(self, taken: Taken) -> None:
        self._pacing.begin(taken.lane, time.monotonic())
        task = asyncio.create_task(self._work_off(taken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, taken: Taken) -> None:
        """Sends a lane's deliveries one after the other, up to the first that fails."""
        disabled = taken.webhook is not None and not taken.webhook.enabled
        gate = self._gates.setdefault(taken.lane.webhook_id, asyncio.Semaphore(CALLS_AT_ONCE))
        try:
            if disabled:
                return
            for delivery in taken.heads:
                async with gate:
                    if self._stopping or self._pacing.has_too_much(taken.lane.webhook_id):
                        return
                    settled = await self._try(delivery, taken.webhook)
                self._tried.append(settled)
                self._wake.set()
                if settled.state is DeliveryState.PENDING or delivery is taken.heads[-1]:
                    return
                await self._noted()
        finally:
            (self._parked if disabled else self._released).append(taken.lane)
            self._pacing.end(taken.lane)
            self._wake.set()

    def _noted(self) -> asyncio.Future[None]:
        """Returns when a turn has recorded what there is to record now."""
        noted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._to_be_told.append(noted)
        return noted

    async def _try(self, delivery: Delivery, webhook: Webhook | None) -> Delivery:
        """The delivery after one more attempt."""
        at = clock.now_ms()
        if webhook is None:
            return self._dead(delivery, Attempt(at, 0, error=_REMOVED))
        try:
            target = _target(self._vault, webhook)
            result = await self._sender.send(target, delivery.event_id, delivery.body.encode())
        except WaflowsError as error:
            result = Result(0, 0.0, error.message)
        except Exception as error:
            self._logs.events.error("a delivery failed unexpectedly", exc_info=error)
            result = Result(0, 0.0, "An unexpected error; the server's log has more.")
        self._pacing.learn(
            webhook.id, good=not result.error, seconds=result.seconds, now=time.monotonic()
        )
        attempt = Attempt(
            at, round(result.seconds * 1000), result.status, result.error, result.answer
        )
        return self._judged(delivery, attempt, result)

    def _judged(self, delivery: Delivery, attempt: Attempt, result: Result) -> Delivery:
        now = clock.now_ms()
        if not result.error:
            return _tried(delivery, attempt, state=DeliveryState.DELIVERED, settled_at=now)
        delay = self._retries.delay_ms(delivery.tries + 1, random.random())
        next_at = now + max(delay, result.wait * 1000)
        if is_over(delivery.waiting_since, next_at, self._retry_days):
            return self._dead(delivery, attempt)
        return _tried(delivery, attempt, due_at=next_at)

    def _dead(self, delivery: Delivery, attempt: Attempt) -> Delivery:
        self._logs.events.warning(
            "delivery given up",
            account_id=delivery.account_id,
            delivery_id=delivery.id,
            event_id=delivery.event_id,
            reason=attempt.error,
        )
        return _tried(delivery, attempt, state=DeliveryState.DEAD, settled_at=clock.now_ms())


def _tried(
    delivery: Delivery,
    attempt: Attempt,
    *,
    state: DeliveryState = DeliveryState.PENDING,
    due_at: int | None = None,
    settled_at: int | None = None,
) -> Delivery:
    return msgspec.structs.replace(
        delivery,
        state=state,
        attempts=[*delivery.attempts, attempt][-_MOST_ATTEMPTS_KEPT:],
        attempt_count=delivery.attempt_count + 1,
        tries=delivery.tries + 1,
        due_at=delivery.due_at if due_at is None else due_at,
        settled_at=settled_at,
    )


def _target(vault: Vault, webhook: Webhook) -> Target:
    opened = subscriptions.credentials(vault, webhook)
    oauth = None
    if webhook.oauth is not None:
        oauth = ClientCredentials(
            webhook.oauth.url,
            webhook.oauth.client_id,
            opened.oauth_secret,
            webhook.oauth.credentials_location,
            webhook.oauth.scope,
        )
    key = (webhook.id, webhook.revision)
    return Target(key, webhook.url, opened.authorization, oauth, opened.secrets)


def _plain(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
