"""`waflows db`: schema upgrades, checks, backups and restores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from waflows.cli.confirm import confirm, yes_option
from waflows.cli.groups import Group
from waflows.cli.operator import (
    address_of_database,
    database_options,
    opened,
    require_file,
    settings_of,
)
from waflows.cli.output import json_option, print_json
from waflows.errors import OperatorError
from waflows.services.accounts import sealing
from waflows.services.flows import checks
from waflows.services.flows.checks import Check
from waflows.storage import backup, migrate
from waflows.storage.compact import compress_revisions
from waflows.storage.opening import open_database
from waflows.storage.sqlite import SqliteDatabase


@click.group(cls=Group)
def command() -> None:
    """Upgrade, check, back up and restore the database."""


@command.command()
@database_options
@json_option
def upgrade(as_json: bool, **where: Any) -> None:
    """Upgrade the database to this version's schema, or create it.

    Does nothing when the schema is current. Run it before the first `waflows serve` and after every
    update of waflows; take a backup first.
    """
    db = open_database(address_of_database(**where))
    try:
        applied = migrate.upgrade(db)
    finally:
        db.close()
    if as_json:
        print_json({"applied": [migration.number for migration in applied]})
        return
    for migration in applied:
        click.echo(f"Applied {migration.number:04} {migration.name.replace('_', ' ')}.")
    if not applied:
        click.echo("The database is up to date.")


@command.command("accept-secrets-key")
@yes_option
@database_options
def accept_secrets_key(yes: bool, **where: Any) -> None:
    """Forget a lost secrets key, so that the database can be used with a new one.

    Private keys, app secrets and webhook credentials sealed with the lost key cannot be recovered:
    set them again. They are listed first. The next server to start creates the new key, or is given
    it.
    """
    vault = sealing.find_vault(settings_of(**where))
    with opened(**where) as db:
        lost = db.read_now(checks.list_lost_secrets, vault)
        for purpose in lost:
            click.echo(f"Lost: {purpose}")
        if not lost:
            click.echo("No stored secret is lost.")
        confirm(yes, lambda: "Stored secrets will be lost permanently. Continue with another key?")
        db.run_now(sealing.forget_witness)


@command.command()
@database_options
@json_option
def check(as_json: bool, **where: Any) -> None:
    """Check the integrity of the database; exits with 0 if it is intact and 1 if not.

    Checks the schema, every table and index, references, counters, and whether each stored secret
    can be decrypted with the secrets key. It changes nothing and can run beside a server; a large
    database takes a while. On PostgreSQL, indexes are checked if the amcheck extension is
    installed.
    """
    chosen = settings_of(**where)
    require_file(chosen.url_of_database)
    vault = sealing.find_vault(chosen)
    db = open_database(chosen.url_of_database)
    try:
        found = checks.examine(db, vault)
    finally:
        db.close()
    sound = all(one.state != "failed" for one in found)
    if as_json:
        print_json({"sound": sound, "checks": found})
    else:
        _show_checks(found)
    if not sound:
        click.get_current_context().exit(1)


def _show_checks(found: list[Check]) -> None:
    for one in found:
        click.echo(f"{one.name.ljust(11)} {one.state}")
        for detail in one.details:
            click.echo(f"            {detail}")


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@database_options
@json_option
def back_up(file: Path, as_json: bool, **where: Any) -> None:
    """Write a consistent copy to FILE; the server can keep running.

    The copy is a single SQLite file, for PostgreSQL too. It is checked before it gets its name: a
    damaged database is not backed up. It holds the flows of every account and the secret that
    signs links, so protect it as you protect the database.
    """
    with opened(**where) as db:
        copied = backup.back_up(db, file)
    if as_json:
        print_json({"file": str(file), "rows": copied.rows, "bytes": copied.bytes})
        return
    click.echo(f"{file}: {copied.rows:,} rows, {copied.bytes:,} bytes.")


@command.command()
@click.option("--shrink", is_flag=True, help="Return free space in a SQLite file to the disk.")
@database_options
@json_option
def compact(shrink: bool, as_json: bool, **where: Any) -> None:
    """Compress the Flow JSON that earlier versions stored as plain text.

    It can run beside a server and can be interrupted. Freed space is reused; with --shrink a SQLite
    file also becomes smaller, but writes are blocked meanwhile and the disk needs space for a
    second copy. PostgreSQL frees space by itself (autovacuum).
    """
    with opened(**where) as db:
        if shrink and not isinstance(db, SqliteDatabase):
            raise OperatorError("--shrink is for SQLite only; on PostgreSQL use VACUUM FULL.")
        done = compress_revisions(db)
        if isinstance(db, SqliteDatabase) and shrink:
            db.shrink()
    if as_json:
        print_json(done)
        return
    click.echo(f"Compressed {done.revisions:,} revisions: {done.before:,} bytes to {done.after:,}.")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@database_options
@json_option
def restore(file: Path, as_json: bool, **where: Any) -> None:
    """Fill an empty database from the backup FILE.

    The backup may come from the other engine: use this to move from SQLite to PostgreSQL.
    """
    db = open_database(address_of_database(**where))
    try:
        copied = backup.restore(file, db)
    finally:
        db.close()
    if as_json:
        print_json({"file": str(file), "rows": copied.rows})
        return
    click.echo(f"Restored {copied.rows:,} rows.")
