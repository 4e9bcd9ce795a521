"""Renders the reference pages from the code: `make docs`. A test fails when they are stale."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from waflows import settings
from waflows.app import ALL_ROUTES
from waflows.cli import cli
from waflows.flowjson import RULES
from waflows.flowjson.report.page import markdown
from waflows.http.route import Route

FOLDER = Path(__file__).resolve().parent
_WIDTH = 88
"""How wide the help of a command is rendered."""
_NOTE = "<!-- Rendered from the code by `make docs`; edit the code, not this page. -->\n"


def commands_page() -> str:
    """Every command with its help."""
    parts = [
        _NOTE,
        "# Commands\n",
        (
            "Every command answers `-h` and `--help`. Data is a table on a terminal and JSON in a"
            " pipe or with `--json`. Exit status: 0 done, 1 refused or failed, 2 wrong usage or"
            " setting.\n"
        ),
    ]
    for context in _contexts(cli, "waflows"):
        path = context.command_path
        text = context.command.get_help(context).rstrip()
        level = "#" * (len(path.split()) + 1)
        parts.append(f"{level} `{path}`\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def settings_page() -> str:
    """Every setting of `waflows serve`."""
    rows = [
        f"| `{name}` | {_option(name)} | `{settings.environment_name(name)}` |"
        f" {_default(name)} | {settings.describe(name)} |"
        for name in settings.FIELDS
    ]
    return "\n".join(
        [
            _NOTE,
            "# Settings\n",
            (
                "A value is taken from the first place that has it: the option on the command line,"
                " the environment variable, the TOML file named by `--config` or `WAFLOWS_CONFIG`,"
                " the default. A bad or unknown setting stops the start with a sentence that names"
                " it and its place. `waflows dev` has other defaults for two of them: no"
                " `rate_limit`, and a data folder of its own.\n"
            ),
            "| in the file | option | environment | default | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def operations_page() -> str:
    """Every route of the server."""
    parts = [
        _NOTE,
        "# Operations\n",
        (
            "The table the server itself is made from. A running server shows the same with every"
            " field at `/docs`, and as OpenAPI 3.1 at `/openapi.json`.\n"
        ),
    ]
    for tag in dict.fromkeys(route.tag for route in ALL_ROUTES):
        parts += [f"## {tag}\n", "| method | path | needs | what it does |", "|---|---|---|---|"]
        parts += [_operation(route) for route in ALL_ROUTES if route.tag == tag]
        parts.append("")
    return "\n".join(parts)


def rules_page() -> str:
    """Every rule of the validator, with the output of its example."""
    parts = [
        _NOTE,
        "# Rules\n",
        (
            f"The {len(RULES)} rules of `waflows lint`, by the code they answer with. Codes that"
            " begin with `WAFLOWS_` are waflows' own, for limits that Meta documents without a"
            " code; the others and their messages are Meta's. In a message `{…}` stands for what"
            " is filled in. `waflows explain` shows the same in a terminal, and"
            " [linting.md](linting.md) tells how to run the validator.\n"
        ),
        "| code | rule | severity | what it wants |",
        "|---|---|---|---|",
    ]
    parts += [
        f"| `{rule.code}` | [{rule.id}](#{rule.id}) | {rule.severity} | {_cell(rule.title)} |"
        for rule in sorted(RULES.values(), key=lambda rule: (rule.code, rule.id))
    ]
    return "\n".join([*parts, "", *(markdown(rule) for rule in RULES.values())])


def endpoints_page() -> str:
    """The page on endpoints, each example in it as its file has it now."""
    page = (FOLDER / "endpoints.md").read_text("utf-8")
    return _INCLUDED.sub(_included, page)


# A comment that names a file, and the block of code that shows it.
_INCLUDED = re.compile(r"^<!-- (examples/\S+) -->\n```(\w+)\n.*?^```$", re.MULTILINE | re.DOTALL)


def _included(place: re.Match[str]) -> str:
    file, language = place.groups()
    text = (FOLDER.parent / file).read_text("utf-8")
    return f"<!-- {file} -->\n```{language}\n{text}```"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "operations.md": operations_page,
    "rules.md": rules_page,
    "endpoints.md": endpoints_page,
}


def _contexts(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[click.Context]:
    """The context of a command and of each command below it, as the program itself makes them."""
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=_WIDTH, **command.context_settings
    )
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None, "it was just listed"
            yield from _contexts(found, below, context)


def _option(name: str) -> str:
    if name in settings.NOT_ON_THE_COMMAND_LINE:
        return "none"
    return f"`--{name.replace('_', '-')}`"


def _default(name: str) -> str:
    if name == "data":
        return "the user's data folder"
    value = settings.FIELDS[name].default
    shown = str(value).lower() if isinstance(value, bool) else value
    return f"`{shown}`" if value != "" else "empty"


def _cell(text: str) -> str:
    """Text as it stands in a cell of a table."""
    return text.replace("|", "\\|")


def _operation(route: Route) -> str:
    needs = {"public": "nothing", "read": "a key", "write": "a key that may write"}
    limits = {"of no sub-account": route.whole_channel, "not masked": route.uncovered}
    wanted = ", ".join([needs[route.scope.value], *(name for name, on in limits.items() if on)])
    return f"| {route.method} | `{route.path}` | {wanted} | {route.summary} |"


def main() -> None:
    """Writes every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
