"""`waflows send`: send a flow to a phone number over HTTP, through waflows or 8x8."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from waflows.cli.connection import complete_flow, connected, connection_options, flow_id
from waflows.cli.output import as_builtins, json_option, print_json, visible


@click.command()
@click.argument("flow", shell_complete=complete_flow)
@click.option(
    "--to",
    "msisdn",
    metavar="NUMBER",
    required=True,
    envvar="WAFLOWS_MSISDN",
    show_envvar=True,
    help="Recipient's phone number, with country code.",
)
@click.option(
    "--sub-account",
    metavar="ID",
    required=True,
    envvar="WAFLOWS_SUB_ACCOUNT",
    show_envvar=True,
    help="The sub-account that sends.",
)
@click.option("--text", required=True, help="Text of the message.")
@click.option("--button", required=True, help="Label of the button, at most 30 characters.")
@click.option("--header", help="Header above the text.")
@click.option("--footer", help="Footer below the text.")
@click.option("--screen", metavar="ID", help="First screen (default: the flow's entry screen).")
@click.option("--data", metavar="JSON", help="Data for the first screen, as a JSON object.")
@click.option("--token", help="Your own flow token, returned with the answer.")
@click.option("--draft", is_flag=True, help="Send a draft, for testing.")
@click.option("--ask-endpoint", is_flag=True, help="Ask the flow's endpoint for the first screen.")
@connection_options
@json_option
def command(
    flow: str, msisdn: str, sub_account: str, data: str | None, as_json: bool, **given: Any
) -> None:
    """Send FLOW, given by id or name, to a user who wrote within the last 24 hours.

    Example: waflows send "Visitor feedback" --to +12025550123 --text "How was it?" --button Tell

    On a waflows server, use `waflows phone` to act as the recipient.
    """
    where = {name: given.pop(name) for name in ("url", "account", "channel", "key")}
    given["body"] = given.pop("text")
    with connected(**where) as connection:
        sent = connection.send_flow(
            sub_account,
            msisdn,
            flow_id(connection, flow),
            data=None if data is None else _object(data),
            **given,
        )
    if as_json or not sys.stdout.isatty():
        print_json(as_builtins(sent))
        return
    click.echo(visible(f"Message {sent.umid} is {sent.status.state}."))


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise click.BadParameter(
            f'it must be a JSON object, such as {{"name": "Ines"}}: {error}',
            param_hint="--data",
        ) from None
