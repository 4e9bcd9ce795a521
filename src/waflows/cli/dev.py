"""`waflows dev`: a development server with an account, a channel, a key and sample flows."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec
import uvicorn

from waflows import samples, settings
from waflows.app import create_app
from waflows.cli.listening import address_of, listen
from waflows.cli.serving import uvicorn_config
from waflows.console import sign_in_link
from waflows.errors import OperatorError
from waflows.services import development
from waflows.services.accounts.sign_in_links import LIFETIME_MINUTES, SignInLink
from waflows.services.development import DevelopmentAccount, SampleFlow
from waflows.services.flows import texts
from waflows.services.flows.lifecycle import Content
from waflows.storage import migrate
from waflows.storage.database import Database
from waflows.storage.opening import open_database
from waflows.storage.side import remove_with_side
from waflows.telemetry.logs import Logs
from waflows.urls import is_loopback_host

_NOTES = "dev.json"


@click.command()
@click.option("--host", help=settings.describe("host"))
@click.option("--port", type=int, help=settings.describe("port"))
@click.option("--data", metavar="DIR", help="Data folder, kept between starts.")
@click.option("--database-url", metavar="URL", help=settings.describe("database_url"))
@click.option(
    "--rate-limit", type=int, help="Writes per minute for each API key (default: no limit)."
)
@click.option("--public-url", metavar="URL", help=settings.describe("public_url"))
@click.option("--log-format", help=settings.describe("log_format"))
@click.option("--log-level", help=settings.describe("log_level"))
@click.option("--config", metavar="FILE", help="TOML file with settings.")
@click.option("--fresh", is_flag=True, help="Delete the data of earlier starts in the data folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready.")
def command(config: str | None, fresh: bool, as_json: bool, **flags: Any) -> None:
    """Start a development server with sample data.

    The first start creates an account, a channel, an API key and a few sample flows; later starts
    reuse them. There is no rate limit unless you set one. Stop it with Ctrl-C.
    """
    chosen = _settings(flags, config)
    folder = Path(chosen.data).expanduser()
    listening = listen(chosen)
    if fresh:
        _forget(folder, chosen)
    db = open_database(chosen.url_of_database, chosen.listen_url)
    migrate.upgrade(db)
    notes = _prepare(db, folder)
    logs = Logs(chosen.log_format, chosen.log_level)
    logs.take_over("uvicorn.error")
    url = address_of(listening, chosen)
    link = None if as_json else _sign_in_link(url, chosen, notes)
    app = create_app(chosen, db, logs, development=True, own_url=url, one_time_link=link)
    server = _Server(
        uvicorn_config(app, chosen),
        lambda: _announce(url, notes, folder, link, as_json),
    )
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listening]))


class _Server(uvicorn.Server):
    """A uvicorn server that calls a function when it is ready."""

    def __init__(self, config: uvicorn.Config, when_ready: Any) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._when_ready()


def _settings(flags: dict[str, Any], config: str | None) -> settings.Settings:
    environment = dict(os.environ)
    # Settings whose defaults differ from those of `serve`.
    environment.setdefault(settings.environment_name("rate_limit"), "0")
    environment.setdefault(
        settings.environment_name("data"), str(Path(settings.default_data_folder()) / "dev")
    )
    return settings.load(flags, environment, config)


def _forget(folder: Path, chosen: settings.Settings) -> None:
    """Deletes the data of an earlier `dev`, and refuses to delete any other."""
    if chosen.database_url:
        raise OperatorError(
            "--fresh only deletes a data folder; for a fresh start pass another --database-url."
        )
    database, notes = folder / "waflows.db", folder / _NOTES
    if database.exists() and not notes.exists():
        raise OperatorError(
            f"{database} was not created by `waflows dev`, so --fresh does not delete it; choose"
            " another folder with --data."
        )
    remove_with_side(database)
    notes.unlink(missing_ok=True)


def _prepare(db: Database, folder: Path) -> DevelopmentAccount:
    """Finds the account, channel and key of earlier starts, or creates them with sample flows."""
    path = folder / _NOTES
    known = _read_notes(path)
    if known is not None and db.run_now(development.restore, known):
        return known
    notes = db.run_now(development.create, _samples())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_bytes(msgspec.json.encode(notes))
    part.replace(path)
    return notes


def _read_notes(path: Path) -> DevelopmentAccount | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=DevelopmentAccount)
    except (OSError, msgspec.MsgspecError):
        return None


def _samples() -> list[SampleFlow]:
    return [
        SampleFlow(
            Content(
                name=sample.name,
                categories=sample.categories,
                flow_json=texts.check_now(sample.flow_json),
            ),
            sample.published,
        )
        for sample in samples.all_samples()
    ]


def _sign_in_link(
    url: str, chosen: settings.Settings, notes: DevelopmentAccount
) -> SignInLink | None:
    """A link to the console; None where browsers do not reach the server by loopback."""
    is_local = is_loopback_host(urlsplit(url).hostname or "") and not chosen.public_url
    return SignInLink(notes.api_key) if is_local else None


def _announce(
    url: str, notes: DevelopmentAccount, folder: Path, link: SignInLink | None, as_json: bool
) -> None:
    if as_json:
        facts = {"url": url, **msgspec.to_builtins(notes), "pid": os.getpid()}
        click.echo(json.dumps(facts))
        return
    address = f"{url}/api/v1/accounts/{notes.account_id}/channels/{notes.channel_id}/flows"
    width = min(shutil.get_terminal_size().columns, 100)
    click.echo(
        f"""\
waflows is ready at {url}
{_invitation(url, link)}
  account      {notes.account_id}
  channel      {notes.channel_id}
  sub-account  {notes.sub_account_id}
  API key      {notes.api_key}
  data         {folder}

List the channel's flows:

  curl -H "Authorization: Bearer {notes.api_key}" \\
    {address}

Or, with `waflows flows list` in another terminal, after:

  export WAFLOWS_URL={url} WAFLOWS_ACCOUNT={notes.account_id}
  export WAFLOWS_CHANNEL={notes.channel_id} WAFLOWS_SUB_ACCOUNT={notes.sub_account_id}
  export WAFLOWS_KEY={notes.api_key}

Console (sign in with the API key): {url}/console
API documentation: {url}/docs

A development server also calls endpoints and webhooks on this machine, has a clock that can be set
at /dev/clock, and can inject failures by rules at /dev/faults (docs/development.md).
Stop with Ctrl-C.
{"─" * width}"""
    )


def _invitation(url: str, link: SignInLink | None) -> str:
    if link is None:
        return ""
    return f"""
Open the console, signed in (the link works once, within {LIFETIME_MINUTES} minutes):

  {url}{sign_in_link.PATH}?token={link.token}
"""
