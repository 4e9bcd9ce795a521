"""Deletes what is older or more than the settings allow, every few minutes.

Every process does it; doing it twice changes nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from waflows.services import clock
from waflows.services.accounts import error_log, rate_limits
from waflows.services.submissions import forgetting
from waflows.services.webhooks import deliveries
from waflows.settings import Settings
from waflows.storage.database import Database
from waflows.storage.outbox import DeliveryState
from waflows.telemetry.logs import Logs

_PERIOD_SECONDS = 300.0
# Between two batches, so that deleting a lot does not keep requests waiting.
_PAUSE_SECONDS = 0.01


async def run_retention(db: Database, side: Database, settings: Settings, logs: Logs) -> None:
    """Runs until it is cancelled."""
    while True:
        await apply_retention(db, side, settings, logs)
        await clock.sleep(_PERIOD_SECONDS * random.uniform(0.8, 1.2))


async def apply_retention(db: Database, side: Database, settings: Settings, logs: Logs) -> None:
    """Deletes all that is due now; what cannot be deleted now is left for the next round."""
    for what, delete_old in _KINDS.items():
        try:
            dropped = await delete_old(side if what in _SIDE else db, settings)
        except Exception as error:  # whatever the cause, the next round may succeed
            logs.events.warning("retention failed", what=what, reason=str(error))
        else:
            if dropped:
                logs.events.info(f"deleted old {what}", count=dropped)


async def _delete_errors(side: Database, settings: Settings) -> int:
    return await side.run_soft(error_log.forget_old, settings.error_days)


async def _delete_submissions(db: Database, settings: Settings) -> int:
    if not settings.submission_days:
        return 0
    dropped = 0
    for account_id in await db.read_slow(forgetting.accounts_with_any):
        while gone := await db.run_soft(
            forgetting.forget_old_submissions, account_id, settings.submission_days
        ):
            dropped += gone
            await asyncio.sleep(_PAUSE_SECONDS)
    return dropped


async def _delete_messages(db: Database, settings: Settings) -> int:
    if not settings.message_days:
        return 0
    dropped = 0
    while gone := await db.run_soft(forgetting.forget_old_messages, settings.message_days):
        dropped += gone
        await asyncio.sleep(_PAUSE_SECONDS)
    return dropped


async def _delete_deliveries(db: Database, settings: Settings) -> int:
    dropped = 0
    for state, days in (
        (DeliveryState.DELIVERED, settings.webhook_delivered_days),
        (DeliveryState.DEAD, settings.webhook_dead_days),
    ):
        while gone := await db.run_soft(deliveries.forget_old, state, days):
            dropped += gone
            await asyncio.sleep(_PAUSE_SECONDS)
    return dropped


async def _delete_rate_limits(db: Database, _: Settings) -> int:
    dropped = 0
    while gone := await db.run_soft(rate_limits.forget_stale, clock.now_ms()):
        dropped += gone
        await asyncio.sleep(_PAUSE_SECONDS)
    return dropped


_KINDS: dict[str, Callable[[Database, Settings], Awaitable[int]]] = {
    "errors": _delete_errors,
    "submissions": _delete_submissions,
    "messages": _delete_messages,
    "deliveries": _delete_deliveries,
    "rate limit counters": _delete_rate_limits,
}
_SIDE = frozenset({"errors"})
"""The kinds that are stored among the side records."""
