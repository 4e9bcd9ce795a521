"""What a rule is: its id and code, its words, and two examples that are its tests and its page.

A rule's module holds `RULE` (or `RULES`, a family) and one or more functions named for what they
look at: `check_flow`, `check_screen`, `check_component`, `check_action`, `check_use` or
`check_property`. They yield faults; the linter calls them, and they call nothing of each other.
`TYPES` names the components that a `check_component` is for, when not all, and `USES` what a use
must be for a `check_use` to be asked: see `waflows.flowjson.rules`.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from waflows.flowjson.diagnostics import ErrorType, Fault, Path, Severity, Target, printable

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

    `messages` are templates; those of Meta's codes are Meta's. `since` and `until` are the first
    version the rule holds for and the first it no longer holds for. From `warning_since` on, where
    newer documentation contradicts an older refusal, it is a warning.
    """

    id: str
    code: str
    title: str
    messages: tuple[str, ...]
    why: str
    help: str
    failing: tuple[Example, ...]
    passing: tuple[Example, ...]
    severity: Severity = "error"
    error_type: ErrorType = "FLOW_JSON_ERROR"
    since: str = "2.1"
    until: str | None = None
    warning_since: str | None = None

    def fault(
        self,
        *targets: Target,
        form: int = 0,
        advice: str | None = None,
        **words: Any,
    ) -> Fault:
        """A fault in the words of message `form`, its placeholders filled with `words`."""
        message = fill(self.messages[form], words)
        mended = fill(advice or self.help, words)
        return Fault(self.id, self.code, self.error_type, self.severity, message, mended, targets)

    def text_fault(
        self, spans: tuple[tuple[int, int, Path], ...], advice: str | None = None, **words: Any
    ) -> Fault:
        """A fault of the text itself, found by offsets."""
        found = self.fault(advice=advice, **words)
        return msgspec.structs.replace(found, spans=spans)


class Gap(Rule, frozen=True, kw_only=True):
    """A rule for a documented limit that has no documented error: a warning by our own code."""

    severity: Severity = "warning"
    error_type: ErrorType = "FLOW_JSON_WARNING"


def messages(*templates: str) -> tuple[str, ...]:
    """The templates of a rule, each of which may run over several lines."""
    return templates


def fill(template: str, words: dict[str, Any]) -> str:
    """The template with `{name}` replaced, by a word of bearable length that every encoder takes.

    `${name}` and names without a word stay.
    """
    return _PLACEHOLDER.sub(lambda match: printable(str(words.get(match[1], match[0]))), template)
