"""Makes the calls that a flow being played sends to its data endpoint, as WhatsApp would.

    event = await carry_out(outside, flow, document, effect)

Previews, the simulated phone and tests inside the server use it. Every call goes through the egress
guard, encrypted with the channel's key and signed with its app secret, both read for each request.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from waflows import runtime
from waflows.flowjson.spec import versions
from waflows.runtime import CallEndpoint, NotifyEndpoint
from waflows.security.vault import Vault
from waflows.services.endpoint import endpoint_keys, made_up_files
from waflows.storage.database import Database
from waflows.storage.flows import Flow
from waflows.telemetry import metrics
from waflows.upstream import answers
from waflows.upstream.egress import Egress
from waflows.upstream.endpoint import DataEndpoint, Exchange

_SIGNED_SINCE_FLOW_JSON, _SIGNED_SINCE_DATA_API = "7.3", "4.0"
_NO_URI = "The flow has no endPointUri."
# Errors that a phone itself finds in a response, and reports to the endpoint.
_FOUND_BY_THE_PHONE = {"response-decryption-error", "payload-schema-error"}


class Outside(msgspec.Struct, frozen=True):
    """What a call to an endpoint needs of the server.

    `secret` and `base_url`, the address where endpoints reach this server, are for links to picked
    files; with an empty address files have none.
    """

    db: Database
    vault: Vault
    egress: Egress
    secret: bytes = b""
    base_url: str = ""

    def __repr__(self) -> str:
        """Nothing of the secret."""
        return "Outside(…)"


async def carry_out(
    outside: Outside,
    flow: Flow,
    document: runtime.Flow,
    effect: runtime.Effect,
    look_on: Callable[[Exchange], None] | None = None,
) -> runtime.Answered | runtime.Failed | None:
    """Sends the request of an effect and returns the event to continue with.

    `look_on` is called with the call in plain text and the status of its response. `document` is
    the Flow JSON that is played, which may be an earlier one than the flow has now.

    Returns None for a notification, which has no response, and for effects without a call. Nothing
    an endpoint does raises.
    """
    if not isinstance(effect, CallEndpoint | NotifyEndpoint):
        return None
    endpoint = await endpoint_of(outside, flow, document)
    if isinstance(effect, NotifyEndpoint):
        await _notify(endpoint, effect.request)
        return None
    if flow.endpoint_uri is None:
        return runtime.Failed("cannot_be_served", _NO_URI)
    request = effect.request
    if outside.base_url:
        data = made_up_files.fill_in(request.data, outside.secret, outside.base_url)
        request = msgspec.structs.replace(request, data=data)
    return await _call(endpoint, request, look_on)


async def endpoint_at(outside: Outside, account_id: str, channel_id: str, uri: str) -> DataEndpoint:
    """The endpoint at an address, called for a channel."""
    return await _at(outside, account_id, channel_id, uri, version="3.0", sign_tokens=False)


async def endpoint_of(outside: Outside, flow: Flow, document: runtime.Flow) -> DataEndpoint:
    """The endpoint of a flow, called as its document requires."""
    version = document.data_api_version
    sign_tokens = document.since(_SIGNED_SINCE_FLOW_JSON) and versions.at_least(
        version, _SIGNED_SINCE_DATA_API
    )
    return await _at(
        outside,
        flow.account_id,
        flow.channel_id,
        flow.endpoint_uri or "",
        version=version,
        sign_tokens=sign_tokens,
    )


async def _at(
    outside: Outside,
    account_id: str,
    channel_id: str,
    uri: str,
    *,
    version: str,
    sign_tokens: bool,
) -> DataEndpoint:
    async def read() -> endpoint_keys.Credentials:
        return await outside.db.read(
            endpoint_keys.credentials, outside.vault, account_id, channel_id
        )

    async def read_key() -> RSAPublicKey | None:
        return (await read()).public_key

    secret = (await read()).app_secret
    return DataEndpoint(
        outside.egress, uri, read_key, secret, version=version, sign_tokens=sign_tokens
    )


async def _call(
    endpoint: DataEndpoint,
    request: runtime.EndpointRequest,
    look_on: Callable[[Exchange], None] | None,
) -> runtime.Answered | runtime.Failed:
    exchange = await _exchange(endpoint, request)
    if look_on is not None:
        look_on(exchange)
    outcome = exchange.outcome
    failed = outcome.error_key if isinstance(outcome, answers.Failed) else "ok"
    metrics.count_endpoint_call(request.action, failed)
    if isinstance(outcome, answers.TokenDead):
        return runtime.Failed("flow_token", outcome.message or "", final=True)
    if not isinstance(outcome, answers.Failed):
        return runtime.Answered(exchange.response)
    if outcome.error_key in _FOUND_BY_THE_PHONE:
        failure = {"error": outcome.error_key, "error_message": outcome.message}
        await _notify(endpoint, msgspec.structs.replace(request, data=failure))
    return runtime.Failed(outcome.error_key, outcome.message)


async def _exchange(endpoint: DataEndpoint, request: runtime.EndpointRequest) -> Exchange:
    if request.action == "INIT":
        return await endpoint.init(request.flow_token, request.data)
    if request.action == "BACK":
        return await endpoint.back(request.flow_token, request.screen)
    return await endpoint.data_exchange(request.flow_token, request.screen, request.data)


async def _notify(endpoint: DataEndpoint, request: runtime.EndpointRequest) -> None:
    await endpoint.notify(
        request.flow_token,
        request.data["error"],
        request.data["error_message"],
        action="INIT" if request.action == "INIT" else "data_exchange",
        screen=request.screen or None,
    )
