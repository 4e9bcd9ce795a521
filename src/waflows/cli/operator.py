"""Shared by operators' commands: options for the database, and opening it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from waflows import settings
from waflows.errors import OperatorError
from waflows.storage import migrate
from waflows.storage.database import Database
from waflows.storage.opening import open_database

F = TypeVar("F", bound=Callable[..., Any])

account_option = click.option(
    "--account", "account_id", required=True, envvar="WAFLOWS_ACCOUNT", help="Id of the account."
)


def database_options(command: F) -> F:
    """Adds --data, --database-url and --config."""
    options = [
        click.option("--data", metavar="DIR", help=settings.describe("data")),
        click.option("--database-url", metavar="URL", help=settings.describe("database_url")),
        click.option("--config", metavar="FILE", help="TOML file with settings."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def settings_of(
    data: str | None, database_url: str | None, config: str | None
) -> settings.Settings:
    """The settings from options, environment and file."""
    return settings.load({"data": data, "database_url": database_url}, os.environ, config)


def address_of_database(data: str | None, database_url: str | None, config: str | None) -> str:
    """The database URL from options, environment and file."""
    return settings_of(data, database_url, config).url_of_database


@contextlib.contextmanager
def opened(
    data: str | None, database_url: str | None, config: str | None, *, upgrade: bool = False
) -> Iterator[Database]:
    """Opens the database; with `upgrade` upgrades its schema, else an old one is an error."""
    address = address_of_database(data, database_url, config)
    if not upgrade:
        require_file(address)
    db = open_database(address)
    try:
        if upgrade:
            migrate.upgrade(db)
        else:
            migrate.require_current(db)
        yield db
    finally:
        db.close()


def require_file(address: str) -> None:
    """Rejects a SQLite file that does not exist: opening it would create it by mistake."""
    path = Path(address.removeprefix("sqlite:///")).expanduser()
    if address.startswith("sqlite:///") and not path.exists():
        raise OperatorError(
            f"There is no database {path}. Pass its folder with --data (`waflows dev` prints it),"
            " or create a database with `waflows db upgrade`."
        )
