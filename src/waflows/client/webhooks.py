"""The webhooks of an account and the deliveries to them.

webhooks = client.webhooks()
webhooks.save(Webhook(sub_account_id="*", type="MSG", url="https://example.org/events"))
for delivery in webhooks.deliveries(state="dead"):
    webhooks.replay(delivery.id)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from waflows.client.exchange import Exchange
from waflows.client.operations import Operations
from waflows.client.results import Result

T = TypeVar("T")


class OAuth(Result, frozen=True, kw_only=True):
    """Client credentials; the secret is shown as `***`, and sending `***` keeps it unchanged."""

    url: str
    client_id: str
    client_secret: str
    credentials_location: str
    scope: str | None = None


class Webhook(Result, frozen=True, kw_only=True):
    """A webhook. Without a type it covers receipts and inbound messages, as at 8x8."""

    sub_account_id: str
    url: str
    type: str | None = None
    enabled: bool = True
    http_authorization: str | None = None
    oauth: OAuth | None = None


class SigningSecret(Result, frozen=True, kw_only=True):
    """A new secret (`whsec_…`), shown only once, and how long the previous one also signs."""

    id: str
    secret: str
    previous_expires_at: datetime | None = None


class Attempt(Result, frozen=True, kw_only=True):
    """One attempt to deliver an event."""

    at: datetime
    duration_ms: int
    status: int | None = None
    error: str | None = None
    answer: str | None = None


class Delivery(Result, frozen=True, kw_only=True):
    """An event for one webhook; `history` and `body` are set if it was read by its id."""

    id: str
    event_id: str
    sub_account_id: str
    type: str
    state: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None
    last_attempt: Attempt | None = None
    history: list[Attempt] | None = None
    body: dict[str, Any] | None = None


class _Deliveries(Result, frozen=True, kw_only=True):
    deliveries: list[Delivery]


class _Replayed(Result, frozen=True, kw_only=True):
    replayed: int


class WebhookOperations:
    """The operations on an account's webhooks."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def all(self) -> Exchange[list[Webhook]]:
        """Lists the webhooks."""
        return self._operations.on_account("GET", ("webhooks",), list[Webhook])

    def save(self, webhooks: tuple[Webhook, ...]) -> Exchange[None]:
        """Adds or replaces webhooks."""
        return self._operations.done_on_account("POST", ("webhooks",), list(webhooks))

    def remove(self, sub_account_id: str, type_: str | None) -> Exchange[None]:
        """Removes webhooks."""
        scope = {"subAccountId": sub_account_id} | ({"type": type_} if type_ else {})
        return self._operations.done_on_account("DELETE", ("webhooks",), [scope])

    def test(self, sub_account_id: str, type_: str) -> Exchange[Delivery]:
        """Sends a test event."""
        path = ("webhooks", sub_account_id, type_, "test")
        return self._operations.on_account("POST", path, Delivery)

    def new_secret(
        self, sub_account_id: str, type_: str, overlap_hours: int
    ) -> Exchange[SigningSecret]:
        """Creates a signing secret."""
        path = ("webhooks", sub_account_id, type_, "secrets")
        body = {"overlapHours": overlap_hours}
        return self._operations.on_account("POST", path, SigningSecret, body=body)

    def drop_secrets(self, sub_account_id: str, type_: str) -> Exchange[None]:
        """Stops signing."""
        path = ("webhooks", sub_account_id, type_, "secrets")
        return self._operations.done_on_account("DELETE", path, None)

    def deliveries(
        self, state: str | None, limit: int | None, before: str | None
    ) -> Exchange[list[Delivery]]:
        """Lists deliveries, newest first."""
        query = {"state": state, "limit": limit, "before": before}
        found = yield from self._operations.on_account("GET", ("deliveries",), _Deliveries, query)
        return found.deliveries

    def delivery(self, delivery_id: str) -> Exchange[Delivery]:
        """Reads a delivery."""
        return self._operations.on_account("GET", ("deliveries", delivery_id), Delivery)

    def replay(self, delivery_id: str) -> Exchange[Delivery]:
        """Sends a delivery again."""
        return self._operations.on_account("POST", ("deliveries", delivery_id, "replay"), Delivery)

    def replay_dead(self, sub_account_id: str, type_: str) -> Exchange[int]:
        """Sends every dead delivery of a webhook again."""
        body = {"subAccountId": sub_account_id, "type": type_}
        done = yield from self._operations.on_account(
            "POST", ("deliveries:replay",), _Replayed, body=body
        )
        return done.replayed


class Webhooks:
    """The webhooks of the client's account. Listing, saving and removing work at 8x8 too."""

    def __init__(self, run: Callable[[Exchange[Any]], Any], operations: WebhookOperations) -> None:
        self._run = run
        self._operations = operations

    def all(self) -> list[Webhook]:
        """Every webhook, its secrets shown as `***`."""
        return self._done(self._operations.all())

    def save(self, *webhooks: Webhook) -> None:
        """Adds webhooks, or replaces those with the same sub-account and type; all or none."""
        self._done(self._operations.save(webhooks))

    def remove(self, sub_account_id: str, type: str | None = None) -> None:  # noqa: A002
        """Removes a webhook; without a type, those for receipts and inbound messages."""
        self._done(self._operations.remove(sub_account_id, type))

    def test(self, sub_account_id: str, type: str) -> Delivery:  # noqa: A002
        """Sends a test event; its result is in `delivery`. waflows only."""
        return self._done(self._operations.test(sub_account_id, type))

    def new_secret(
        self,
        sub_account_id: str,
        type: str,  # noqa: A002
        overlap_hours: int = 24,
    ) -> SigningSecret:
        """Creates a signing secret; the previous one also signs for a while. waflows only."""
        return self._done(self._operations.new_secret(sub_account_id, type, overlap_hours))

    def drop_secrets(self, sub_account_id: str, type: str) -> None:  # noqa: A002
        """Stops signing a webhook's deliveries. waflows only."""
        self._done(self._operations.drop_secrets(sub_account_id, type))

    def deliveries(
        self, *, state: str | None = None, limit: int | None = None, before: str | None = None
    ) -> list[Delivery]:
        """Up to `limit` deliveries (1 to 1000; default 100), newest first. waflows only.

        `state` is pending, delivered or dead; `before` is the last id of the previous
        page.
        """
        return self._done(self._operations.deliveries(state, limit, before))

    def delivery(self, delivery_id: str) -> Delivery:
        """A delivery with its attempts and its body. waflows only."""
        return self._done(self._operations.delivery(delivery_id))

    def replay(self, delivery_id: str) -> Delivery:
        """Sends a dead or delivered delivery again with the same id. waflows only."""
        return self._done(self._operations.replay(delivery_id))

    def replay_dead(self, sub_account_id: str, type: str) -> int:  # noqa: A002
        """Sends every dead delivery of a webhook again; returns how many. waflows only."""
        return self._done(self._operations.replay_dead(sub_account_id, type))

    def _done(self, exchange: Exchange[T]) -> T:
        result: T = self._run(exchange)
        return result


class AsyncWebhooks:
    """`Webhooks` with `await` on every call."""

    def __init__(
        self, run: Callable[[Exchange[Any]], Awaitable[Any]], operations: WebhookOperations
    ) -> None:
        self._run = run
        self._operations = operations

    async def all(self) -> list[Webhook]:
        """Every webhook, its secrets shown as `***`."""
        return await self._done(self._operations.all())

    async def save(self, *webhooks: Webhook) -> None:
        """Adds webhooks, or replaces those with the same sub-account and type; all or none."""
        await self._done(self._operations.save(webhooks))

    async def remove(self, sub_account_id: str, type: str | None = None) -> None:  # noqa: A002
        """Removes a webhook; without a type, those for receipts and inbound messages."""
        await self._done(self._operations.remove(sub_account_id, type))

    async def test(self, sub_account_id: str, type: str) -> Delivery:  # noqa: A002
        """Sends a test event; its result is in `delivery`. waflows only."""
        return await self._done(self._operations.test(sub_account_id, type))

    async def new_secret(
        self,
        sub_account_id: str,
        type: str,  # noqa: A002
        overlap_hours: int = 24,
    ) -> SigningSecret:
        """Creates a signing secret; the previous one also signs for a while. waflows only."""
        return await self._done(self._operations.new_secret(sub_account_id, type, overlap_hours))

    async def drop_secrets(self, sub_account_id: str, type: str) -> None:  # noqa: A002
        """Stops signing a webhook's deliveries. waflows only."""
        await self._done(self._operations.drop_secrets(sub_account_id, type))

    async def deliveries(
        self, *, state: str | None = None, limit: int | None = None, before: str | None = None
    ) -> list[Delivery]:
        """Up to `limit` deliveries (1 to 1000; default 100), newest first. waflows only.

        `state` is pending, delivered or dead; `before` is the last id of the previous
        page.
        """
        return await self._done(self._operations.deliveries(state, limit, before))

    async def delivery(self, delivery_id: str) -> Delivery:
        """A delivery with its attempts and its body. waflows only."""
        return await self._done(self._operations.delivery(delivery_id))

    async def replay(self, delivery_id: str) -> Delivery:
        """Sends a dead or delivered delivery again with the same id. waflows only."""
        return await self._done(self._operations.replay(delivery_id))

    async def replay_dead(self, sub_account_id: str, type: str) -> int:  # noqa: A002
        """Sends every dead delivery of a webhook again; returns how many. waflows only."""
        return await self._done(self._operations.replay_dead(sub_account_id, type))

    async def _done(self, exchange: Exchange[T]) -> T:
        result: T = await self._run(exchange)
        return result
