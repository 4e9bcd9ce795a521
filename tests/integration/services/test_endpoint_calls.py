"""A flow is played against a real endpoint: its requests leave, and its answers come back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.contents import everything
from harness.endpoints import run, serving
from harness.faulty_endpoint import FaultyEndpoint
from harness.scripted import unused_url

from waflows import runtime
from waflows.endpoint import Completion, Endpoint, ErrorNotice, FlowTokenDead, NextScreen, Request
from waflows.runtime import Answered, CallEndpoint, Failed, NotifyEndpoint, OpenUrl
from waflows.security import flow_crypto, key_pairs
from waflows.security.vault import Vault, make_key
from waflows.services.accounts import accounts
from waflows.services.endpoint import endpoint_keys, made_up_files
from waflows.services.endpoint.endpoint_calls import Outside, carry_out
from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.storage.database import Database
from waflows.storage.flows import Flow
from waflows.upstream.egress import Egress

_KEY = rsa.generate_private_key(65537, 2048)
_OTHER_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"
_VAULT = Vault(make_key())


def _document(version: str = "7.3", data_api: str = "4.0") -> runtime.Flow:
    def screen(name: str, **more: Any) -> dict[str, Any]:
        send = {"name": "data_exchange", "payload": {"day": "mon"}}
        footer = {"type": "Footer", "label": "Send", "on-click-action": send}
        layout = {"type": "SingleColumnLayout", "children": [footer]}
        return {"id": name, "title": name, "layout": layout, "data": {}, **more}

    return runtime.load(
        {
            "version": version,
            "data_api_version": data_api,
            "routing_model": {"FIRST": ["SECOND"], "SECOND": []},
            "screens": [screen("FIRST"), screen("SECOND", terminal=True, refresh_on_back=True)],
        }
    )


class Business:
    """An endpoint with the kit, and what it was asked."""

    def __init__(self, private_key: rsa.RSAPrivateKey = _KEY) -> None:
        self.requests: list[Request] = []
        self.notices: list[ErrorNotice] = []
        self.app = Endpoint(private_key, app_secret=_SECRET)
        self.app.init(self._answer)
        self.app.data_exchange()(self._answer)
        self.app.back()(self._answer)
        self.app.error(self.notices.append)

    def _answer(self, request: Request) -> NextScreen | Completion:
        self.requests.append(request)
        if request.flow_token == "dead":
            raise FlowTokenDead("Sold out.")
        if request.screen == "SECOND" and request.action == "data_exchange":
            return Completion({"booking": 7})
        if request.screen == "FIRST":
            return NextScreen("SECOND")
        return NextScreen("FIRST")


@pytest.fixture
def business() -> Iterator[tuple[str, Business]]:
    """A business's endpoint and its address."""
    made = Business()
    with serving(made.app) as url:
        yield url, made


@pytest.fixture
def faulty() -> Iterator[tuple[str, FaultyEndpoint]]:
    """An endpoint that makes the mistake its path names."""
    made = FaultyEndpoint(_KEY, _SECRET)
    with serving(made.app) as url:
        yield url, made


def _flow_at(db: Database, uri: str | None, key: rsa.RSAPrivateKey | None = _KEY) -> Flow:
    """A flow whose channel has a key pair, and whose endpoint is at this address."""
    account = db.run_now(accounts.create_account, "Tests")
    channel = db.run_now(accounts.create_channel, account.id, "Channel")
    if key is not None:
        pair = endpoint_keys.read_public(key_pairs.public_pem(key.public_key()))
        db.run_now(endpoint_keys.install, _VAULT, account.id, channel.id, pair, app_secret=_SECRET)
    content = Content(name="Flow", categories=["OTHER"], endpoint_uri=uri)
    return db.run_now(lifecycle.create, account.id, channel.id, content)


def _carried_out(
    db: Database,
    flow: Flow,
    *effects: runtime.Effect,
    document: runtime.Flow | None = None,
    allow_loopback: bool = True,
) -> Any:
    """What comes back from the last of some effects."""

    async def carried_out() -> Any:
        event = None
        async with Egress(allow_loopback=allow_loopback) as egress:
            for effect in effects:
                outside = Outside(db, _VAULT, egress)
                event = await carry_out(outside, flow, document or _document(), effect)
        return event

    return run(carried_out())


def _call(
    action: str = "INIT", screen: str = "", data: dict[str, Any] | None = None, token: str = "t-1"
) -> CallEndpoint:
    return CallEndpoint(runtime.EndpointRequest("4.0", action, screen, data or {}, token))


def test_a_flow_is_played_to_its_end_through_its_endpoint(
    db: Database, business: tuple[str, Business]
) -> None:
    url, asked = business
    flow, document = _flow_at(db, url), _document()

    async def played() -> runtime.Step:
        async with Egress(allow_loopback=True) as egress:
            outside = Outside(db, _VAULT, egress)
            at = runtime.step(
                document,
                runtime.State(),
                runtime.Open(action="data_exchange", flow_token="token-1"),
            )
            for event in ("open", "send", "back", "send", "send"):
                if event == "send":
                    tap = runtime.Tap(at.screen.widgets[0].key)
                    at = runtime.step(document, at.state, tap)
                elif event == "back":
                    at = runtime.step(document, at.state, runtime.Back())
                (effect,) = at.effects
                answered = await carry_out(outside, flow, document, effect)
                assert answered is not None
                at = runtime.step(document, at.state, answered)
            return at

    at = run(played())

    assert at.state.response == {"flow_token": "token-1", "booking": 7}
    assert [(request.action, request.screen) for request in asked.requests] == [
        ("INIT", None),
        ("data_exchange", "FIRST"),
        ("BACK", "SECOND"),
        ("data_exchange", "FIRST"),
        ("data_exchange", "SECOND"),
    ]
    assert {request.version for request in asked.requests} == {"4.0"}
    assert asked.requests[1].data == {"day": "mon"}


@pytest.mark.parametrize(
    ("version", "data_api", "signed"),
    [("7.3", "4.0", True), ("7.2", "4.0", False), ("7.3", "3.0", False)],
)
def test_the_flow_token_is_signed_from_flow_json_7_3_and_data_api_4_0_on(
    db: Database,
    faulty: tuple[str, FaultyEndpoint],
    version: str,
    data_api: str,
    signed: bool,
) -> None:
    url, endpoint = faulty
    _carried_out(db, _flow_at(db, url), _call(), document=_document(version, data_api))

    request = endpoint.requests[-1]
    assert request["version"] == data_api
    signature = request.get("flow_token_signature")
    assert (signature is not None) == signed
    if signature is not None:
        assert flow_crypto.is_flow_token_signed([_SECRET], "t-1", signature)


def test_a_picked_file_reaches_the_endpoint_encrypted_with_its_hashes(
    db: Database, business: tuple[str, Business]
) -> None:
    url, asked = business
    flow = _flow_at(db, url)
    picked = {"media_id": "m", "cdn_url": "", "file_name": "a.pdf", "encryption_metadata": {}}

    async def sent() -> None:
        async with Egress(allow_loopback=True) as egress:
            outside = Outside(db, _VAULT, egress, bytes(32), "http://127.0.0.1:1")
            await carry_out(
                outside, flow, _document(), _call("data_exchange", "FIRST", {"files": [picked]})
            )

    run(sent())
    (file,) = asked.requests[-1].media("files")
    token = file.cdn_url.rpartition("/")[2]
    cdn_file = made_up_files.cdn_file(bytes(32), token)
    assert cdn_file is not None
    assert file.open(cdn_file).startswith(b"%PDF")


def test_a_dead_flow_token_closes_the_flow_with_the_endpoints_words(
    db: Database, business: tuple[str, Business]
) -> None:
    failed = _carried_out(db, _flow_at(db, business[0]), _call(token="dead"))

    assert failed == Failed("flow_token", "Sold out.", final=True)
    document = _document()
    opened = runtime.step(document, runtime.State(), runtime.Open(action="data_exchange"))
    closed = runtime.step(document, opened.state, failed)
    assert closed.state.phase is runtime.Phase.CLOSED
    assert closed.screen.snackbar == "Sold out."


def test_a_key_replaced_meanwhile_is_read_anew_after_a_421(
    db: Database, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    flow = _flow_at(db, url, key=_OTHER_KEY)

    def rotate(_: Any) -> None:
        pair = endpoint_keys.read_public(key_pairs.public_pem(_KEY.public_key()))
        db.run_now(
            endpoint_keys.install, _VAULT, flow.account_id, flow.channel_id, pair, replace=True
        )

    first = _carried_out(db, flow, _call())
    assert (first.error, endpoint.undecryptable) == ("business-decryption-error", 2)

    rotating = RotatingEndpoint(endpoint, rotate)
    with serving(rotating) as rotating_url:
        moved = _flow_at_same_channel(db, flow, rotating_url)
        answered = _carried_out(db, moved, _call())

    assert answered == Answered({"screen": "FIRST", "data": {}})
    assert endpoint.undecryptable == 3


class RotatingEndpoint:
    """Has the channel's key replaced at the moment of the first request."""

    def __init__(self, behind: FaultyEndpoint, rotate: Any) -> None:
        self._behind = behind
        self._rotate = rotate

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._rotate is not None:
            self._rotate, rotate = None, self._rotate
            rotate(scope)
        await self._behind.app(scope, receive, send)


def _flow_at_same_channel(db: Database, flow: Flow, uri: str) -> Flow:
    content = Content(endpoint_uri=uri)
    return db.run_now(lifecycle.update, flow.account_id, flow.channel_id, flow.id, content)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("other-key", "response-decryption-error"),
        ("plain", "response-decryption-error"),
        ("array", "payload-schema-error"),
        ("status/500", "unexpected_http_status_code"),
        ("status/432", "unexpected_http_status_code"),
    ],
)
def test_an_answer_of_no_use_fails_with_the_documented_key(
    db: Database, faulty: tuple[str, FaultyEndpoint], path: str, error: str
) -> None:
    url, endpoint = faulty
    failed = _carried_out(db, _flow_at(db, f"{url}/{path}"), _call("data_exchange", "FIRST"))

    assert isinstance(failed, Failed)
    assert (failed.error, failed.final) == (error, False)
    # The phone itself found the first three, and tells the endpoint so.
    notices = [each["data"] for each in endpoint.requests if "error" in each["data"]]
    found_here = error in {"response-decryption-error", "payload-schema-error"}
    assert [notice["error"] for notice in notices] == ([error] if found_here else [])


def test_a_notification_reaches_the_endpoint_and_brings_nothing_back(
    db: Database, business: tuple[str, Business]
) -> None:
    url, asked = business
    told = {"error": "invalid-screen-transition", "error_message": "Can't."}
    effect = NotifyEndpoint(runtime.EndpointRequest("4.0", "INIT", "", told, "t-1"))

    assert _carried_out(db, _flow_at(db, url), effect) is None
    assert [(each.key, each.message, each.action) for each in asked.notices] == [
        ("invalid-screen-transition", "Can't.", "INIT")
    ]


def test_an_effect_that_concerns_no_endpoint_is_left_to_the_host(db: Database) -> None:
    assert _carried_out(db, _flow_at(db, None), OpenUrl("https://example.org")) is None


def test_a_flow_without_an_address_and_a_channel_without_a_key_fail_by_name(db: Database) -> None:
    homeless = _carried_out(db, _flow_at(db, None), _call())
    keyless = _carried_out(db, _flow_at(db, unused_url(), key=None), _call())

    assert homeless == Failed("cannot_be_served", "The flow has no endPointUri.")
    assert keyless == Failed("public-key-missing", "The channel has no public key.")
    told = {"error": "payload-schema-error", "error_message": "No."}
    effect = NotifyEndpoint(runtime.EndpointRequest("4.0", "INIT", "", told, "t-1"))
    assert _carried_out(db, _flow_at(db, None), effect) is None


def test_a_production_server_calls_no_endpoint_of_its_own_network(
    db: Database, business: tuple[str, Business]
) -> None:
    url, asked = business
    failed = _carried_out(db, _flow_at(db, url), _call(), allow_loopback=False)

    assert failed.error == "cannot_be_served"
    assert "loopback" in failed.message
    assert asked.requests == []


def test_no_secret_stands_in_the_database_in_the_clear(db: Database) -> None:
    account = db.run_now(accounts.create_account, "Tests")
    channel = db.run_now(accounts.create_channel, account.id, "Channel")
    pair = endpoint_keys.read_private(key_pairs.private_pem(_KEY), None)
    secret = "a-secret-to-look-for"
    db.run_now(endpoint_keys.install, _VAULT, account.id, channel.id, pair, app_secret=secret)

    contents = json.dumps(everything(db))
    der = key_pairs.private_der(_KEY)
    assert secret not in contents
    assert not any(
        text[at : at + 24] in contents
        for text in (_base64(der), _base64(der[1:]), _base64(der[2:]))
        # The head of the structure and the modulus are no secret: they are in the public key too.
        for at in range(800, len(text) - 24, 24)
    )
    kept = db.read_now(endpoint_keys.private_key, _VAULT, account.id, channel.id)
    assert kept.private_numbers() == _KEY.private_numbers()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
