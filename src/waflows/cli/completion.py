"""`waflows completion`: print a script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")


# "\b" keeps click from joining the lines; a docstring would hold the escape, not the character.
_HELP = """Print the completion script for SHELL: bash, zsh or fish.

\b
bash:  waflows completion bash > ~/.local/share/bash-completion/completions/waflows
zsh:   waflows completion zsh > "${fpath[1]}/_waflows"
fish:  waflows completion fish > ~/.config/fish/completions/waflows.fish
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Prints the completion script for a shell."""
    from waflows.cli import cli

    completion = get_completion_class(shell)
    assert completion is not None, "click knows these shells"
    click.echo(completion(cli, {}, "waflows", "_WAFLOWS_COMPLETE").source())
