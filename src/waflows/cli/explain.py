"""`waflows explain`: what a rule of `waflows lint` requires, and why."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from typing import Any

import click

from waflows.cli.output import print_json, show_list
from waflows.cli.reporting import print_report, wants_colour
from waflows.errors import OperatorError
from waflows.flowjson import RULES, Rule
from waflows.flowjson.report.page import page


@click.command()
@click.argument("name", metavar="[CODE|RULE]", required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON; a list in a pipe is always JSON."
)
def command(name: str | None, as_json: bool) -> None:
    """Explain a rule of `waflows lint`, with examples.

    Takes the id of a rule or one of Meta's error codes, as lint prints them. If several rules share
    a code, they are listed. Without an argument all rules are listed.

    Example: waflows explain INVALID_PROPERTY_TYPE
    """
    found = list(RULES.values()) if name is None else _named(name)
    if name is not None and len(found) == 1:
        _show(found[0], as_json)
        return
    _list(found, as_json=as_json)
    if name is not None and sys.stdout.isatty() and not as_json:
        click.echo(f"\n{len(found)} rules have this code: `waflows explain RULE` shows one.")


def _show(rule: Rule, as_json: bool) -> None:
    if as_json:
        print_json(_facts(rule))
        return
    print_report(page(rule, colour=wants_colour()))


def _list(found: Sequence[Rule], *, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        print_json([_facts(rule) for rule in found])
        return
    show_list(
        found,
        {
            "RULE": lambda rule: rule.id,
            "CODE": lambda rule: rule.code,
            "SEVERITY": lambda rule: rule.severity,
            "REQUIRES": lambda rule: rule.title,
        },
        as_json=False,
        empty="",
    )


def _named(name: str) -> list[Rule]:
    """The rule with an id, or the rules with a code; upper or lower case."""
    wanted = name.casefold()
    found = [rule for rule in RULES.values() if wanted in {rule.id, rule.code.casefold()}]
    if not found:
        known = {word.casefold(): word for rule in RULES.values() for word in (rule.id, rule.code)}
        close = difflib.get_close_matches(wanted, known, n=1)
        hint = f" Did you mean {known[close[0]]!r}?" if close else ""
        raise OperatorError(
            f"Unknown rule or code {name!r}.{hint} `waflows explain` lists them all."
        )
    return found


def _facts(rule: Rule) -> dict[str, Any]:
    """The fields of a rule for JSON output."""
    return {
        "id": rule.id,
        "code": rule.code,
        "error_type": rule.error_type,
        "severity": rule.severity,
        "title": rule.title,
        "since": rule.since,
        "until": rule.until,
        "messages": rule.messages,
        "why": rule.why,
        "help": rule.help,
        "failing": [example.text for example in rule.failing],
        "passing": [example.text for example in rule.passing],
    }
