"""`waflows schema`: a JSON Schema of Flow JSON, for editors that have no language server."""

from __future__ import annotations

import click

from waflows.cli.output import print_json
from waflows.flowjson.spec.versions import VERSIONS


@click.command()
@click.option(
    "--version",
    metavar="V",
    type=click.Choice(list(VERSIONS)),
    help="Describe this Flow JSON version only.",
)
def command(version: str | None) -> None:
    """Print a JSON Schema of Flow JSON, for editors.

    The schema (draft 2020-12) describes every version; the version in a document selects the rules
    for it. What depends on bindings, routes or other screens is left to `waflows lint`.

    Example: waflows schema > flow.schema.json
    """
    from waflows.flowjson import json_schema

    if version is None:
        print_json(json_schema.for_all_versions())
    else:
        print_json(json_schema.for_one_version(version))
