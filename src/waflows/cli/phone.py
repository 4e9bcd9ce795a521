"""`waflows phone`: read and operate a simulated phone over HTTP."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from waflows import times
from waflows.cli.connection import connected, connection_options
from waflows.cli.groups import Group
from waflows.cli.output import as_builtins, json_option, print_json, show_list, visible

if TYPE_CHECKING:
    from waflows.client import ChatMessage, Screen
    from waflows.client.phones import Phone

F = TypeVar("F", bound=Callable[..., Any])

# From the range reserved for fiction: nobody has this number.
_SOMEBODY = "+12025550123"
_TICKS = {"queued": "🕓", "sent": "✓", "delivered": "✓✓", "read": "✓✓ read"}

_label = click.argument("label")


def _options(command: F) -> F:
    """Adds the options that choose the phone, the server and the output."""
    whose = click.option(
        "--msisdn",
        metavar="NUMBER",
        envvar="WAFLOWS_MSISDN",
        show_envvar=True,
        default=_SOMEBODY,
        show_default=True,
        help="The simulated user's phone number.",
    )
    return whose(connection_options(json_option(command)))


@click.group(cls=Group)
def command() -> None:
    """Act as a user: read and write messages, open a flow, fill it in, send it.

    The server simulates the phone, so its answers are processed like real ones, including webhooks.
    Refer to elements by their text on the screen. Every command takes --url, --account, --channel
    and --key, or the variables WAFLOWS_URL, WAFLOWS_ACCOUNT, WAFLOWS_CHANNEL and WAFLOWS_KEY.
    """


@command.command()
@click.argument("text")
@click.option("--name", default="", help="The user's name.")
@_options
def say(text: str, name: str, as_json: bool, **where: str) -> None:
    """Send TEXT to the business, which opens the 24-hour service window.

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
    """Show the chat and mark its messages as read."""
    with _phone(where) as phone:
        found = phone.look()
    show_list(
        found,
        {
            "TIME": lambda message: times.for_tables(message.timestamp),
            "FROM": lambda message: "user" if message.direction == "inbound" else "business",
            "MESSAGE": _message_text,
            "STATE": lambda message: (
                "" if message.direction == "inbound" else _TICKS.get(message.state, message.state)
            ),
        },
        as_json=as_json,
        empty="The chat is empty.",
    )


@command.command("open")
@click.option(
    "--message",
    "umid",
    metavar="UMID",
    help="Message to use (default: the newest one with an open flow).",
)
@_options
def open_(umid: str | None, as_json: bool, **where: str) -> None:
    """Tap the button of a flow message to open the flow."""
    _do(where, as_json, lambda phone: phone.open(umid))


@command.command()
@_options
def screen(as_json: bool, **where: str) -> None:
    """Show the phone's screen."""
    _do(where, as_json, lambda phone: phone.screen())


@command.command()
@_label
@click.argument("value")
@_options
def fill(label: str, value: str, as_json: bool, **where: str) -> None:
    """Type VALUE into the input LABEL, replacing its text.

    Example: waflows phone fill "Your name" Ines
    """
    _do(where, as_json, lambda phone: phone.fill(label, value))


@command.command()
@_label
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@_options
def choose(label: str, items: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Select options of LABEL by title or id."""
    _do(where, as_json, lambda phone: phone.choose(label, *items))


@command.command()
@_label
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@_options
def unchoose(label: str, items: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Clear options of LABEL."""
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
    """Pick DATE (YYYY-MM-DD) in LABEL; with END, a range."""
    _do(where, as_json, lambda phone: phone.pick(label, date, end))


@command.command()
@_label
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@_options
def upload(label: str, files: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Attach sample files with these names in LABEL."""
    _do(where, as_json, lambda phone: phone.upload(label, *files))


@command.command()
@_label
@_options
def tap(label: str, as_json: bool, **where: str) -> None:
    """Tap the button, link or list entry LABEL.

    Example: waflows phone tap Continue
    """
    _do(where, as_json, lambda phone: phone.tap(label))


@command.command()
@_options
def submit(as_json: bool, **where: str) -> None:
    """Tap the button at the bottom of the screen."""
    _do(where, as_json, lambda phone: phone.submit())


@command.command()
@_options
def back(as_json: bool, **where: str) -> None:
    """Go back one screen; on the first screen, close the flow."""
    _do(where, as_json, lambda phone: phone.back())


@command.command()
@_options
def close(as_json: bool, **where: str) -> None:
    """Close the flow without sending an answer."""
    _do(where, as_json, lambda phone: phone.close())


@contextlib.contextmanager
def _phone(where: dict[str, str]) -> Iterator[Phone]:
    msisdn = where.pop("msisdn")
    with connected(**where) as connection:
        yield connection.phone(msisdn)


def _do(where: dict[str, str], as_json: bool, what: Callable[[Phone], Screen]) -> None:
    """Performs an action on the phone and prints the resulting screen."""
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


def _message_text(message: ChatMessage) -> str:
    if message.response_json is not None:
        return f"Response sent: {message.response_json}"
    parts = [message.header, message.body, message.footer]
    if message.flow is not None:
        done = " (response sent)" if message.flow.answer_umid else ""
        parts.append(f"[ {message.flow.button} ]{done}")
    return " · ".join(filter(None, parts))
