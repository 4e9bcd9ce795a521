"""A rule's page, as `waflows explain` prints it and as docs/rules.md holds it.

What a page shows as output is the output: the example is linted and reported like any file.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from waflows.flowjson.linter import lint
from waflows.flowjson.report import Checked
from waflows.flowjson.report.human import Paint, diagnoses
from waflows.flowjson.rule import EVIDENCE, Rule

_WIDTH = 88
_NAME = "flow.json"


def page(rule: Rule, *, colour: bool = False) -> str:
    """The page for a terminal."""
    return "\n".join(_lines(rule, Paint(colour), colour)) + "\n"


def markdown(rule: Rule) -> str:
    """The page as a section of a Markdown document."""
    codes = " or ".join(f"`{code}`" for code in (rule.code, *rule.other_codes))
    parts = [
        f"## {rule.id}\n\n{rule.title}.\n",
        f"{codes}, {rule.severity}, {versions(rule)}. Evidence: {evidence(rule)}. It says:\n",
        "```text\n{}\n```\n".format("\n".join(rule.messages)),
        f"{rule.why}\n\n*To fix it:* {rule.help}\n",
    ]
    if rule.failing:
        parts += [
            f"This fails:\n\n```json\n{rule.failing[0].text}\n```\n",
            f"```text\n{output(rule).rstrip()}\n```\n",
            f"This passes:\n\n```json\n{rule.passing[0].text}\n```\n",
        ]
    return "\n".join(parts)


def output(rule: Rule, *, colour: bool = False) -> str:
    """What `waflows lint` says about this rule in its first failing example."""
    text = rule.failing[0].text
    report = lint(text)
    found = [each for each in report.diagnostics if each.rule == rule.id]
    return diagnoses(
        Checked(name=_NAME, place=_NAME, text=text, version=report.version, diagnostics=found),
        colour=colour,
        width=_WIDTH,
    )


def versions(rule: Rule) -> str:
    """The Flow JSON versions a rule holds for, in words."""
    if rule.until is not None:
        return f"Flow JSON {rule.since} until before {rule.until}"
    return f"Flow JSON {rule.since} and later" if rule.since != "2.1" else "every version"


def evidence(rule: Rule) -> str:
    """On whose word a rule stands, in words."""
    return "; ".join(EVIDENCE[each] for each in rule.evidence)


def _lines(rule: Rule, paint: Paint, colour: bool) -> Iterator[str]:
    yield f"{paint('strong', rule.id)}: {rule.title}"
    yield ""
    facts = [
        ("code", " or ".join((rule.code, *rule.other_codes))),
        ("severity", rule.severity),
        ("versions", versions(rule)),
        ("evidence", evidence(rule)),
        *(("says", message) for message in rule.messages),
        ("to fix", rule.help),
    ]
    for label, fact in facts:
        yield _wrapped(fact, f"  {label:<10}", " " * 12)
    yield ""
    yield _wrapped(rule.why)
    if rule.failing:
        yield f"\n{paint('strong', 'This fails:')}\n"
        yield textwrap.indent(rule.failing[0].text, "    ")
        yield ""
        yield textwrap.indent(output(rule, colour=colour).rstrip("\n"), "  ")
        yield f"\n{paint('strong', 'This passes:')}\n"
        yield textwrap.indent(rule.passing[0].text, "    ")


def _wrapped(text: str, first: str = "", further: str = "") -> str:
    """A paragraph; ids and paths in it stay in one piece."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_on_hyphens=False,
        break_long_words=False,
    )
