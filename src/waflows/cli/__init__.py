"""What you can do with waflows from a terminal: one file per group of commands.

The files are imported only when one of their commands is called, so `waflows --help` is quick.
This module knows the names of the commands and nothing of what they do.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys

import click

from waflows.errors import OperatorError, WaflowsError

# name: (module, what it is for)
_COMMANDS = {
    "dev": ("dev", "Start a server to try things on, with sample data."),
    "serve": ("serve", "Start a production server."),
    "lint": ("lint", "Find every fault of Flow JSON files, offline."),
    "explain": ("explain", "Explain a rule of lint, with examples."),
    "flows": ("flows", "List, create and publish flows, here or at 8x8."),
    "send": ("send", "Send a flow to a phone number."),
    "submissions": ("submissions", "List, export and delete what users sent."),
    "webhooks": ("webhooks", "Say where events are sent, and see what became of them."),
    "phone": ("phone", "Play a user who gets messages and fills in flows."),
    "preview": ("preview", "Play a flow from a file in a browser, as it is written."),
    "play": ("play", "Play a flow from a file, here in the terminal."),
    "endpoint-key": (
        "endpoint_keys",
        "Manage the keys a channel calls endpoints with.",
    ),
    "doctor": ("doctor", "Find out why a data endpoint does not work."),
    "account": ("accounts", "Manage accounts."),
    "channel": ("channels", "Manage the channels of an account."),
    "subaccount": ("subaccounts", "Manage the sub-accounts that send messages."),
    "key": ("keys", "Manage the API keys of an account."),
    "errors": ("errors", "Look up errors by their errorId."),
    "db": ("db", "Upgrade, back up and restore the database."),
    "completion": ("completion", "Print the shell completion script."),
}
# The name that a command had before: it still works, and says so.
_RENAMED = {"keys": "endpoint-key"}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = _RENAMED.get(cmd_name, cmd_name)
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"waflows.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in _RENAMED:
            new = _RENAMED[args[0]]
            click.echo(f"`waflows {args[0]}` is now `waflows {new}`.", err=True)
            args = [new, *args[1:]]
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}.{_suggestion(args[0])}")
        return super().resolve_command(ctx, args)


def _suggestion(word: str) -> str:
    close = difflib.get_close_matches(word, _COMMANDS, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from waflows import __version__

        click.echo(f"waflows {__version__}")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """A self-hosted WhatsApp Flows service that speaks 8x8's API.

    New here? `waflows dev` starts a server with sample flows and tells what to try.
    """


def main(args: list[str] | None = None) -> None:
    """The `waflows` command: exit status 0 for done, 1 for refused, 2 for wrong usage."""
    try:
        # The status a command chose by ctx.exit, None for one that ran to its end.
        sys.exit(cli.main(args=args, prog_name="waflows", standalone_mode=False))
    except click.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OperatorError as error:
        _fail(error, 2)
    except WaflowsError as error:
        _fail(error, 1)
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not complain on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _fail(error: WaflowsError, status: int) -> None:
    # Whoever runs the command may know why; a client of the server is not told.
    cause = " ".join(str(error.__cause__ or "").split())
    click.echo(f"Error: {error.message}" + (f" ({cause})" if cause else ""), err=True)
    sys.exit(status)
