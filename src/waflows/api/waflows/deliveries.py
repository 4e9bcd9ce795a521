"""Deliveries to webhooks: their log, the dead ones, and sending them again.

8x8 has nothing like it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows import times
from waflows.api import paths
from waflows.api.sub_account_reach import SubAccountId, check_reach, named, sub_accounts_within
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services import clock
from waflows.services.webhooks import deliveries
from waflows.storage.outbox import Attempt, Delivery, DeliveryState, Wanted
from waflows.storage.webhooks import Kind

_PRIVATE = {"Cache-Control": "private, no-store"}
# Each batch is a transaction of its own, so that replaying very many does not block others.
_REPLAYED_AT_ONCE = 200


class DeliveryQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which deliveries to list, and how many."""

    state: Annotated[DeliveryState | None, Meta(description="Only those in this state.")] = None
    sub_account_id: Annotated[
        str | None, Meta(description="Only those to the webhooks of this sub-account, or of `*`.")
    ] = None
    type: Annotated[Kind | None, Meta(description="Only those of this type of webhook.")] = None
    limit: Annotated[
        int, Meta(ge=1, le=1000, description="Maximum number of deliveries in the answer.")
    ] = 100
    before: Annotated[
        str | None, Meta(description="Only those older than the delivery with this id.")
    ] = None


class AttemptAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One attempt. `status` is present if there was an answer, `error` if the attempt failed."""

    at: str
    duration_ms: int
    status: int | UnsetType = UNSET
    error: str | UnsetType = UNSET
    answer: str | UnsetType = UNSET


class DeliveryAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event for one webhook. The receiver gets `eventId` as `webhook-id`."""

    id: str
    event_id: str
    sub_account_id: str
    type: Kind
    state: DeliveryState
    created_at: str
    attempts: int
    next_attempt_at: str | UnsetType = UNSET
    settled_at: str | UnsetType = UNSET
    last_attempt: AttemptAnswer | UnsetType = UNSET


class DeliveryDetails(DeliveryAnswer, frozen=True, kw_only=True, rename="camel"):
    """One delivery with its latest attempts and its body.

    The body is absent for a masked key, and for everyone once it was deleted on request.
    """

    history: list[AttemptAnswer]
    body: msgspec.Raw | UnsetType = UNSET


class DeliveryList(msgspec.Struct, frozen=True):
    """Some deliveries, newest first."""

    deliveries: list[DeliveryAnswer]


class ReplayBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The webhook whose dead deliveries to send again."""

    sub_account_id: SubAccountId
    type: Kind


class Replayed(msgspec.Struct, frozen=True):
    """How many deliveries are sent again."""

    replayed: int


async def list_deliveries(call: Call[DeliveryQuery, None]) -> Reply:
    """Lists deliveries to webhooks, newest first.

    The `Link` header leads to the next page, if there is one.
    """
    query, within = call.query, sub_accounts_within(call.principal)
    if query.sub_account_id is not None:
        check_reach(call.principal, query.sub_account_id)
        within = frozenset({query.sub_account_id})
    wanted = Wanted(state=query.state, sub_account_ids=within, type=query.type, before=query.before)
    found = await call.state.db.read_slow(
        deliveries.list_deliveries, call.account_id, wanted, query.limit + 1
    )
    page = found[: query.limit]
    masked = call.principal.masked
    headers = dict(_PRIVATE)
    if len(found) > len(page):
        headers["Link"] = _next_link(call, page[-1].id)
    return Reply(DeliveryList([_summary(one, masked=masked) for one in page]), headers=headers)


async def get_delivery(call: Call[NoQuery, None]) -> Reply:
    """Returns a delivery with its latest attempts."""
    found = await call.state.db.read(
        deliveries.get,
        call.account_id,
        call.path["deliveryId"],
        sub_accounts_within(call.principal),
    )
    masked = call.principal.masked
    shown = DeliveryDetails(
        **_facts(found, masked=masked),
        history=[_attempt(one, masked=masked) for one in found.attempts],
        body=UNSET if masked or not found.body else msgspec.Raw(found.body.encode()),
    )
    return Reply(shown, headers=dict(_PRIVATE))


async def replay_delivery(call: Call[NoQuery, None]) -> Reply:
    """Sends a delivery again.

    It keeps its `eventId` and is queued after what already waits for the same user.
    """
    queued = await call.state.db.run(
        deliveries.replay,
        call.account_id,
        call.path["deliveryId"],
        sub_accounts_within(call.principal),
    )
    return Reply(_summary(queued, masked=call.principal.masked))


async def replay_dead_deliveries(call: Call[NoQuery, ReplayBody]) -> Reply:
    """Sends every dead delivery of one webhook again."""
    check_reach(call.principal, call.body.sub_account_id)
    count, before = 0, clock.now_ms()
    while done := await call.state.db.run(
        deliveries.replay_dead,
        call.account_id,
        call.body.sub_account_id,
        call.body.type,
        before,
        _REPLAYED_AT_ONCE,
    ):
        count += done
        await asyncio.sleep(0)
    return Reply(Replayed(count))


async def test_webhook(call: Call[NoQuery, None]) -> Reply:
    """Sends a test event to a webhook.

    It is delivered like every other event; look its delivery up to see the outcome.
    """
    sent = await call.state.db.run(deliveries.send_test, *named(call))
    return Reply(_summary(sent, masked=call.principal.masked))


def _summary(delivery: Delivery, *, masked: bool) -> DeliveryAnswer:
    return DeliveryAnswer(**_facts(delivery, masked=masked))


def _facts(delivery: Delivery, *, masked: bool) -> dict[str, Any]:
    settled_at, pending = delivery.settled_at, delivery.state is DeliveryState.PENDING
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "sub_account_id": delivery.sub_account_id,
        "type": delivery.type,
        "state": delivery.state,
        "created_at": times.iso(delivery.created_at),
        "attempts": delivery.attempt_count,
        "next_attempt_at": times.iso(delivery.due_at) if pending else UNSET,
        "settled_at": UNSET if settled_at is None else times.iso(settled_at),
        "last_attempt": _attempt(delivery.attempts[-1], masked=masked)
        if delivery.attempts
        else UNSET,
    }


def _attempt(attempt: Attempt, *, masked: bool) -> AttemptAnswer:
    """An attempt as it is shown. A receiver may repeat what it was sent, so that is masked too."""
    return AttemptAnswer(
        at=times.iso(attempt.at),
        duration_ms=attempt.duration_ms,
        status=attempt.status or UNSET,
        error=attempt.error or UNSET,
        answer=UNSET if masked else attempt.answer or UNSET,
    )


def _next_link(call: Call[DeliveryQuery, None], before: str) -> str:
    asked = msgspec.to_builtins(call.query)
    query = {name: value for name, value in asked.items() if value is not None}
    return (
        f'<{call.base_url}{call.request_path}?{urlencode(query | {"before": before})}>; rel="next"'
    )


_webhook = RouteGroup(
    f"{paths.ACCOUNT}/webhooks/{{subAccountId}}/{{type}}", tag="Webhooks (extensions)"
)
_deliveries = RouteGroup(f"{paths.ACCOUNT}/deliveries", tag="Webhooks (extensions)")
ROUTES: list[Route] = [
    _webhook.post(
        "/test",
        test_webhook,
        "Send a webhook a test event",
        uncovered=True,
        answers=DeliveryAnswer,
    ),
    _deliveries.get(
        "",
        list_deliveries,
        "List deliveries to webhooks",
        query=DeliveryQuery,
        answers=DeliveryList,
    ),
    _deliveries.post(
        ":replay",
        replay_dead_deliveries,
        "Send a webhook's dead deliveries again",
        uncovered=True,
        body=ReplayBody,
        answers=Replayed,
    ),
    _deliveries.get(
        "/{deliveryId}", get_delivery, "Show a delivery with its attempts", answers=DeliveryDetails
    ),
    _deliveries.post(
        "/{deliveryId}/replay",
        replay_delivery,
        "Send a delivery again",
        uncovered=True,
        answers=DeliveryAnswer,
    ),
]
