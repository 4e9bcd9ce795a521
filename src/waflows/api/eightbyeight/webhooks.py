"""The webhooks of an account: /api/v1/accounts/{accountId}/webhooks, and their signing secrets.

8x8 documents the configuration; signing, deliveries and replay are extensions. A secret is
returned only once, when it is created.
"""

from __future__ import annotations

import time
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows import times
from waflows.api import paths
from waflows.api.sub_account_reach import SubAccountId, check_reach, named, sub_accounts_within
from waflows.errors import InvalidParameter
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.services.webhooks import subscriptions
from waflows.services.webhooks.subscriptions import HIDDEN, Wanted, WantedOAuth
from waflows.storage.webhooks import Kind, Webhook
from waflows.upstream.calls import CallFailed, Stage
from waflows.upstream.egress import Egress

_Type = Annotated[
    Kind,
    Meta(
        description="`CADR` for receipts, `MSG` for inbound messages, `CABM` for changes of flows."
        " Left out, it means receipts and inbound messages."
    ),
]
_Url = Annotated[
    str,
    Meta(
        description="The address events are sent to, by POST.",
        extra_json_schema={"format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$"},
    ),
]
_HttpAuthorization = Annotated[
    str,
    Meta(
        description="Sent as the Authorization header. Shown as `***`; `***` keeps what is set.",
        extra_json_schema={"pattern": "^[ -~]{0,4096}$"},
    ),
]
# A name that does not resolve yet may be saved; one that resolves to a forbidden address may not.
_REFUSED_WHEN_SAVED = {Stage.URL, Stage.ADDRESS}
# For one name, and for all names of a request; names left after that count as unresolved.
_LOOK_UP_SECONDS = 2.0
_LOOK_UPS_SECONDS = 10.0


class OAuthItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Client credentials for fetching a token for the webhook."""

    url: Annotated[_Url, Meta(description="The token endpoint.")]
    client_id: Annotated[str, Meta(extra_json_schema={"minLength": 1})]
    client_secret: Annotated[
        str,
        Meta(
            description="Shown as `***`; `***` keeps the current value.",
            extra_json_schema={"minLength": 1},
        ),
    ]
    credentials_location: Annotated[
        Literal["header", "body"],
        Meta(description="Whether the credentials go into the Authorization header or the body."),
    ]
    scope: Annotated[str | None, Meta(description="Scopes to ask for, separated by spaces.")] = None


class WebhookItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook. A null field is treated as absent."""

    sub_account_id: SubAccountId
    url: _Url
    type: _Type | None = None
    enabled: bool | None = None
    http_authorization: _HttpAuthorization | None = None
    oauth: OAuthItem | None = None


class WebhookAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook as it is shown."""

    type: Kind
    sub_account_id: str
    url: str
    enabled: bool
    http_authorization: str | UnsetType = UNSET
    oauth: OAuthItem | UnsetType = UNSET


class WebhookScope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which webhook to delete."""

    sub_account_id: SubAccountId
    type: _Type | None = None


class SecretAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A signing secret without its text. `expiresAt` is present once a newer secret was created."""

    id: str
    created_at: str
    expires_at: str | UnsetType = UNSET


class SecretsAnswer(msgspec.Struct, frozen=True):
    """The secrets that currently sign a webhook's deliveries, newest first."""

    secrets: list[SecretAnswer]


class RotateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How to switch to a new secret."""

    overlap_hours: Annotated[
        int,
        Meta(
            ge=0,
            le=8760,
            description="Hours for which the previous secret keeps signing beside the new one;"
            " 0 ends every other secret immediately.",
        ),
    ] = 24


class RotatedSecret(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new signing secret, shown only once."""

    id: str
    secret: str
    previous_expires_at: str | UnsetType = UNSET


async def list_webhooks(call: Call[NoQuery, None]) -> Reply:
    """Lists the account's webhooks, as far as the key reaches."""
    found = await call.state.db.read(subscriptions.list_webhooks, call.account_id)
    within = sub_accounts_within(call.principal)
    return Reply([_shown(one) for one in found if within is None or one.sub_account_id in within])


async def configure_webhooks(call: Call[NoQuery, list[WebhookItem]]) -> Reply:
    """Adds webhooks, or replaces those of the same sub-account and type.

    Either all of them are saved or none.
    """
    subscriptions.check_count(len(call.body))
    wanted = [_wanted(item) for item in call.body]
    for item in call.body:
        check_reach(call.principal, item.sub_account_id)
    await _check_urls(call.state.egress, sorted({url for item in call.body for url in _urls(item)}))
    await call.state.db.run(subscriptions.configure, call.state.vault, call.account_id, wanted)
    return Reply()


async def delete_webhooks(call: Call[NoQuery, list[WebhookScope]]) -> Reply:
    """Deletes webhooks.

    Events that still wait for a deleted webhook are not sent; they stay in the list of dead
    deliveries.
    """
    subscriptions.check_count(len(call.body))
    for item in call.body:
        check_reach(call.principal, item.sub_account_id)
    scopes = [(item.sub_account_id, item.type) for item in call.body]
    await call.state.db.run(subscriptions.remove, call.account_id, scopes)
    return Reply()


async def list_webhook_secrets(call: Call[NoQuery, None]) -> Reply:
    """Lists the secrets that sign a webhook's deliveries, without their text."""
    found = await call.state.db.read(subscriptions.get_webhook, *named(call))
    return Reply(
        SecretsAnswer(
            [
                SecretAnswer(
                    id=one.id,
                    created_at=times.iso(one.created_at),
                    expires_at=UNSET if one.expires_at is None else times.iso(one.expires_at),
                )
                for one in subscriptions.live_secrets(found)
            ]
        )
    )


async def rotate_webhook_secret(call: Call[NoQuery, RotateBody]) -> Reply:
    """Creates a new signing secret for a webhook.

    The secret is shown only once. Earlier secrets keep signing beside it for `overlapHours`, so
    that a repeated request does not lock a receiver out.
    """
    made = await call.state.db.run(
        subscriptions.rotate_secret, call.state.vault, *named(call), call.body.overlap_hours
    )
    ends = made.previous_expires_at
    answer = RotatedSecret(
        id=made.id,
        secret=made.text,
        previous_expires_at=UNSET if ends is None else times.iso(ends),
    )
    return Reply(answer)


async def drop_webhook_secrets(call: Call[NoQuery, None]) -> Reply:
    """Deletes every signing secret of a webhook, so that its deliveries are not signed."""
    await call.state.db.run(subscriptions.drop_secrets, *named(call))
    return Reply()


async def _check_urls(egress: Egress, urls: list[str]) -> None:
    """Raises InvalidParameter for an address that the server must not call."""
    ends_at = time.monotonic() + _LOOK_UPS_SECONDS
    for url in urls:
        await _check_url(egress, url, min(_LOOK_UP_SECONDS, ends_at - time.monotonic()))


async def _check_url(egress: Egress, url: str, seconds: float) -> None:
    try:
        if seconds > 0:
            await egress.check(url, seconds)
        else:
            egress.read(url)
    except CallFailed as error:
        if error.stage in _REFUSED_WHEN_SAVED:
            raise InvalidParameter(f"url cannot be used. {error.message}") from None


def _wanted(item: WebhookItem) -> Wanted:
    return Wanted(
        sub_account_id=item.sub_account_id,
        url=item.url,
        type=item.type,
        enabled=item.enabled is not False,
        http_authorization=item.http_authorization or "",
        oauth=None
        if item.oauth is None
        else WantedOAuth(
            item.oauth.url,
            item.oauth.client_id,
            item.oauth.client_secret,
            item.oauth.credentials_location,
            item.oauth.scope or "",
        ),
    )


def _urls(item: WebhookItem) -> list[str]:
    return [item.url, *([item.oauth.url] if item.oauth else [])]


def _shown(webhook: Webhook) -> WebhookAnswer:
    oauth = webhook.oauth
    return WebhookAnswer(
        type=webhook.type,
        sub_account_id=webhook.sub_account_id,
        url=webhook.url,
        enabled=webhook.enabled,
        http_authorization=UNSET if webhook.http_authorization is None else HIDDEN,
        oauth=UNSET
        if oauth is None
        else OAuthItem(
            url=oauth.url,
            client_id=oauth.client_id,
            client_secret=HIDDEN,
            credentials_location=oauth.credentials_location,
            scope=oauth.scope or None,
        ),
    )


_webhooks = RouteGroup(f"{paths.ACCOUNT}/webhooks", tag="Webhooks")
_secrets = RouteGroup(
    f"{paths.ACCOUNT}/webhooks/{{subAccountId}}/{{type}}/secrets", tag="Webhooks (extensions)"
)
ROUTES: list[Route] = [
    _webhooks.get("", list_webhooks, "List the account's webhooks", answers=list[WebhookAnswer]),
    _webhooks.post(
        "",
        configure_webhooks,
        "Add or replace webhooks",
        uncovered=True,
        body=list[WebhookItem],
    ),
    _webhooks.delete(
        "", delete_webhooks, "Delete webhooks", uncovered=True, body=list[WebhookScope]
    ),
    _secrets.get(
        "", list_webhook_secrets, "List a webhook's signing secrets", answers=SecretsAnswer
    ),
    _secrets.post(
        "",
        rotate_webhook_secret,
        "Create a new signing secret",
        uncovered=True,
        body=RotateBody,
        answers=RotatedSecret,
    ),
    _secrets.delete(
        "", drop_webhook_secrets, "Stop signing a webhook's deliveries", uncovered=True
    ),
]
