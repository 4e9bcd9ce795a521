"""Liveness, readiness and metrics, for an operator's tools."""

from __future__ import annotations

import contextlib
from typing import Literal

import msgspec

from waflows.errors import ShuttingDown, Unavailable
from waflows.http.route import Call, NoQuery, Reply, Route, Scope
from waflows.http.routing import RouteGroup
from waflows.services import clock
from waflows.services.accounts import accounts
from waflows.services.webhooks import deliveries
from waflows.telemetry import metrics


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """The server is well. `detail` says what makes it slower than it could be, if anything does."""

    status: Literal["ok"] = msgspec.field(default_factory=lambda: "ok")
    detail: str = ""


async def healthz(call: Call[NoQuery, None]) -> Reply:
    """Answers as long as the process runs."""
    return Reply(Health())


async def readyz(call: Call[NoQuery, None]) -> Reply:
    """Answers when the database can be read and written, and with 503 when it cannot.

    A process that cannot hear of changes made by others still answers correctly, only slower;
    `detail` says so.
    """
    try:
        await call.state.db.read(accounts.ping)
        await call.state.readiness.check_writing()
    except ShuttingDown:
        raise
    except Exception as error:
        raise Unavailable from error
    deafness = call.state.db.deafness()
    detail = "" if deafness is None else f"Nothing is answered from memory. {deafness.reason}"
    return Reply(Health(detail=detail))


async def show_metrics(call: Call[NoQuery, None]) -> Reply:
    """Returns the metrics of every worker process.

    What waits in the database is included while the database can be reached.
    """
    call.state.recorder.flush()
    shown = metrics.render()
    with contextlib.suppress(Unavailable):
        waiting = await call.state.db.read_slow(deliveries.backlog)
        since = waiting.oldest
        age = 0.0 if since is None else max(clock.now_ms() - since, 0) / 1000
        shown += metrics.backlog(waiting.pending, age)
    return Reply(shown, content_type=metrics.CONTENT_TYPE)


_operations = RouteGroup("", tag="Operations", scope=Scope.PUBLIC)
ROUTES: list[Route] = [
    _operations.get("/healthz", healthz, "Whether the process runs", answers=Health),
    _operations.get("/readyz", readyz, "Whether requests can be served", answers=Health),
    _operations.get(
        "/metrics",
        show_metrics,
        "Metrics for Prometheus",
        name="metrics",
        answers=str,
        produces="text/plain",
    ),
]
