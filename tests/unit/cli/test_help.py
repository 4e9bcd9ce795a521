"""The help of every command reads as it was written."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from waflows.cli import cli


def _paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from _paths(found, (*path, name))


def _help(*path: str) -> str:
    answer = CliRunner().invoke(cli, [*path, "-h"], prog_name="waflows")
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.mark.parametrize("path", list(_paths(cli)), ids=" ".join)
def test_help_has_no_summary_cut_short_and_no_mark_for_the_formatter(path: tuple[str, ...]) -> None:
    usage, text = _help(*path).split("\n", 1)

    assert usage.startswith("Usage: waflows")
    assert "..." not in text
    assert "\\b" not in text
    assert "\b" not in text


def test_the_ways_to_install_a_completion_stand_on_lines_of_their_own() -> None:
    lines = [line.strip() for line in _help("completion").splitlines()]

    for shell in ("bash", "zsh", "fish"):
        assert any(line.startswith(f"{shell}:") for line in lines), lines
