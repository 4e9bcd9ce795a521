"""`waflows phone`: a made-up user's phone, over HTTP: what it shows, and what is done on it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from waflows.cli.connection import connected, connection_options
from waflows.cli.groups import Group
from waflows.cli.output import as_builtins, json_option, print_json, show_list, visible

if TYPE_CHECKING:
    from waflows.client import ChatMessage, Screen
    from waflows.client.phones import Phone

F = TypeVar("F", bound=Callable[..., Any])

# A number of those set aside for stories: nobody has it.
_SOMEBODY = "+12025550123"
_TICKS = {"queued": "🕓", "sent": "✓", "delivered": "✓✓", "read": "✓✓ read"}

_label = click.argument("label")


def _options(command: F) -> F:
    """Whose phone it is, where, and how to print."""
    whose = click.option(
        "--msisdn",
        metavar="NUMBER",
        envvar="WAFLOWS_MSISDN",
        show_envvar=True,
        default=_SOMEBODY,
        show_default=True,
        help="The user's phone number, made up.",
    )
    return whose(connection_options(json_option(command)))


@click.group(cls=Group)
def command() -> None:
    """Play a user: read and write messages, open a flow, fill it in, send it.

    The phone is simulated by the server, so what it sends goes the way of a real answer, webhook
    included. Things are named by what stands on the screen. Every command takes --url, --account,
    --channel and --key, or the variables WAFLOWS_URL, WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and
    WAFLOWS_KEY.
    """


@command.command()
@click.argument("text")
@click.option("--name", default="", help="What the user is called.")
@_options
def say(text: str, name: str, as_json: bool, **where: str) -> None:
    """Write TEXT to the business, which opens its 24 hours to answer.

    Example: waflows phone say "Hello" --name Ines
    """
    with _phone(where) as phone:
        umid = phone.say(text, name)
    if as_json or not sys.stdout.isatty():
        print_json({"umid": umid})
    else:
        click.echo(visible(umid))


@command.command()
@_options
def chat(as_json: bool, **where: str) -> None:
    """Look at the chat; what came is read by it."""
    with _phone(where) as phone:
        found = phone.look()
    show_list(
        found,
        {
            "TIME": lambda message: message.timestamp.strftime("%Y-%m-%d %H:%M:%S"),
            "FROM": lambda message: "user" if message.direction == "inbound" else "business",
            "MESSAGE": _told,
            "STATE": lambda message: (
                "" if message.direction == "inbound" else _TICKS.get(message.state, message.state)
            ),
        },
        as_json=as_json,
        empty="The chat is empty.",
    )


@command.command("open")
@click.option("--message", "umid", metavar="UMID", help="Default: the newest one not finished.")
@_options
def open_(umid: str | None, as_json: bool, **where: str) -> None:
    """Tap the button of a flow message."""
    _do(where, as_json, lambda phone: phone.open(umid))


@command.command()
@_options
def screen(as_json: bool, **where: str) -> None:
    """Show what the phone shows."""
    _do(where, as_json, lambda phone: phone.screen())


@command.command()
@_label
@click.argument("value")
@_options
def fill(label: str, value: str, as_json: bool, **where: str) -> None:
    """Type VALUE into the input LABEL, in place of what is there.

    Example: waflows phone fill "Your name" Ines
    """
    _do(where, as_json, lambda phone: phone.fill(label, value))


@command.command()
@_label
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@_options
def choose(label: str, items: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Select items of the choice LABEL, by title or id."""
    _do(where, as_json, lambda phone: phone.choose(label, *items))


@command.command()
@_label
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@_options
def unchoose(label: str, items: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Clear items of the choice LABEL."""
    _do(where, as_json, lambda phone: phone.unchoose(label, *items))


@command.command()
@_label
@_options
def check(label: str, as_json: bool, **where: str) -> None:
    """Tick the opt-in LABEL."""
    _do(where, as_json, lambda phone: phone.check(label))


@command.command()
@_label
@_options
def uncheck(label: str, as_json: bool, **where: str) -> None:
    """Untick the opt-in LABEL."""
    _do(where, as_json, lambda phone: phone.uncheck(label))


@command.command()
@_label
@click.argument("date")
@click.argument("end", required=False)
@_options
def pick(label: str, date: str, end: str | None, as_json: bool, **where: str) -> None:
    """Pick DATE, YYYY-MM-DD, in LABEL; with END a range."""
    _do(where, as_json, lambda phone: phone.pick(label, date, end))


@command.command()
@_label
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@_options
def upload(label: str, files: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Pick made-up files of these names in LABEL."""
    _do(where, as_json, lambda phone: phone.upload(label, *files))


@command.command()
@_label
@_options
def tap(label: str, as_json: bool, **where: str) -> None:
    """Tap the button, the link or the entry LABEL.

    Example: waflows phone tap Continue
    """
    _do(where, as_json, lambda phone: phone.tap(label))


@command.command()
@_options
def submit(as_json: bool, **where: str) -> None:
    """Tap the button at the bottom, whatever it is called."""
    _do(where, as_json, lambda phone: phone.submit())


@command.command()
@_options
def back(as_json: bool, **where: str) -> None:
    """Go one screen back; from the first one, close the flow."""
    _do(where, as_json, lambda phone: phone.back())


@command.command()
@_options
def close(as_json: bool, **where: str) -> None:
    """Close the flow without an answer."""
    _do(where, as_json, lambda phone: phone.close())


@contextlib.contextmanager
def _phone(where: dict[str, str]) -> Iterator[Phone]:
    msisdn = where.pop("msisdn")
    with connected(**where) as connection:
        yield connection.phone(msisdn)


def _do(where: dict[str, str], as_json: bool, what: Callable[[Phone], Screen]) -> None:
    """Does something on the phone and prints the screen it leads to."""
    with _phone(where) as phone:
        shown = what(phone)
    if as_json or not sys.stdout.isatty():
        print_json(as_builtins(shown))
        return
    click.echo("\n".join(map(visible, shown.text.split("\n"))))
    for url in shown.opened_urls:
        click.echo(visible(f"opened {url}"))
    if shown.response is not None:
        print_json(shown.response)


def _told(message: ChatMessage) -> str:
    if message.response_json is not None:
        return f"Response sent: {message.response_json}"
    parts = [message.header, message.body, message.footer]
    if message.flow is not None:
        done = " (response sent)" if message.flow.answer_umid else ""
        parts.append(f"[ {message.flow.button} ]{done}")
    return " · ".join(filter(None, parts))
