"""Extensions: a channel's endpoint key and app secret, and the examination of an endpoint.

Private keys and passphrases come in and never go out; an app secret goes out once, when it is made.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows.http.route import Call, NoQuery, Reply
from waflows.security.key_pairs import KEY_BITS
from waflows.services import clock
from waflows.services.endpoint import endpoint_keys
from waflows.services.endpoint.examinations import show_report
from waflows.services.flows import endpoint_health
from waflows.storage.endpoint_keys import EndpointKey
from waflows.upstream.doctor import OpenedBy

_AppSecret = Annotated[
    str,
    Meta(
        description="Signs requests as X-Hub-Signature-256; 8 to 256 printable ASCII characters.",
        extra_json_schema={"minLength": 8, "maxLength": 256, "pattern": "^[!-~]{8,256}$"},
    ),
]


class KeyBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The key pair to install: the text of either half, or neither for a fresh pair."""

    public_key: (
        Annotated[
            str,
            Meta(description="PEM of the public half; the private one stays with the endpoint."),
        ]
        | None
    ) = None
    private_key: (
        Annotated[str, Meta(description="PEM of the private half, PKCS#1 or PKCS#8; kept sealed.")]
        | None
    ) = None
    passphrase: Annotated[str, Meta(description="Of an encrypted private key.")] | None = None
    app_secret: _AppSecret | None = None
    replace: Annotated[
        bool, Meta(description="Put it in the place of a key that is there already.")
    ] = False

    def __repr__(self) -> str:
        """Nothing of the key."""
        return "KeyBody(…)"


class AppSecretBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The app secret to set; without one a fresh one is made."""

    app_secret: _AppSecret | None = None

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return "AppSecretBody(…)"


class KeyAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A key pair: all of it but the private half."""

    fingerprint: str
    bits: int
    form: str
    holds_private_key: bool
    created_at: str
    replaced_at: str | None
    public_key: str


class Keys(msgspec.Struct, frozen=True, rename="camel"):
    """The key pair in use, null for none, and those before it, newest first."""

    key: KeyAnswer | None
    earlier: list[KeyAnswer]
    app_secret_set_at: str | None


class InstalledKey(msgspec.Struct, frozen=True, rename="camel"):
    """The key pair now in use; `appSecret` is there this once if it was made with it."""

    key: KeyAnswer
    app_secret: str | UnsetType = UNSET


class AppSecret(msgspec.Struct, frozen=True, rename="camel"):
    """The app secret, shown this once."""

    app_secret: str


class DoctorBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How to ask; a living flow token shows more, where the endpoint checks it."""

    flow_token: Annotated[str, Meta(description="The flow token of the trial.")] | None = None
    opened_by: (
        Annotated[
            OpenedBy,
            Meta(
                description="The flow_action of the flow's messages: with navigate INIT is not"
                " asked, with data_exchange it must be answered."
            ),
        ]
        | None
    ) = None
    screen: (
        Annotated[
            str,
            Meta(description="Send this screen too, as a data_exchange; the endpoint acts on it."),
        ]
        | None
    ) = None
    data: Annotated[dict[str, Any], Meta(description="What `screen` sends.")] | None = None


async def show(call: Call[NoQuery, None]) -> Reply:
    """A channel's keys."""
    found = await call.state.db.read(endpoint_keys.overview, call.account_id, call.channel_id)
    return Reply(
        Keys(
            None if found.in_use is None else _answer(found.in_use),
            [_answer(key) for key in found.earlier],
            None if found.app_secret_set_at is None else clock.iso(found.app_secret_set_at),
        )
    )


async def install(call: Call[NoQuery, KeyBody]) -> Reply:
    """A key pair put in place."""
    body = call.body
    # Takes a tenth of a second or more.
    pair = await asyncio.to_thread(
        endpoint_keys.read_or_make_pair, body.public_key, body.private_key, body.passphrase
    )
    installed = await call.state.db.run(
        endpoint_keys.install,
        call.state.vault,
        call.account_id,
        call.channel_id,
        pair,
        replace=body.replace,
        app_secret=body.app_secret,
    )
    return Reply(InstalledKey(_answer(installed.key), installed.app_secret or UNSET))


async def remove(call: Call[NoQuery, None]) -> Reply:
    """A channel without a key."""
    await call.state.db.run(endpoint_keys.remove, call.account_id, call.channel_id)
    return Reply()


async def set_app_secret(call: Call[NoQuery, AppSecretBody]) -> Reply:
    """A new app secret."""
    secret = await call.state.db.run(
        endpoint_keys.set_app_secret,
        call.state.vault,
        call.account_id,
        call.channel_id,
        call.body.app_secret,
    )
    return Reply(AppSecret(secret))


async def examine(call: Call[NoQuery, DoctorBody]) -> Reply:
    """An endpoint examined."""
    body = call.body
    asked = endpoint_health.Asked(body.flow_token, body.opened_by, body.screen, body.data or {})
    endpoint_health.require_may_ask(call.principal, asked)
    diagnosis = await endpoint_health.diagnose(
        call.state.outside, call.account_id, call.channel_id, call.flow_id, asked
    )
    return Reply(show_report(diagnosis.report, diagnosis.fingerprint))


def _answer(key: EndpointKey) -> KeyAnswer:
    return KeyAnswer(
        key.fingerprint,
        KEY_BITS,
        key.form,
        key.holds_private_key,
        clock.iso(key.created_at),
        None if key.replaced_at is None else clock.iso(key.replaced_at),
        key.public_key,
    )
