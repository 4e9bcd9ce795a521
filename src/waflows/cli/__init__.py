"""The `waflows` command: one file per group of subcommands.

A file is imported only when one of its commands is called, so `waflows --help` is fast.
This module knows the commands by name only.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys

import click

from waflows.errors import OperatorError, WaflowsError

# name: (module, summary)
_COMMANDS = {
    "dev": ("dev", "Start a development server with sample data."),
    "serve": ("serve", "Start a production server."),
    "lint": ("lint", "Check Flow JSON files for problems, offline."),
    "fmt": ("fmt", "Lay out Flow JSON files."),
    "explain": ("explain", "Explain a lint rule, with examples."),
    "schema": ("schema", "Print a JSON Schema of Flow JSON, for editors."),
    "types": ("types", "Print typed models of a flow's response and endpoint calls."),
    "flows": ("flows", "List, create and publish flows, on waflows or at 8x8."),
    "send": ("send", "Send a flow to a phone number."),
    "submissions": ("submissions", "List, export and delete what users sent."),
    "webhooks": ("webhooks", "Configure webhooks and inspect their deliveries."),
    "phone": ("phone", "Act as a user who receives messages and fills in flows."),
    "preview": ("preview", "Preview a flow from a file in the browser, with live reload."),
    "play": ("play", "Play a flow from a file in the terminal."),
    "endpoint-key": (
        "endpoint_keys",
        "Manage a channel's endpoint key pair and app secret.",
    ),
    "doctor": ("doctor", "Diagnose a data endpoint."),
    "account": ("accounts", "Manage accounts."),
    "channel": ("channels", "Manage the channels of an account."),
    "subaccount": ("subaccounts", "Manage the sub-accounts that send messages."),
    "key": ("keys", "Manage the API keys of an account."),
    "errors": ("errors", "Look up API errors by errorId."),
    "db": ("db", "Upgrade, back up and restore the database."),
    "completion": ("completion", "Print a shell completion script."),
}
# Old names of commands: they still work, with a note on standard error.
_RENAMED = {"keys": "endpoint-key"}


class _LazyGroup(click.Group):
    """A group that imports a command only when it is needed."""

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
            ctx.fail(f"Unknown command {args[0]!r}.{_suggestion(args[0])}")
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

    New here? `waflows dev` starts a server with sample flows and prints what to try.
    """


def main(args: list[str] | None = None) -> None:
    """Runs the `waflows` command; the exit status is 0 (done), 1 (failed) or 2 (wrong usage)."""
    try:
        # The status passed to ctx.exit, or None when the command ran to its end.
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
        # The reader closed the pipe; keep Python from reporting the error again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _fail(error: WaflowsError, status: int) -> None:
    # The cause is shown here because the operator may see it; API clients never do.
    cause = " ".join(str(error.__cause__ or "").split())
    click.echo(f"Error: {error.message}" + (f" ({cause})" if cause else ""), err=True)
    sys.exit(status)
