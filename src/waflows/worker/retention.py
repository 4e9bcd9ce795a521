"""Forgets errors that are older or more than the settings allow, every few minutes.

Every process does it; doing it twice changes nothing.
"""

from __future__ import annotations

import asyncio
import random

from waflows.services import errors
from waflows.settings import Settings
from waflows.storage.database import Database
from waflows.telemetry.logs import Logs

_PERIOD_SECONDS = 300.0


async def forget_forever(db: Database, settings: Settings, logs: Logs) -> None:
    """Runs until it is cancelled."""
    while True:
        try:
            dropped = await db.run_soft(errors.forget_old, settings.error_days, settings.error_rows)
        except Exception as error:  # whatever it is, the next round may do better
            logs.events.warning("retention failed", reason=str(error))
        else:
            if dropped:
                logs.events.info("old errors forgotten", count=dropped)
        await asyncio.sleep(_PERIOD_SECONDS * random.uniform(0.8, 1.2))
