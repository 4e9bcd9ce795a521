"""Extensions: a channel's endpoint key and app secret, and the examination of an endpoint.

Private keys and passphrases are never returned; an app secret is returned once, when it is set.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waflows import times
from waflows.api import paths
from waflows.http.route import Call, NoQuery, Reply, Route
from waflows.http.routing import RouteGroup
from waflows.security.key_pairs import KEY_BITS
from waflows.services.endpoint import endpoint_keys
from waflows.services.endpoint.examinations import DoctorAnswer, show_report
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
    """The key pair to install: either half, or neither to generate a pair."""

    public_key: (
        Annotated[
            str,
            Meta(description="PEM of the public half; the private one stays with the endpoint."),
        ]
        | None
    ) = None
    private_key: (
        Annotated[
            str, Meta(description="PEM of the private half, PKCS#1 or PKCS#8; stored encrypted.")
        ]
        | None
    ) = None
    passphrase: (
        Annotated[str, Meta(description="The passphrase of an encrypted private key.")] | None
    ) = None
    app_secret: _AppSecret | None = None
    replace: Annotated[bool, Meta(description="Replace an existing key.")] = False

    def __repr__(self) -> str:
        """Hides the key."""
        return "KeyBody(…)"


class AppSecretBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The app secret to set; without one a new secret is generated."""

    app_secret: _AppSecret | None = None

    def __repr__(self) -> str:
        """Hides the secret."""
        return "AppSecretBody(…)"


class KeyAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key pair without its private half."""

    fingerprint: str
    bits: int
    form: str
    holds_private_key: bool
    created_at: str
    replaced_at: str | None
    public_key: str


class Keys(msgspec.Struct, frozen=True, rename="camel"):
    """The current key pair, null for none, and earlier ones, newest first."""

    key: KeyAnswer | None
    earlier: list[KeyAnswer]
    app_secret_set_at: str | None


class InstalledKey(msgspec.Struct, frozen=True, rename="camel"):
    """The current key pair; `appSecret` is present only now, if it was generated with the pair."""

    key: KeyAnswer
    app_secret: str | UnsetType = UNSET


class AppSecret(msgspec.Struct, frozen=True, rename="camel"):
    """The app secret, shown only once."""

    app_secret: str


class DoctorBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to send; a valid flow token shows more if the endpoint checks it."""

    flow_token: Annotated[str, Meta(description="The flow token to send.")] | None = None
    opened_by: (
        Annotated[
            OpenedBy,
            Meta(
                description="The flow_action of the flow's messages: with navigate, INIT is not"
                " sent; with data_exchange, the endpoint must answer it."
            ),
        ]
        | None
    ) = None
    screen: (
        Annotated[
            str,
            Meta(
                description="Also send this screen as a data_exchange, on which the endpoint acts."
            ),
        ]
        | None
    ) = None
    data: Annotated[dict[str, Any], Meta(description="The data that `screen` sends.")] | None = None


async def show_endpoint_key(call: Call[NoQuery, None]) -> Reply:
    """Returns a channel's endpoint key.

    It shows the public half of the current pair and of earlier ones, and when the app secret was
    set. Private keys and app secrets are never shown again.
    """
    found = await call.state.db.read(endpoint_keys.overview, call.account_id, call.channel_id)
    return Reply(
        Keys(
            None if found.in_use is None else _answer(found.in_use),
            [_answer(key) for key in found.earlier],
            None if found.app_secret_set_at is None else times.iso(found.app_secret_set_at),
        )
    )


async def install_endpoint_key(call: Call[NoQuery, KeyBody]) -> Reply:
    """Installs a channel's endpoint key.

    Give the public half of a pair, or a private key in any PEM form, or neither to have a pair
    generated. Endpoints that hold the private half of the previous key answer 421 from then on, so
    an existing key is only replaced with `replace`. A channel without an app secret gets one, shown
    only once.
    """
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


async def remove_endpoint_key(call: Call[NoQuery, None]) -> Reply:
    """Removes a channel's endpoint key, so that its flows cannot reach an endpoint."""
    await call.state.db.run(endpoint_keys.remove, call.account_id, call.channel_id)
    return Reply()


async def set_app_secret(call: Call[NoQuery, AppSecretBody]) -> Reply:
    """Sets the app secret that signs requests to endpoints, in place of the previous one.

    Without one in the body a new secret is generated. It is shown only once.
    """
    secret = await call.state.db.run(
        endpoint_keys.set_app_secret,
        call.state.vault,
        call.account_id,
        call.channel_id,
        call.body.app_secret,
    )
    return Reply(AppSecret(secret))


async def examine_endpoint(call: Call[NoQuery, DoctorBody]) -> Reply:
    """Examines a flow's data endpoint.

    It sends a health check and asks for the first screen, as a phone would, and names the step that
    fails and how to fix it.
    """
    body = call.body
    asked = endpoint_health.Asked(body.flow_token, body.opened_by, body.screen, body.data or {})
    endpoint_health.require_may_ask(call.principal, asked)
    diagnosis = await endpoint_health.diagnose(
        call.state.outside, call.account_id, call.channel_id, call.flow_id, asked
    )
    return Reply(show_report(diagnosis.report, diagnosis.fingerprint))


def _answer(key: EndpointKey) -> KeyAnswer:
    return KeyAnswer(
        fingerprint=key.fingerprint,
        bits=KEY_BITS,
        form=key.form,
        holds_private_key=key.holds_private_key,
        created_at=times.iso(key.created_at),
        replaced_at=None if key.replaced_at is None else times.iso(key.replaced_at),
        public_key=key.public_key,
    )


_key = RouteGroup(f"{paths.CHANNEL}/endpointKey", tag="Endpoints")
_flow = RouteGroup(paths.FLOW, tag="Endpoints")
ROUTES: list[Route] = [
    _key.get("", show_endpoint_key, "Show a channel's endpoint key", answers=Keys),
    _key.post(
        "",
        install_endpoint_key,
        "Give a channel its endpoint key",
        whole_channel=True,
        uncovered=True,
        body=KeyBody,
        answers=InstalledKey,
    ),
    _key.delete(
        "",
        remove_endpoint_key,
        "Take a channel's endpoint key away",
        whole_channel=True,
        uncovered=True,
    ),
    _key.post(
        "/appSecret",
        set_app_secret,
        "Set a channel's app secret",
        whole_channel=True,
        uncovered=True,
        body=AppSecretBody,
        answers=AppSecret,
    ),
    _flow.post(
        "/examination",
        examine_endpoint,
        "Examine a flow's endpoint",
        body=DoctorBody,
        answers=DoctorAnswer,
    ),
]
