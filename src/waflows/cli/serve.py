"""`waflows serve`: the production server."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from waflows import settings
from waflows.cli.listening import address_of, hand_over, listen, remover
from waflows.cli.metrics_folder import metrics_folder
from waflows.cli.serving import uvicorn_config
from waflows.cli.supervisor import Supervisor
from waflows.services.accounts import sealing
from waflows.settings import Settings
from waflows.storage import migrate
from waflows.storage.opening import open_database
from waflows.telemetry.logs import Logs

F = TypeVar("F", bound=Callable[..., Any])
# What a socket is made of cannot change while it is in use.
_FOR_A_NEW_START = ("host", "port", "unix_socket", "reuse_port", "log_format", "log_level")


def _one_option_for_each_setting(function: F) -> F:
    for name in reversed(settings.FIELDS):
        if name in settings.NOT_ON_THE_COMMAND_LINE:
            continue
        option = click.option(
            f"--{name.replace('_', '-')}",
            metavar=_metavar(name),
            help=f"{settings.describe(name)} [{settings.environment_name(name)}]",
        )
        function = option(function)
    return function


def _metavar(name: str) -> str:
    kind = settings.FIELDS[name].type.__origin__
    return {int: "N", bool: "true|false"}.get(kind, "TEXT")


@click.command()
@_one_option_for_each_setting
@click.option("--config", metavar="FILE", help="TOML file with settings. [WAFLOWS_CONFIG]")
def command(config: str | None, **flags: str | None) -> None:
    """Start a production server.

    Every option can also be set by the environment variable beside it or by its name in the
    settings file. The command line takes precedence over the environment, and the environment over
    the file. The secrets key is set by WAFLOWS_SECRETS_KEY or in the file, never by an option. Run
    `waflows db upgrade` before the first start and after every update.
    """
    chosen = settings.load(flags, os.environ, config)
    _check_database(chosen)
    listening = listen(chosen)
    remove = remover(chosen)
    _hand_to_workers(chosen)
    logs = Logs(chosen.log_format, chosen.log_level)
    logs.take_over("uvicorn.error")
    if ignored := settings.service_links(os.environ):
        logs.events.info("variables of a Kubernetes Service ignored", variables=ignored)
    config_ = uvicorn_config("waflows.app:worker_app", chosen, factory=True, workers=chosen.workers)
    logs.events.info("serving", url=address_of(listening, chosen), workers=chosen.workers)

    def reread() -> None:
        fresh = settings.load(flags, os.environ, config)
        _check_database(fresh)
        kept = {name: getattr(chosen, name) for name in _FOR_A_NEW_START}
        if changed := [name for name in _FOR_A_NEW_START if getattr(fresh, name) != kept[name]]:
            logs.events.warning("settings that only a new start changes", settings=changed)
        _hand_to_workers(msgspec.structs.replace(fresh, **kept))
        config_.workers = fresh.workers
        config_.timeout_graceful_shutdown = fresh.shutdown_seconds
        config_.forwarded_allow_ips = fresh.forwarded_allow_ips

    def before_end() -> None:
        if chosen.reuse_port:
            hand_over(listening)

    with metrics_folder():
        try:
            Supervisor(config_, [listening], logs, reread=reread, before_end=before_end).run()
        finally:
            remove()


def _hand_to_workers(chosen: Settings) -> None:
    os.environ[settings.HANDOVER] = msgspec.json.encode(chosen).decode()


def _check_database(chosen: Settings) -> None:
    """Refuses to start if the database cannot be used, before any worker starts."""
    db = open_database(chosen.url_of_database, chosen.listen_url)
    try:
        migrate.require_current(db)
        # Creates the secrets key at the first start, before several workers could try to.
        sealing.open_vault(db, chosen)
    finally:
        db.close()
