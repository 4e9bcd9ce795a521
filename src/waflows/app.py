"""The wiring: settings → database → state → routes → one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import AsyncIterator, Iterable

from starlette.applications import Starlette
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from waflows import bounds
from waflows import settings as settings_module
from waflows.api import openapi
from waflows.api.eightbyeight import guide, messages, reference, templates, validation, webhooks
from waflows.api.waflows import (
    deliveries,
    development,
    endpoint_keys,
    error_lookups,
    health,
    links,
    media,
    phones,
    revisions,
    submissions,
    usage,
)
from waflows.console import (
    error_lookup,
    flow_actions,
    flow_forms,
    flow_history,
    flow_sketch,
    flow_table,
    flow_text,
    pages,
    preview_page,
    responses,
    sign_in_link,
    signing_in,
)
from waflows.console import phone as phone_pages
from waflows.console.resource import ConsoleResource, PageResource
from waflows.console.resource import refused as console_refused
from waflows.errors import RouteNotFound
from waflows.http.authentication import KeyMemory, SessionMemory
from waflows.http.gateway import LIFESPAN_KEY, Gateway
from waflows.http.journal import Journal
from waflows.http.memory import ListMemory
from waflows.http.readiness import Readiness
from waflows.http.refusals import shortened
from waflows.http.resource import Resource, refused
from waflows.http.route import Route
from waflows.http.state import Recorder, ServerState
from waflows.http.traffic import Traffic
from waflows.services.accounts import accounts, quotas, sealing
from waflows.services.accounts.rate_limits import Counts
from waflows.services.accounts.sign_in_links import SignInLink
from waflows.services.flows.checking import Checker
from waflows.services.flows.playing import Player
from waflows.services.flows.preview_access import PREVIEW_PATH
from waflows.settings import Settings
from waflows.storage import migrate
from waflows.storage.database import Database, Deafness
from waflows.storage.opening import open_database
from waflows.storage.side import open_side
from waflows.struct_caches import build_struct_caches
from waflows.telemetry import metrics
from waflows.telemetry.logs import Logs
from waflows.upstream.egress import Egress
from waflows.upstream.fault_rules import FaultRules
from waflows.worker.delivery import Courier
from waflows.worker.retention import run_retention

API_ROUTES: list[Route] = [
    *reference.ROUTES,
    *validation.ROUTES,
    *revisions.ROUTES,
    *usage.ROUTES,
    *error_lookups.ROUTES,
    *submissions.ROUTES,
    *messages.ROUTES,
    *templates.ROUTES,
    *webhooks.ROUTES,
    *deliveries.ROUTES,
    *endpoint_keys.ROUTES,
    *guide.ROUTES,
    *phones.ROUTES,
    *links.ROUTES,
    *media.ROUTES,
    *health.ROUTES,
    *openapi.ROUTES,
]
PAGE_ROUTES: list[Route] = [*pages.ROUTES, *preview_page.ROUTES]
CONSOLE_ROUTES: list[Route] = [
    *signing_in.ROUTES,
    *flow_table.ROUTES,
    *flow_forms.ROUTES,
    *flow_text.ROUTES,
    *flow_sketch.ROUTES,
    *flow_history.ROUTES,
    *flow_actions.ROUTES,
    *phone_pages.ROUTES,
    *responses.ROUTES,
    *error_lookup.ROUTES,
]
ALL_ROUTES: list[Route] = [*API_ROUTES, *PAGE_ROUTES, *CONSOLE_ROUTES]
_OF_PHONES = {route.name for route in (*phones.ROUTES, *phone_pages.ROUTES)}


def create_app(
    settings: Settings,
    db: Database,
    logs: Logs,
    *,
    development: bool = False,
    own_url: str = "",
    one_time_link: SignInLink | None = None,
) -> ASGIApp:
    """Returns the server as an ASGI application over a database whose schema is current.

    `development` enables what only `waflows dev` may do: calls to this machine itself, a clock that
    can be set, and calls that fail on purpose. `own_url` is the server's address on this machine,
    `one_time_link` signs one browser in to the console.
    """
    bounds.limit_digits()
    build_struct_caches()
    rules = FaultRules([route.name for route in API_ROUTES]) if development else None
    secret = db.run_now(accounts.instance_secret)
    side = open_side(db)
    limits = quotas.limits_of(settings)
    if db.read_now(quotas.limits) != limits:
        db.run_now(quotas.set_limits, limits)
    state = ServerState(
        db=db,
        settings=settings,
        secret=secret,
        keys=KeyMemory(db, secret),
        sessions=SessionMemory(db),
        lists=ListMemory(),
        journal=Journal(side, logs, settings.error_rows),
        logs=logs,
        recorder=Recorder(logs),
        openapi=functools.cache(lambda: openapi.document(_served(ALL_ROUTES, settings))),
        vault=sealing.open_vault(db, settings),
        egress=Egress(allow_loopback=development, rules=rules),
        player=Player(),
        checker=Checker(logs),
        link_uses=Counts(),
        development=development,
        own_url=own_url,
        fault_rules=rules,
        readiness=Readiness(db),
        sign_in_link=one_time_link,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Gateway]]:
        db.on_hearing(_HearingReport(logs, db.engine))
        await db.start()
        traffic.start()
        retention = asyncio.create_task(run_retention(db, side, settings, logs))
        courier = Courier(
            db, state.vault, state.egress, logs, retry_days=settings.webhook_retry_days
        )
        courier.start()
        yield {LIFESPAN_KEY: gateway}
        traffic.stop()
        retention.cancel()
        await courier.stop()
        await state.egress.close()
        state.player.close()
        state.checker.close()
        await state.journal.close()
        await side.stop()
        await db.stop()
        state.recorder.flush()

    app = Starlette(routes=_resources(state), lifespan=lifespan)
    app.router.redirect_slashes = False
    app.router.default = _Nowhere(state)
    traffic = Traffic(logs)
    gateway = Gateway(app, state, traffic)
    return gateway


def worker_app() -> ASGIApp:
    """Returns the application of one worker process of `waflows serve`."""
    _end_with_the_supervisor()
    settings = settings_module.from_environment()
    logs = Logs(settings.log_format, settings.log_level)
    logs.take_over("uvicorn.error")
    db = open_database(settings.url_of_database, settings.listen_url)
    migrate.require_current(db)
    app = create_app(settings, db, logs)
    # Everything loaded so far stays: collecting garbage in it stopped every request for 30 ms.
    gc.freeze()
    return app


def _end_with_the_supervisor() -> None:
    """Stops this worker when its supervisor was killed and could not stop it.

    Otherwise it would keep the port from the next server that is started.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return

    def wait() -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="waflows-supervisor", daemon=True).start()


class _HearingReport:
    """Logs when this process starts and stops missing the changes of other processes."""

    def __init__(self, logs: Logs, engine: str) -> None:
        self._logs = logs
        self._engine = engine
        self._was_deaf = False

    def __call__(self, deafness: Deafness | None) -> None:
        metrics.note_hearing(self._engine, hears=deafness is None)
        if deafness is not None:
            self._logs.events.warning(
                "changes are not heard, so nothing is answered from memory",
                reason=deafness.reason,
                detail=deafness.detail,
            )
        elif self._was_deaf:
            self._logs.events.info("changes are heard again")
        self._was_deaf = deafness is not None


def _resources(state: ServerState) -> list[StarletteRoute]:
    own = development.ROUTES if state.development else []
    routes = _served([*API_ROUTES, *PAGE_ROUTES, *own], state.settings)
    links = sign_in_link.ROUTES if state.sign_in_link else []
    pages = _served([*CONSOLE_ROUTES, *links], state.settings)
    api = [
        (PageResource if path == PREVIEW_PATH else Resource)(path, routes, state)
        for path, routes in _by_path(routes)
    ]
    console = [ConsoleResource(path, routes, state) for path, routes in _by_path(pages)]
    return [_route(resource.path, resource) for resource in (*api, *console)]


def _served(routes: list[Route], settings: Settings) -> list[Route]:
    """Returns those of the routes that a server with these settings has."""
    if settings.simulated_phone:
        return routes
    return [route for route in routes if route.name not in _OF_PHONES]


def _by_path(routes: list[Route]) -> Iterable[tuple[str, list[Route]]]:
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    return by_path.items()


def _route(path: str, resource: Resource) -> StarletteRoute:
    route = StarletteRoute(path, resource)
    # Starlette's own pattern also matches a path with a line break at its end.
    route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
    return route


class _Nowhere:
    """Answers requests for addresses without a route."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        exchange = scope["waflows.exchange"]
        path = shortened(exchange.path)
        error = RouteNotFound(f"There is nothing at {path}; /docs lists what there is.")
        if path.startswith("/console/"):
            response = console_refused(error, self._state, exchange, scope)
        else:
            response = refused(error, "reference", self._state, exchange, scope)
        response.headers["X-Request-Id"] = exchange.request_id
        exchange.status = response.status_code
        await response(scope, receive, send)
