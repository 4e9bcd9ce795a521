"""What a rule is: its id and code, its words, and two examples that are its tests and its page.

How rules are registered and what calls their checks: see `waflows.flowjson.family`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from waflows.flowjson.diagnostics import (
    ErrorType,
    Finding,
    Fix,
    Path,
    Replacement,
    Severity,
    Target,
    printable,
)

Evidence = Literal["page", "names", "reports", "reading"]
EVIDENCE: dict[Evidence, str] = {
    "page": "Meta's documentation",
    "names": "a public list of the names of Meta's checks and their codes",
    "reports": "reports of others who ran Meta's validator or a phone",
    "reading": "our own reading",
}
"""On whose word a rule stands, as its page says it."""

_PLACEHOLDER = re.compile(r"(?<!\$)\{(\w+)\}")
_MARK = re.compile("[«»]")


class Example(msgspec.Struct, frozen=True):
    """A document and what is wrong with it.

    In `marked` the guillemets « and » stand around what the diagnostic points at; `text` is
    without them. `message` is empty for an example that passes.
    """

    marked: str
    message: str = ""
    paths: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The document itself."""
        return _MARK.sub("", self.marked)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule and everything its documentation page says.

    `message` is a template; a rule with several has them by name in `wording`, the usual one
    first. Those of Meta's codes are Meta's. `other_codes` are answered in special cases. `evidence`
    says on whose word the rule stands. `since` and `until` are the first version the rule
    holds for and the first it no longer holds for. From `warning_since` on, where newer
    documentation contradicts an older refusal, it is a warning; before `warning_until`, where the
    refusal came later, as well.
    """

    id: str
    code: str
    title: str
    why: str
    help: str
    failing: tuple[Example, ...]
    passing: tuple[Example, ...]
    message: str = ""
    wording: dict[str, str] = {}
    other_codes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ("page",)
    severity: Severity = "error"
    error_type: ErrorType = "FLOW_JSON_ERROR"
    since: str = "2.1"
    until: str | None = None
    warning_since: str | None = None
    warning_until: str | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        """Every template the rule can speak with."""
        return tuple(self.wording.values()) or (self.message,)

    def finding(
        self,
        *targets: Target,
        say: str | None = None,
        code: str | None = None,
        advice: str | None = None,
        fix: Replacement | Fix | None = None,
        **words: Any,
    ) -> Finding:
        """A finding in the words of the message named `say`, its placeholders filled with `words`.

        `code` is one of `other_codes`, where the usual one does not apply; `advice` takes the place
        of the rule's help; `fix` is what removes the finding.
        """
        template = self.messages[0] if say is None else self.wording[say]
        return Finding(
            rule=self.id,
            code=code or self.code,
            error_type=self.error_type,
            severity=self.severity,
            message=fill(template, words),
            help=fill(advice or self.help, words),
            targets=targets,
            fix=fix,
        )

    def text_finding(
        self,
        spans: tuple[tuple[int, int, Path], ...],
        advice: str | None = None,
        fix: Fix | None = None,
        **words: Any,
    ) -> Finding:
        """A finding of the text itself, found by offsets."""
        found = self.finding(advice=advice, fix=fix, **words)
        return msgspec.structs.replace(found, spans=spans)


class Gap(Rule, frozen=True, kw_only=True):
    """A rule for a documented limit that has no documented error: a warning by our own code."""

    severity: Severity = "warning"
    error_type: ErrorType = "FLOW_JSON_WARNING"


def fill(template: str, words: dict[str, Any]) -> str:
    """The template with `{name}` replaced, by a word of bearable length that every encoder takes.

    `${name}` and names without a word stay.
    """
    return _PLACEHOLDER.sub(lambda match: printable(str(words.get(match[1], match[0]))), template)
