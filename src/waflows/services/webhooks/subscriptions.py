"""Where an account's events are sent, and the writing of an event into the outbox.

`announce` runs inside the transaction of the change it reports: either both are stored or neither.
What happens to an event afterwards is in `services/webhooks/deliveries.py`.
"""

from __future__ import annotations

import base64
import re
import secrets
import uuid
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from waflows.errors import InvalidParameter, NotFound
from waflows.security.vault import Vault
from waflows.services import clock
from waflows.services.accounts import quotas
from waflows.storage import outbox
from waflows.storage import webhooks as store
from waflows.storage.database import Transaction
from waflows.storage.outbox import Delivery, DeliveryState
from waflows.storage.usage import Usage
from waflows.storage.webhooks import EVERY_SUB_ACCOUNT, Kind, OAuth, SigningSecret, Webhook

HIDDEN = "***"
"""Shown instead of a secret; sent back, it keeps the existing secret."""

MOST_WEBHOOKS = 1000
"""In one request."""

MOST_SECRETS = 10
"""The most secrets that sign a webhook's deliveries; each adds a signature to a header."""

_WHEN_NO_TYPE: tuple[Kind, ...] = ("CADR", "MSG")
_SUB_ACCOUNT_ID = re.compile(r"\*|[A-Za-z0-9._&-]{3,50}")
_AUTHORIZATION = re.compile(r"[\x20-\x7e]{1,4096}")
_SECRET_BYTES = 32
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of secrets, not one


class Event(msgspec.Struct, frozen=True):
    """Something that happened and is reported to webhooks.

    Events with the same `order_key` stay in order: a channel and a user, or a flow. `body` is the
    JSON that is sent.
    """

    account_id: str
    sub_account_id: str
    kind: Kind
    order_key: str
    body: dict[str, Any]


class WantedOAuth(msgspec.Struct, frozen=True):
    """Client credentials as a client configures them; the secret may be HIDDEN."""

    url: str
    client_id: str
    client_secret: str
    credentials_location: Literal["header", "body"]
    scope: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as a client configures it; no type means receipts and inbound messages."""

    sub_account_id: str
    url: str
    type: Kind | None = None
    enabled: bool = True
    http_authorization: str = ""
    oauth: WantedOAuth | None = None


class NewSecret(msgspec.Struct, frozen=True):
    """A new signing secret with its text, which is shown once."""

    id: str
    text: str
    previous_expires_at: int | None


class Credentials(msgspec.Struct, frozen=True):
    """The decrypted secrets for a call to a webhook."""

    authorization: str
    oauth_secret: str
    secrets: list[bytes]


def announce(tx: Transaction, event: Event) -> None:
    """Writes an event into the outbox, once for each enabled webhook it concerns."""
    concerned = store.concerned(tx, event.account_id, event.sub_account_id, event.kind)
    now = clock.now_ms()
    event_id = time_ordered_id(now)
    for webhook in concerned:
        outbox.enqueue(tx, new_delivery(webhook, event_id, event.order_key, event.body, now))


def new_delivery(
    webhook: Webhook, event_id: str, order_key: str, body: dict[str, Any], now: int
) -> Delivery:
    """An event for one webhook, due at once."""
    return Delivery(
        account_id=webhook.account_id,
        id=time_ordered_id(now),
        event_id=event_id,
        webhook_id=webhook.id,
        sub_account_id=webhook.sub_account_id,
        type=webhook.type,
        order_key=order_key,
        position=now * 1000,
        body=msgspec.json.encode(body).decode(),
        state=DeliveryState.PENDING,
        attempts=[],
        attempt_count=0,
        tries=0,
        due_at=now,
        waiting_since=now,
        created_at=now,
        settled_at=None,
    )


def list_webhooks(tx: Transaction, account_id: str) -> list[Webhook]:
    """The webhooks of an account, by sub-account and type."""
    return store.of_account(tx, account_id)


def get_webhook(tx: Transaction, account_id: str, sub_account_id: str, kind: str) -> Webhook:
    """One webhook; raises NotFound."""
    found = store.find(tx, account_id, sub_account_id, kind)
    if found is None:
        raise NotFound(f"The account has no webhook of type {kind} for {_named(sub_account_id)}.")
    return found


def configure(tx: Transaction, vault: Vault, account_id: str, wanted: list[Wanted]) -> None:
    """Adds webhooks or replaces those of the same sub-account and type; all of them or none.

    Secrets sent as HIDDEN are kept; so are signing secrets. Raises InvalidParameter, QuotaReached.
    """
    check_count(len(wanted))
    for item in wanted:
        _check(item)
        for kind in _WHEN_NO_TYPE if item.type is None else (item.type,):
            _configure_one(tx, vault, account_id, item, kind)


def check_count(count: int) -> None:
    """Raises InvalidParameter for more webhooks than one request may name."""
    if count > MOST_WEBHOOKS:
        raise InvalidParameter(f"One request may name at most {MOST_WEBHOOKS:,} webhooks.")


def remove(tx: Transaction, account_id: str, scopes: list[tuple[str, Kind | None]]) -> None:
    """Removes webhooks; without a type, those for receipts and inbound messages.

    Deliveries that are still waiting become dead, and can be replayed once there is another webhook
    of the same sub-account and type. Raises NotFound, or InvalidParameter for too many, and then
    removes nothing.
    """
    check_count(len(scopes))
    for sub_account_id, kind in scopes:
        kinds = _WHEN_NO_TYPE if kind is None else (kind,)
        found = [store.find(tx, account_id, sub_account_id, each) for each in kinds]
        if not any(found):
            named = " or ".join(kinds)
            raise NotFound(
                f"The account has no webhook of type {named} for {_named(sub_account_id)}."
            )
        for webhook in filter(None, found):
            store.delete(tx, account_id, webhook.id)
            # Locked before the lanes, the order in which all code locks both.
            quotas.give_back(tx, account_id, Usage(webhooks=1))
            # A process that takes a lane of a removed webhook ends its deliveries.
            outbox.wake(tx, account_id, webhook.id, clock.now_ms())


def rotate_secret(
    tx: Transaction,
    vault: Vault,
    account_id: str,
    sub_account_id: str,
    kind: str,
    overlap_hours: int,
) -> NewSecret:
    """A new signing secret for a webhook; its text is shown once.

    Existing secrets keep signing beside it: the previous one for `overlap_hours`, older ones until
    their set end. So repeating a rotation whose answer was lost invalidates no secret that a
    receiver uses. With no overlap all others end at once. Raises NotFound, and InvalidParameter
    when too many would sign.
    """
    webhook = get_webhook(tx, account_id, sub_account_id, kind)
    now = clock.now_ms()
    ends_at = now + overlap_hours * 3600 * 1000
    live = live_secrets(webhook) if overlap_hours else []
    if len(live) >= MOST_SECRETS:
        raise InvalidParameter(
            f"{MOST_SECRETS} secrets sign this webhook's deliveries already. Wait until the oldest"
            " ends, or send overlapHours 0, which ends all of them at once."
        )
    raw = secrets.token_bytes(_SECRET_BYTES)
    secret_id = time_ordered_id(now)
    sealed = vault.seal(_purpose(webhook, f"signing secret {secret_id}"), raw)
    before = [
        one if one.expires_at is not None else msgspec.structs.replace(one, expires_at=ends_at)
        for one in live
    ]
    added = SigningSecret(secret_id, sealed, now, None)
    _save(tx, webhook, secrets=[added, *before])
    text = _SECRET_PREFIX + base64.b64encode(raw).decode()
    return NewSecret(secret_id, text, before[0].expires_at if before else None)


def drop_secrets(tx: Transaction, account_id: str, sub_account_id: str, kind: str) -> None:
    """Ends every signing secret of a webhook, so that its deliveries are no longer signed."""
    _save(tx, get_webhook(tx, account_id, sub_account_id, kind), secrets=[])


def credentials(vault: Vault, webhook: Webhook) -> Credentials:
    """The decrypted secrets of a webhook. Raises SealBroken."""
    authorization, oauth_secret = "", ""
    if webhook.http_authorization is not None:
        sealed = webhook.http_authorization
        authorization = vault.unseal(_purpose(webhook, "authorization"), sealed).decode()
    if webhook.oauth is not None:
        sealed = webhook.oauth.client_secret
        oauth_secret = vault.unseal(_purpose(webhook, "client secret"), sealed).decode()
    live = [
        vault.unseal(_purpose(webhook, f"signing secret {one.id}"), one.sealed)
        for one in live_secrets(webhook)
    ]
    return Credentials(authorization, oauth_secret, live)


def sealed(tx: Transaction, account_id: str) -> list[tuple[str, str]]:
    """Every sealed secret of an account's webhooks, with the purpose it was sealed for."""
    found = []
    for webhook in store.of_account(tx, account_id):
        if webhook.http_authorization is not None:
            found.append((_purpose(webhook, "authorization"), webhook.http_authorization))
        if webhook.oauth is not None:
            found.append((_purpose(webhook, "client secret"), webhook.oauth.client_secret))
        found += [
            (_purpose(webhook, f"signing secret {one.id}"), one.sealed) for one in webhook.secrets
        ]
    return found


def live_secrets(webhook: Webhook) -> list[SigningSecret]:
    """The secrets that sign at present, newest first."""
    now = clock.now_ms()
    return [one for one in webhook.secrets if one.expires_at is None or one.expires_at > now]


def time_ordered_id(at_ms: int) -> str:
    """A random UUID that sorts by its time (version 7, RFC 9562)."""
    value = at_ms << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(uuid.UUID(int=value))


def _configure_one(
    tx: Transaction, vault: Vault, account_id: str, wanted: Wanted, kind: Kind
) -> None:
    now = clock.now_ms()
    old = store.find(tx, account_id, wanted.sub_account_id, kind)
    webhook = Webhook(
        account_id=account_id,
        id=old.id if old else str(uuid.uuid4()),
        sub_account_id=wanted.sub_account_id,
        type=kind,
        url=wanted.url,
        enabled=wanted.enabled,
        http_authorization=None,
        oauth=None,
        secrets=old.secrets if old else [],
        revision=old.revision + 1 if old else 1,
        created_at=old.created_at if old else now,
        updated_at=now,
    )
    store.save(
        tx,
        msgspec.structs.replace(
            webhook,
            http_authorization=_authorization(vault, webhook, old, wanted),
            oauth=_oauth(vault, webhook, old, wanted),
        ),
    )
    if old is None:
        quotas.take(tx, account_id, Usage(webhooks=1))
    elif wanted.enabled and not old.enabled:
        outbox.wake(tx, account_id, old.id, now)


def _authorization(
    vault: Vault, webhook: Webhook, old: Webhook | None, wanted: Wanted
) -> str | None:
    if wanted.http_authorization == HIDDEN:
        if old is None or old.http_authorization is None:
            raise InvalidParameter(_nothing_to_keep("httpAuthorization", webhook))
        _check_same_server("httpAuthorization", old.url, wanted.url)
        return old.http_authorization
    if not wanted.http_authorization:
        return None
    return vault.seal(_purpose(webhook, "authorization"), wanted.http_authorization.encode())


def _oauth(vault: Vault, webhook: Webhook, old: Webhook | None, wanted: Wanted) -> OAuth | None:
    if wanted.oauth is None:
        return None
    if wanted.oauth.client_secret == HIDDEN:
        if old is None or old.oauth is None:
            raise InvalidParameter(_nothing_to_keep("oauth.clientSecret", webhook))
        _check_same_server("oauth.clientSecret", old.oauth.url, wanted.oauth.url)
        sealed = old.oauth.client_secret
    else:
        secret = wanted.oauth.client_secret.encode()
        sealed = vault.seal(_purpose(webhook, "client secret"), secret)
    return OAuth(
        wanted.oauth.url,
        wanted.oauth.client_id,
        sealed,
        wanted.oauth.credentials_location,
        wanted.oauth.scope,
    )


def _check(wanted: Wanted) -> None:
    """Raises InvalidParameter for an invalid webhook."""
    if not _SUB_ACCOUNT_ID.fullmatch(wanted.sub_account_id):
        raise InvalidParameter(
            f"subAccountId must be {EVERY_SUB_ACCOUNT!r} for all, or the id of a sub-account: 3 to"
            " 50 letters, digits, hyphens, dots, underscores and ampersands."
        )
    authorization = wanted.http_authorization
    if authorization and not _AUTHORIZATION.fullmatch(authorization):
        raise InvalidParameter(
            "httpAuthorization must be what an Authorization header can hold: up to 4,096 printable"
            " ASCII characters."
        )
    if authorization and wanted.oauth is not None:
        raise InvalidParameter(
            "Give httpAuthorization or oauth, not both: a request has one Authorization header."
        )
    if wanted.oauth is not None and not (wanted.oauth.client_id and wanted.oauth.client_secret):
        raise InvalidParameter("oauth.clientId and oauth.clientSecret must not be empty.")


def _check_same_server(field: str, old_url: str, new_url: str) -> None:
    """Refuses to keep a hidden secret for another server, to which it could then be sent."""
    old, new = urlsplit(old_url), urlsplit(new_url)
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        raise InvalidParameter(
            f"{field} must be given again when the address changes to another server."
        )


def _save(tx: Transaction, webhook: Webhook, *, secrets: list[SigningSecret]) -> None:
    changed = msgspec.structs.replace(
        webhook, secrets=secrets, revision=webhook.revision + 1, updated_at=clock.now_ms()
    )
    store.save(tx, changed)


def _purpose(webhook: Webhook, what: str) -> str:
    return f"{what} of webhook {webhook.account_id}/{webhook.id}"


def _nothing_to_keep(field: str, webhook: Webhook) -> str:
    return (
        f"{field} is {HIDDEN!r}, which keeps the existing secret, but there is none yet for"
        f" type {webhook.type} and {_named(webhook.sub_account_id)}."
    )


def _named(sub_account_id: str) -> str:
    if sub_account_id == EVERY_SUB_ACCOUNT:
        return "all sub-accounts"
    return f"sub-account {sub_account_id[:50]!r}"
