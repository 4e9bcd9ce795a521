"""What a draft needs before it can be published; all that is missing is told at once."""

from __future__ import annotations

from waflows.flowjson.diagnostics import Diagnostic
from waflows.flowjson.spec.versions import VERSIONS, Stage
from waflows.services import flow_texts
from waflows.storage.database import Transaction
from waflows.storage.flows import Flow

_MOST_FAULTS_TOLD = 20
_LONGEST_MESSAGE = 150


def unmet_conditions(tx: Transaction, flow: Flow) -> list[str]:
    """Why a draft cannot be published as it is, all reasons at once; empty when it can."""
    if flow.revision == 0:
        return ["it has no Flow JSON; send flowJson first"]
    known = flow_texts.checked(tx, flow)
    unmet = []
    if errors := flow_texts.errors_of(known.faults):
        unmet.append(_told(errors, whole=len(known.faults) < flow_texts.MOST_FAULTS))
    version = VERSIONS.get(known.version or "")
    if version is not None and version.stage is not Stage.ACTIVE:
        unmet.append(
            f"Flow JSON version {version.name} is {version.stage} since {version.frozen_on} and"
            " cannot be published any more; move to a newer one"
        )
    return unmet


def _told(errors: list[Diagnostic], *, whole: bool) -> str:
    """Faults in a sentence's words, the first ones each with its place."""
    shown = [
        f"{fault.code} at line {fault.line_start}, column {fault.column_start}"
        f" ({_shortened(fault.message.removesuffix('.'))})"
        for fault in errors[:_MOST_FAULTS_TOLD]
    ]
    if rest := len(errors) - len(shown):
        shown.append(f"and {rest} more")
    return f"its Flow JSON has {_counted(len(errors), whole=whole)}: {', '.join(shown)}"


def _counted(errors: int, *, whole: bool) -> str:
    if errors == 1:
        return "a validation error"
    at_least = "" if whole else "at least "
    return f"{at_least}{errors} validation errors"


def _shortened(message: str) -> str:
    """Messages repeat words of the flow, which may be of any length."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f"{message[:_LONGEST_MESSAGE]}…"
