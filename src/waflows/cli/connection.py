"""Shared by commands that call a server: connection options and the client they configure."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from waflows import client
from waflows.cli.output import visible
from waflows.errors import OperatorError, WaflowsError

if TYPE_CHECKING:
    from waflows.client import Client
    from waflows.client.webhooks import Webhooks

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = {
    "url": ("URL", "The server's URL, such as https://chatapps.8x8.com."),
    "account": ("ID", "The account id."),
    "channel": ("ID", "The channel id."),
    "key": ("KEY", "The API key. Prefer the variable: other users can see a command line."),
}
_COMPLETION_SECONDS, _USUAL_SECONDS, _LONG_SECONDS = 2.0, 30.0, 120.0


def connection_options(command: F) -> F:
    """Adds --url, --account, --channel and --key, or the variables WAFLOWS_URL and so on."""
    for name, (metavar, text) in reversed(_OPTIONS.items()):
        option = click.option(
            f"--{name}", metavar=metavar, envvar=_variable(name), show_envvar=True, help=text
        )
        command = option(command)
    return command


@contextlib.contextmanager
def connected(url: str, account: str, channel: str, key: str) -> Iterator[Client]:
    """A client for the server given by options and environment.

    Errors from the server end the command with their message.
    """
    _require("flows", {"url": url, "account": account, "channel": channel, "key": key})
    with _client(url, account, channel, key) as connection:
        yield connection


@contextlib.contextmanager
def connected_for_long(url: str, account: str, channel: str, key: str) -> Iterator[Client]:
    """Like `connected`, for calls during which the server itself waits for others."""
    _require("flows", {"url": url, "account": account, "channel": channel, "key": key})
    with _client(url, account, channel, key, _LONG_SECONDS) as connection:
        yield connection


@contextlib.contextmanager
def connected_to_account(url: str, account: str, channel: str | None, key: str) -> Iterator[Client]:
    """Like `connected`, for resources of an account: the channel is optional."""
    _require("submissions", {"url": url, "account": account, "key": key})
    with _client(url, account, channel, key) as connection:
        yield connection


@contextlib.contextmanager
def connected_to_webhooks(
    url: str, account: str, channel: str | None, key: str
) -> Iterator[Webhooks]:
    """The webhooks of the account given by options and environment."""
    _require("webhooks", {"url": url, "account": account, "key": key})
    with _client(url, account, channel, key) as connection:
        yield connection.webhooks()


def _require(what: str, given: dict[str, str]) -> None:
    missing = [f"--{name} or {_variable(name)}" for name, value in given.items() if not value]
    if missing:
        raise OperatorError(f"Missing connection settings for {what}: set {', '.join(missing)}.")


@contextlib.contextmanager
def _client(
    url: str, account: str, channel: str | None, key: str, timeout: float = _USUAL_SECONDS
) -> Iterator[Client]:
    try:
        with client.Client(url, account, key, channel, timeout=timeout) as connection:
            yield connection
    except client.InvalidCall as error:
        raise OperatorError(visible(error.message)) from None
    except client.ClientError as error:
        raise WaflowsError(describe(error)) from None


def describe(error: client.ClientError) -> str:
    """Describes an error of the client for the terminal."""
    text = error.message
    if isinstance(error, client.ApiError):
        text += f" (code {error.code}, errorId {error.error_id})"
    elif isinstance(error, client.ConnectionFailed) and not error.sent:
        text += " Is the server running, and is --url or WAFLOWS_URL right?"
    return visible(text)


def flow_id(connection: Client, flow: str) -> str:
    """The id of the flow given by id or by its exact name in the channel."""
    if flow.isascii() and flow.isdecimal():
        return flow
    for found in connection.flows():
        if found.name == flow:
            return found.id
    raise WaflowsError(f"The channel has no flow named {flow!r}.")


def complete_flow(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of the channel's flows, for shell completion; empty if the server cannot be asked."""
    where = {name: context.params.get(name) or "" for name in _OPTIONS}
    try:
        with client.Client(**where, timeout=_COMPLETION_SECONDS, retries=0) as connection:
            found = connection.page(limit=1000).flows
    except client.ClientError:
        return []
    return [
        CompletionItem(flow.id, help=flow.name) for flow in found if flow.id.startswith(incomplete)
    ]


def _variable(name: str) -> str:
    return f"WAFLOWS_{name.upper()}"
