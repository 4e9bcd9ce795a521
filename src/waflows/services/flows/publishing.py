"""What a draft needs before it can be published; all that is missing is reported at once."""

from __future__ import annotations

import msgspec

from waflows.errors import NotPublishable
from waflows.flowjson.diagnostics import MOST_FAULTS, Diagnostic
from waflows.flowjson.spec.versions import VERSIONS, Stage
from waflows.services import clock
from waflows.services.endpoint import endpoint_keys
from waflows.services.flows import texts
from waflows.storage import endpoint_keys as checks
from waflows.storage import flows as store
from waflows.storage.database import Transaction
from waflows.storage.flows import Checked, Flow

FRESH_MS = 10 * 60 * 1000
"""How long a passed health check of an endpoint stays valid."""

_MOST_LISTED = 20
_LONGEST_MESSAGE = 150


class EndpointUnchecked(NotPublishable):
    """Flow cannot be published: its endpoint has not passed a health check yet.

    `waflows.services.flows.endpoint_health` calls it and runs the use case again.
    """

    def __init__(self, flow: Flow, uri: str, fingerprint: str) -> None:
        super().__init__(
            "The flow's endpoint must pass a health check before the flow can be published."
        )
        self.account_id = flow.account_id
        self.channel_id = flow.channel_id
        self.uri = uri
        self.fingerprint = fingerprint


class RevisionUnchecked(NotPublishable):
    """Flow cannot be published: an older version stored less about its Flow JSON than is needed.

    `flow` has the revision in question. `waflows.services.flows.endpoint_health` analyses it
    outside the transaction and runs the use case again.
    """

    def __init__(self, flow: Flow) -> None:
        super().__init__("The flow's Flow JSON must be checked before the flow can be published.")
        self.flow = flow


class Examined(msgspec.Struct, frozen=True):
    """The result of a health check with one key; `problem` is None if it passed."""

    uri: str
    fingerprint: str
    problem: str | None


def unmet_conditions(tx: Transaction, flow: Flow, examined: Examined | None = None) -> list[str]:
    """All reasons why a draft cannot be published; empty when it can.

    A missing health check is not among them: `require_asked` raises for that. Raises
    RevisionUnchecked.
    """
    if flow.revision == 0:
        return ["it has no Flow JSON; send flowJson first"]
    known = _checked(tx, flow)
    unmet = []
    if errors := texts.errors_of(known.findings):
        unmet.append(_describe(errors, whole=len(known.findings) < MOST_FAULTS))
    version = VERSIONS.get(known.version or "")
    if version is not None and version.stage is not Stage.ACTIVE:
        unmet.append(
            f"Flow JSON version {version.name} is {version.stage} since {version.frozen_on} and"
            " can no longer be published; use a newer one"
        )
    if known.has_endpoint:
        unmet += _unmet_by_endpoint(tx, flow, examined)
    return unmet


def _unmet_by_endpoint(tx: Transaction, flow: Flow, examined: Examined | None) -> list[str]:
    """What a flow with a data endpoint lacks beyond its Flow JSON."""
    unmet = []
    key = endpoint_keys.in_use(tx, flow.account_id, flow.channel_id)
    if flow.endpoint_uri is None:
        unmet.append(
            "it has a data_api_version and no endPointUri; add endPointUri or remove"
            " data_api_version"
        )
    if key is None:
        unmet.append(
            "its channel has no endpoint key to encrypt requests with; install one"
            " (`waflows endpoint-key --help`)"
        )
    if flow.endpoint_uri is None or key is None:
        return unmet
    known = _known(tx, flow, key.fingerprint, examined)
    return [] if known is None or known.problem is None else [_unhealthy(flow, known.problem)]


def require_asked(tx: Transaction, flow: Flow, examined: Examined | None) -> None:
    """Raises EndpointUnchecked when the flow has an endpoint that must be health-checked first.

    Raises RevisionUnchecked.
    """
    key = endpoint_keys.in_use(tx, flow.account_id, flow.channel_id)
    if flow.endpoint_uri is None or key is None or not _checked(tx, flow).has_endpoint:
        return
    if _known(tx, flow, key.fingerprint, examined) is None:
        raise EndpointUnchecked(flow, flow.endpoint_uri, key.fingerprint)


def _known(
    tx: Transaction, flow: Flow, fingerprint: str, examined: Examined | None
) -> Examined | None:
    """The health of a flow's endpoint with a key: just checked, or passed recently."""
    uri = flow.endpoint_uri or ""
    if examined is not None and (examined.uri, examined.fingerprint) == (uri, fingerprint):
        return examined
    kept = checks.find_check(tx, flow.account_id, flow.channel_id, uri)
    well = kept is not None and kept.failing_step is None and kept.fingerprint == fingerprint
    if kept is not None and well and abs(clock.now_ms() - kept.checked_at) <= FRESH_MS:
        return Examined(uri, fingerprint, None)
    return None


def _unhealthy(flow: Flow, problem: str) -> str:
    return (
        f"its endpoint does not pass the health check: {problem.removesuffix('.')} (`waflows doctor"
        f" {flow.id}` shows details)"
    )


def _checked(tx: Transaction, flow: Flow) -> Checked:
    """What is stored about the flow's Flow JSON; raises RevisionUnchecked."""
    if flow.revision == 0:
        return texts.checked(tx, flow)
    known = store.find_checked(tx, flow.account_id, flow.id, flow.revision)
    if known is None or known.has_endpoint is None:
        raise RevisionUnchecked(flow)
    return known


def _describe(errors: list[Diagnostic], *, whole: bool) -> str:
    """Errors as part of a sentence, the first ones each with its position."""
    shown = [
        f"{error.code} at line {error.line_start}, column {error.column_start}"
        f" ({_shortened(error.message.removesuffix('.'))})"
        for error in errors[:_MOST_LISTED]
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
    """Messages quote the flow, whose texts may be of any length."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f"{message[:_LONGEST_MESSAGE]}…"
