"""What an operator's tools ask: does it run, can it serve, what has it counted."""

from __future__ import annotations

import msgspec

from waflows.api.route import Call, NoQuery, Reply
from waflows.errors import Unavailable
from waflows.services import accounts
from waflows.telemetry import metrics

_FRESH = {"Cache-Control": "no-store"}


class Health(msgspec.Struct, frozen=True):
    """All is well."""

    status: str = "ok"


async def alive(call: Call[NoQuery, None]) -> Reply:
    """Answers as long as the process does."""
    return Reply(Health(), headers=_FRESH)


async def ready(call: Call[NoQuery, None]) -> Reply:
    """Answers when the database does; raises Unavailable."""
    try:
        await call.state.db.read(accounts.ping)
    except Exception as error:
        raise Unavailable from error
    return Reply(Health(), headers=_FRESH)


async def show_metrics(call: Call[NoQuery, None]) -> Reply:
    """Every metric of every worker."""
    call.state.recorder.flush()
    return Reply(metrics.render(), headers=_FRESH, content_type=metrics.CONTENT_TYPE)
