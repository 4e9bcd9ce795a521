"""`waflows types`: typed models of what a flow exchanges."""

from __future__ import annotations

import click

from waflows.cli import flow_files
from waflows.errors import WaflowsError


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--lang",
    type=click.Choice(["python", "typescript"]),
    required=True,
    help="The language of the models.",
)
def command(file: str, lang: str) -> None:
    """Print typed models of a flow's response and endpoint calls.

    For each screen the data it is opened with and what it sends, and for the flow the completed
    response: as TypedDict for Python, as interfaces for TypeScript.

    Example: waflows types flow.json --lang python > flow_models.py
    """
    from waflows.flowjson import parse, typed

    flow = parse(flow_files.read(file)).flow
    if flow is None:
        raise WaflowsError(f"{file} is not Flow JSON; `waflows lint {file}` shows why.")
    click.echo(typed.source(flow, lang), nl=False)
