"""Health checks of a flow's endpoint, before it is published and by `waflows doctor`.

A health check is a call over the network, which no transaction may span. So a use case that
publishes raises EndpointUnchecked, the endpoint is called outside of it, and the use case is run
again with the result.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from waflows import runtime
from waflows.errors import Forbidden, InvalidParameter, InvalidRequest
from waflows.services import clock
from waflows.services.accounts.accounts import Principal
from waflows.services.endpoint import endpoint_calls, endpoint_keys
from waflows.services.endpoint.endpoint_calls import Outside
from waflows.services.flows import lifecycle, texts
from waflows.services.flows.publishing import EndpointUnchecked, Examined, RevisionUnchecked
from waflows.storage import endpoint_keys as store
from waflows.storage import flows as flow_store
from waflows.storage.database import Transaction
from waflows.storage.endpoint_keys import EndpointCheck
from waflows.storage.flows import Flow
from waflows.upstream import doctor
from waflows.upstream.answers import Failed
from waflows.upstream.doctor import OpenedBy, Report, Trial

R = TypeVar("R")

# The key or the address may change while the endpoint is called.
_MOST_TRIES = 3


class NoEndpoint(InvalidRequest):
    """The flow has no data endpoint: its Flow JSON has no data_api_version."""


class Diagnosis(msgspec.Struct, frozen=True):
    """The report on a flow's endpoint, and the fingerprint of the key used."""

    report: Report
    fingerprint: str


async def checked(outside: Outside, unit: Callable[..., R], *args: Any) -> R:
    """Runs a use case that publishes, `unit(tx, *args, examined)`, with a health check if needed.

    A Flow JSON stored by an older version is analysed first. Raises what the use case raises.
    """
    examined: Examined | None = None
    for _ in range(_MOST_TRIES):
        try:
            return await outside.db.run(unit, *args, examined)
        except EndpointUnchecked as unchecked:
            examined = await _ask(outside, unchecked)
        except RevisionUnchecked as unread:
            found = await outside.db.read_slow(texts.checked_completely, unread.flow)
            await outside.db.run(texts.keep_checked, unread.flow, found)
    return await outside.db.run(unit, *args, examined)


class Asked(msgspec.Struct, frozen=True):
    """How a flow's endpoint is called; converted to a `doctor.Trial`."""

    flow_token: str | None = None
    """None for a generated one."""
    opened_by: OpenedBy | None = None
    screen: str | None = None
    data: dict[str, Any] = {}


def require_may_ask(principal: Principal, asked: Asked) -> None:
    """Raises InvalidParameter for data without a screen, Forbidden for a key that may not choose.

    The requests are signed, so only some keys choose what is asked and in whose name.
    """
    if asked.data and asked.screen is None:
        raise InvalidParameter("data is what a screen sends: give the screen too.")
    if (asked.flow_token or asked.screen) and not principal.may_choose_flow_tokens:
        raise Forbidden(
            "flowToken, screen and data need an API key that is not masked and is not limited to"
            " sub-accounts; leave them out to ask the endpoint for its first screen."
        )


async def diagnose(
    outside: Outside, account_id: str, channel_id: str, flow_id: str, asked: Asked
) -> Diagnosis:
    """Calls a flow's endpoint as a phone does, and stores the result of its health check.

    Raises NotFound, NoEndpoint.
    """
    flow, document = await outside.db.read_slow(_loaded, account_id, channel_id, flow_id)
    key = await outside.db.read(endpoint_keys.in_use, account_id, channel_id)
    endpoint = await endpoint_calls.endpoint_of(outside, flow, document)
    token = asked.flow_token or f"doctor-{secrets.token_hex(8)}"
    trial = Trial(token, document.entries, asked.opened_by, asked.screen, asked.data)
    report = await doctor.examine(endpoint, trial)
    fingerprint = key.fingerprint if key else ""
    ping = report.exchanges[0].outcome
    if flow.endpoint_uri is not None:
        found = ping if isinstance(ping, Failed) else None
        await _keep(outside, account_id, channel_id, flow.endpoint_uri, fingerprint, found)
    return Diagnosis(report, fingerprint)


async def _ask(outside: Outside, unchecked: EndpointUnchecked) -> Examined:
    endpoint = await endpoint_calls.endpoint_at(
        outside, unchecked.account_id, unchecked.channel_id, unchecked.uri
    )
    outcome = (await endpoint.ping()).outcome
    failed = outcome if isinstance(outcome, Failed) else None
    await _keep(
        outside,
        unchecked.account_id,
        unchecked.channel_id,
        unchecked.uri,
        unchecked.fingerprint,
        failed,
    )
    return Examined(unchecked.uri, unchecked.fingerprint, failed.message if failed else None)


async def _keep(
    outside: Outside,
    account_id: str,
    channel_id: str,
    uri: str,
    fingerprint: str,
    failed: Failed | None,
) -> None:
    check = EndpointCheck(
        uri,
        fingerprint,
        clock.now_ms(),
        failed.step.value if failed else None,
        failed.message if failed else "",
    )
    await outside.db.run(store.set_check, account_id, channel_id, check)


def _loaded(
    tx: Transaction, account_id: str, channel_id: str, flow_id: str
) -> tuple[Flow, runtime.Flow]:
    flow = lifecycle.get(tx, account_id, channel_id, flow_id)
    text = flow_store.flow_json(tx, account_id, flow.id, flow.revision)
    try:
        document = runtime.load(text or "")
    except runtime.Unplayable:
        raise NoEndpoint("The flow has no Flow JSON that can be played.") from None
    if not document.endpoint:
        raise NoEndpoint
    return flow, document
