"""`waflows webhooks`: configure an account's webhooks and inspect deliveries over HTTP."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from waflows import times
from waflows.cli.confirm import confirm, yes_option
from waflows.cli.connection import connected_to_webhooks, connection_options
from waflows.cli.groups import Group
from waflows.cli.output import json_option, print_json, show_list, show_one
from waflows.errors import OperatorError, WaflowsError

if TYPE_CHECKING:
    from waflows.client.webhooks import Attempt, Delivery, OAuth, Webhook

F = TypeVar("F", bound=Callable[..., Any])

_TYPES = ["CADR", "MSG", "CABM"]
_TEST_SECONDS = 15.0

_sub_account = click.option(
    "--sub-account", "sub_account_id", metavar="ID", default="*", show_default=True,
    help="Sub-account whose events to send, or * for all.",
)  # fmt: skip


def _type_option(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "--type", "type_", type=click.Choice(_TYPES, case_sensitive=False), required=required,
        help="Event type: CADR for receipts, MSG for inbound messages, CABM for flow changes."
        + ("" if required else " Default: receipts and inbound messages."),
    )  # fmt: skip


@click.group(cls=Group)
def command() -> None:
    """Configure webhooks and inspect their deliveries.

    Every command takes --url, --account and --key, or the variables WAFLOWS_URL, WAFLOWS_ACCOUNT
    and WAFLOWS_KEY. A secret given as - is read from standard input, hidden from other users.
    """


@command.command("list")
@connection_options
@json_option
def list_(as_json: bool, **where: str) -> None:
    """List the account's webhooks, without their secrets."""
    with connected_to_webhooks(**where) as webhooks:
        found = webhooks.all()
    show_list(
        found,
        {
            "SUB-ACCOUNT": lambda one: one.sub_account_id,
            "TYPE": lambda one: one.type or "",
            "STATE": lambda one: "enabled" if one.enabled else "disabled",
            "CREDENTIALS": _credentials,
            "URL": lambda one: one.url,
        },
        as_json=as_json,
        empty="No webhooks yet; add one with `waflows webhooks set`.",
    )


@command.command("set")
@click.argument("address", metavar="URL")
@_sub_account
@_type_option(required=False)
@click.option("--disabled", is_flag=True, help="Save the webhook but do not send to it yet.")
@click.option("--authorization", metavar="VALUE", help="Authorization header to send.")
@click.option(
    "--oauth-url", metavar="URL", help="URL of an OAuth token endpoint, instead of a fixed header."
)
@click.option("--oauth-client-id", metavar="ID", help="OAuth client id.")
@click.option("--oauth-secret", metavar="VALUE", help="OAuth client secret.")
@click.option("--oauth-scope", metavar="SCOPES", help="OAuth scopes to request.")
@click.option(
    "--oauth-credentials", type=click.Choice(["header", "body"]), default="header",
    show_default=True, help="Where to send the OAuth credentials.",
)  # fmt: skip
@connection_options
def set_(
    address: str,
    sub_account_id: str,
    type_: str | None,
    disabled: bool,
    authorization: str | None,
    oauth_url: str | None,
    oauth_client_id: str | None,
    oauth_secret: str | None,
    oauth_scope: str | None,
    oauth_credentials: str,
    **where: str,
) -> None:
    """Send events to a URL, replacing a webhook with the same sub-account and type.

    Example: waflows webhooks set https://example.org/events --type MSG
    """
    from waflows.client.webhooks import Webhook

    webhook = Webhook(
        sub_account_id=sub_account_id,
        url=address,
        type=type_,
        enabled=not disabled,
        http_authorization=_secret(authorization),
        oauth=_oauth(oauth_url, oauth_client_id, oauth_secret, oauth_scope, oauth_credentials),
    )
    with connected_to_webhooks(**where) as webhooks:
        webhooks.save(webhook)
    click.echo("Saved.", err=True)


@command.command()
@_sub_account
@_type_option(required=False)
@yes_option
@connection_options
def remove(sub_account_id: str, type_: str | None, yes: bool, **where: str) -> None:
    """Remove a webhook and drop its pending deliveries."""
    confirm(yes, lambda: "Remove the webhook? Its pending deliveries will not be sent.")
    with connected_to_webhooks(**where) as webhooks:
        webhooks.remove(sub_account_id, type_)
    click.echo("Removed.", err=True)


@command.command()
@_sub_account
@_type_option(required=True)
@connection_options
@json_option
def test(sub_account_id: str, type_: str, as_json: bool, **where: str) -> None:
    """Send a test event and wait for the result of the first attempt.

    Example: waflows webhooks test --type MSG
    """
    with connected_to_webhooks(**where) as webhooks:
        found = webhooks.test(sub_account_id, type_)
        deadline = time.monotonic() + _TEST_SECONDS
        while not found.attempts and time.monotonic() < deadline:
            time.sleep(0.1)
            found = webhooks.delivery(found.id)
    _show(found, as_json)
    if found.state != "delivered":
        raise WaflowsError("The test event was not delivered.")


@command.command()
@click.option(
    "--state",
    type=click.Choice(["pending", "delivered", "dead"]),
    help="Only deliveries in this state.",
)
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1, max=1000), default=100, show_default=True,
    help="List only this many, newest first.",
)  # fmt: skip
@connection_options
@json_option
def deliveries(state: str | None, limit: int, as_json: bool, **where: str) -> None:
    """List deliveries, newest first.

    Example: waflows webhooks deliveries --state dead
    """
    with connected_to_webhooks(**where) as webhooks:
        found = webhooks.deliveries(state=state, limit=limit)
    show_list(
        found,
        {
            "ID": lambda one: one.id,
            "CREATED": lambda one: times.for_tables(one.created_at),
            "TYPE": lambda one: one.type,
            "SUB-ACCOUNT": lambda one: one.sub_account_id,
            "STATE": lambda one: one.state,
            "TRIES": lambda one: str(one.attempts),
            "LAST ATTEMPT": lambda one: _outcome(one.last_attempt),
        },
        as_json=as_json,
        empty="No matching deliveries.",
    )


@command.command()
@click.argument("delivery")
@connection_options
@json_option
def show(delivery: str, as_json: bool, **where: str) -> None:
    """Show a DELIVERY with its attempts and its body."""
    with connected_to_webhooks(**where) as webhooks:
        found = webhooks.delivery(delivery)
    _show(found, as_json)


@command.command()
@click.argument("delivery", required=False)
@click.option("--all-dead", is_flag=True, help="Replay every dead delivery of a webhook.")
@_sub_account
@_type_option(required=False)
@connection_options
def replay(
    delivery: str | None, all_dead: bool, sub_account_id: str, type_: str | None, **where: str
) -> None:
    """Send a DELIVERY again with the same id, or all dead ones of a webhook.

    Example: waflows webhooks replay --all-dead --type MSG
    """
    if all_dead == (delivery is not None):
        raise OperatorError("Pass a delivery id, or --all-dead with --type.")
    with connected_to_webhooks(**where) as webhooks:
        if delivery is not None:
            webhooks.replay(delivery)
            click.echo("Queued to be sent again.", err=True)
            return
        if type_ is None:
            raise OperatorError("--all-dead requires --type, to select the webhook.")
        click.echo(
            f"{webhooks.replay_dead(sub_account_id, type_)} deliveries queued to be sent again.",
            err=True,
        )


@command.command()
@_sub_account
@_type_option(required=True)
@click.option(
    "--overlap-hours", type=click.IntRange(0, 8760), default=24, show_default=True,
    help="Hours for which the previous secret also signs.",
)  # fmt: skip
@click.option("--drop", is_flag=True, help="Stop signing instead.")
@connection_options
@json_option
def secret(
    sub_account_id: str, type_: str, overlap_hours: int, drop: bool, as_json: bool, **where: str
) -> None:
    """Create a signing secret for a webhook; it is printed only once.

    From then on, deliveries carry a Standard Webhooks signature.
    """
    with connected_to_webhooks(**where) as webhooks:
        if drop:
            webhooks.drop_secrets(sub_account_id, type_)
            click.echo("Deliveries are no longer signed.", err=True)
            return
        made = webhooks.new_secret(sub_account_id, type_, overlap_hours)
    if as_json or not sys.stdout.isatty():
        show_one(made, {}, as_json=True)
        return
    click.echo(made.secret)
    click.echo("Save it now: it cannot be shown again.", err=True)


def _secret(given: str | None) -> str | None:
    """Returns a secret as passed, or reads it from standard input."""
    return sys.stdin.readline().rstrip("\r\n") if given == "-" else given


def _oauth(
    url: str | None, client_id: str | None, secret: str | None, scope: str | None, location: str
) -> OAuth | None:
    from waflows.client.webhooks import OAuth

    if url is None and client_id is None and secret is None:
        return None
    if url is None or client_id is None or secret is None:
        raise OperatorError("OAuth requires --oauth-url, --oauth-client-id and --oauth-secret.")
    return OAuth(
        url=url,
        client_id=client_id,
        client_secret=_secret(secret) or "",
        credentials_location=location,
        scope=scope,
    )


def _credentials(webhook: Webhook) -> str:
    if webhook.oauth is not None:
        return "OAuth"
    return "Authorization" if webhook.http_authorization else "none"


def _show(delivery: Delivery, as_json: bool) -> None:
    lines = {
        "id": delivery.id,
        "event": delivery.event_id,
        "webhook": f"{delivery.type} of {delivery.sub_account_id}",
        "state": delivery.state,
        "created": times.for_people(delivery.created_at),
    }
    if delivery.next_attempt_at is not None:
        lines["next attempt"] = times.for_people(delivery.next_attempt_at)
    for number, attempt in enumerate(delivery.history or [], 1):
        lines[f"attempt {number}"] = f"{times.for_people(attempt.at)}  {_outcome(attempt)}"
    show_one(delivery, lines, as_json=as_json)
    if delivery.body is not None and not as_json and sys.stdout.isatty():
        print_json(delivery.body)


def _outcome(attempt: Attempt | None) -> str:
    if attempt is None:
        return "none yet"
    outcome = attempt.error or f"{attempt.status}"
    return f"{outcome} ({attempt.duration_ms} ms)"
