"""An endpoint made with the kit, served by uvicorn, asked by a phone of other make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.endpoints import serving
from harness.phone import Phone, Reply, Sealed
from starlette.applications import Starlette
from starlette.routing import Mount

from waflows.endpoint import (
    Completion,
    Endpoint,
    ErrorNotice,
    FlowTokenDead,
    NextScreen,
    Request,
    UnusableKey,
)
from waflows.security import flow_crypto, key_pairs

_KEY = rsa.generate_private_key(65537, 2048)
_SECRET = "app-secret"
_SEEN: list[Request] = []
_NOTICES: list[ErrorNotice] = []


class Booking(msgspec.Struct):
    """What the screen TYPED sends."""

    seats: int
    lunch: bool


endpoint = Endpoint(key_pairs.private_pem(_KEY), app_secret=["new-secret", _SECRET])


@endpoint.flow_token
async def check(request: Request) -> None:
    if request.flow_token == "dead":
        raise FlowTokenDead("Déjà réservé.")


@endpoint.init
def start(request: Request) -> NextScreen:
    _SEEN.append(request)
    return NextScreen("FIRST", {"hello": "wörld"})


@endpoint.data_exchange("FIRST", "SECOND")
async def first(request: Request) -> NextScreen:
    _SEEN.append(request)
    return NextScreen("SECOND", request.data, "Mind the step.")


@endpoint.data_exchange("TYPED")
def typed(request: Request) -> NextScreen:
    return NextScreen("TYPED", request.data_as(Booking))


@endpoint.data_exchange("FILES")
def files(request: Request) -> Completion:
    found = request.media("files")
    content = found[0].open(base64.b64decode(request.data["cdn_file"]))
    return Completion({"name": found[0].file_name, "content": content.decode()})


@endpoint.data_exchange("LARGE")
def large(request: Request) -> NextScreen:
    return NextScreen("LARGE", {"size": len(request.data["text"])})


@endpoint.data_exchange("DONE")
def done(request: Request) -> Completion:
    return Completion({"booking": 7})


@endpoint.data_exchange("TAKEN")
def taken(request: Request) -> NextScreen:
    raise FlowTokenDead("Sold out.")


@endpoint.data_exchange("FAILS")
def fails(request: Request) -> NextScreen:
    raise RuntimeError("no database")


@endpoint.data_exchange("FORGETS")
def forgets(request: Request) -> NextScreen:
    return None  # type: ignore[return-value]


@endpoint.data_exchange("UNENCODABLE")
def unencodable(request: Request) -> NextScreen:
    return NextScreen("FIRST", {"what": object()})


@endpoint.data_exchange("TOO_MUCH")
def too_much(request: Request) -> NextScreen:
    return NextScreen("FIRST", {"much": "x" * flow_crypto.MAX_PAYLOAD_BYTES})


@endpoint.back()
def back(request: Request) -> NextScreen:
    _SEEN.append(request)
    return NextScreen("FIRST")


@endpoint.error
def error(notice: ErrorNotice) -> None:
    _NOTICES.append(notice)


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    """A phone that asks the endpoint above."""
    with serving(endpoint) as url:
        yield Phone(url, _KEY.public_key(), _SECRET)


def _exchange(phone: Phone, screen: str, data: Any = None, **more: Any) -> Reply:
    return phone.ask(
        {
            "version": "3.0",
            "action": "data_exchange",
            "screen": screen,
            "data": {} if data is None else data,
            "flow_token": "token-1",
            **more,
        }
    )


def test_a_health_check_is_answered_without_a_handler(phone: Phone) -> None:
    reply = phone.ask({"version": "3.0", "action": "ping"})

    assert reply.json == {"data": {"status": "active"}}
    assert reply.response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("more", [{}, {"screen": "", "data": {}}, {"screen": None, "data": None}])
def test_an_opened_flow_gets_its_first_screen(phone: Phone, more: dict[str, Any]) -> None:
    reply = phone.ask({"version": "3.0", "action": "INIT", "flow_token": "token-1", **more})

    assert reply.json == {"version": "3.0", "screen": "FIRST", "data": {"hello": "wörld"}}
    assert _SEEN[-1] == Request(action="INIT", version="3.0", data={}, flow_token="token-1")


def test_a_request_goes_to_the_handler_of_its_screen(phone: Phone) -> None:
    data = {"day": "2026-05-04", "nested": [{"a": None}]}
    reply = _exchange(phone, "SECOND", data)

    assert reply.json == {
        "version": "3.0",
        "screen": "SECOND",
        "data": {**data, "error_message": "Mind the step."},
    }
    assert (_SEEN[-1].screen, _SEEN[-1].data) == ("SECOND", data)


def test_going_back_reaches_the_handler_for_all_screens(phone: Phone) -> None:
    reply = phone.ask(
        {"version": "3.0", "action": "BACK", "screen": "X", "flow_token": "t", "data": {}}
    )

    assert reply.json == {"version": "3.0", "screen": "FIRST", "data": {}}
    assert (_SEEN[-1].action, _SEEN[-1].screen) == ("BACK", "X")


def test_a_request_without_a_flow_token_is_served(phone: Phone) -> None:
    assert phone.ask({"version": "3.0", "action": "INIT"}).status == 200
    assert _SEEN[-1].flow_token is None


def test_a_completion_carries_the_flow_token_and_the_params(phone: Phone) -> None:
    reply = _exchange(phone, "DONE")

    assert reply.json == {
        "version": "3.0",
        "screen": "SUCCESS",
        "data": {"extension_message_response": {"params": {"flow_token": "token-1", "booking": 7}}},
    }


def test_data_is_read_as_a_type_and_answered_as_one(phone: Phone) -> None:
    reply = _exchange(phone, "TYPED", {"seats": "3", "lunch": "true"})

    assert reply.json["data"] == {"seats": 3, "lunch": True}


def test_data_of_another_form_is_a_400(phone: Phone) -> None:
    assert _exchange(phone, "TYPED", {"seats": "many"}).status == 400
    assert _exchange(phone, "FILES", {"files": [{"media_id": 1}]}).status == 400


def test_an_uploaded_file_is_opened(phone: Phone) -> None:
    cdn_file, metadata = flow_crypto.seal_media(b"a picture")
    file = {
        "media_id": "1",
        "cdn_url": "https://cdn.example.net/1",
        "file_name": "a.jpg",
        "encryption_metadata": msgspec.to_builtins(metadata),
    }
    data = {"files": [file], "cdn_file": base64.b64encode(cdn_file).decode()}

    params = _exchange(phone, "FILES", data).json["data"]["extension_message_response"]["params"]

    assert (params["name"], params["content"]) == ("a.jpg", "a picture")


@pytest.mark.parametrize("name", ["error", "error_key"])
@pytest.mark.parametrize("action", ["INIT", "data_exchange", "navigate"])
def test_an_error_notification_is_handed_over_and_acknowledged(
    phone: Phone, name: str, action: str
) -> None:
    data = {name: "invalid-screen-transition", "error_message": "Can't."}
    reply = phone.ask({"version": "3.0", "action": action, "flow_token": "dead", "data": data})

    assert reply.json == {"data": {"acknowledged": True}}
    assert _NOTICES[-1] == ErrorNotice(
        key="invalid-screen-transition",
        message="Can't.",
        action=action,
        screen=None,
        flow_token="dead",
    )


def test_form_fields_with_the_names_of_an_error_are_no_notification(phone: Phone) -> None:
    reply = _exchange(phone, "FIRST", {"error": "none", "error_message": "I saw no error"})

    assert reply.json["screen"] == "SECOND"


def test_a_dead_token_is_a_427_with_its_sentence_in_the_clear(phone: Phone) -> None:
    for reply, sentence in (
        (phone.ask({"action": "INIT", "flow_token": "dead"}), "Déjà réservé."),
        (_exchange(phone, "TAKEN"), "Sold out."),
    ):
        assert reply.status == 427
        assert reply.response.headers["content-type"] == "application/json"
        assert reply.response.json() == {"error_msg": sentence}


def test_a_dead_token_says_nothing_about_the_health(phone: Phone) -> None:
    assert phone.ask({"action": "ping", "flow_token": "dead"}).status == 200


def test_a_request_for_another_key_is_a_421(phone: Phone) -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()

    assert Phone(phone.url, other, _SECRET).ask({"action": "ping"}).status == 421


def _changed(sealed: Sealed, **changes: str) -> Sealed:
    return sealed._replace(body=json.dumps(json.loads(sealed.body) | changes).encode())


def _damages() -> dict[str, Any]:
    def cut(sealed: Sealed) -> Sealed:
        return sealed._replace(body=sealed.body[:-40])

    def wrong_tag(sealed: Sealed) -> Sealed:
        raw = bytearray(base64.b64decode(json.loads(sealed.body)["encrypted_flow_data"]))
        raw[-1] ^= 1
        return _changed(sealed, encrypted_flow_data=base64.b64encode(raw).decode())

    def cut_data(sealed: Sealed) -> Sealed:
        raw = base64.b64decode(json.loads(sealed.body)["encrypted_flow_data"])[:-20]
        return _changed(sealed, encrypted_flow_data=base64.b64encode(raw).decode())

    return {
        "a cut body": cut,
        "a wrong tag": wrong_tag,
        "cut flow data": cut_data,
        "another IV": lambda sealed: _changed(sealed, initial_vector="A" * 22 + "=="),
        "no Base64": lambda sealed: _changed(sealed, encrypted_aes_key="!"),
        "no JSON": lambda sealed: sealed._replace(body=b"hello"),
        "nothing": lambda sealed: sealed._replace(body=b""),
    }


@pytest.mark.parametrize("damage", _damages().values(), ids=_damages().keys())
def test_what_cannot_be_decrypted_is_a_421_that_tells_nothing(phone: Phone, damage: Any) -> None:
    reply = phone.send(damage(phone.seal({"action": "ping"})))

    assert reply.status == 421
    assert reply.response.text == "The request cannot be decrypted.\n"


def test_a_replayed_request_is_refused_and_reaches_no_handler(phone: Phone) -> None:
    sealed = phone.seal({"action": "INIT", "flow_token": "replayed"})
    assert phone.send(sealed).status == 200
    seen = len(_SEEN)

    assert phone.send(sealed).status == 421
    # The same key and IV inside another body is the same exchange.
    envelope = json.loads(sealed.body) | {"more": 1}
    assert phone.send(sealed._replace(body=json.dumps(envelope).encode())).status == 421
    assert len(_SEEN) == seen


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + hmac.new(b"app-secret", b"", "sha1").hexdigest(),
        "sha256=" + hmac.new(b"app-secret", b"another body", "sha256").hexdigest(),
        "\u00e9".encode("latin-1").decode("latin-1"),
    ],
)
def test_a_forged_signature_is_a_432(phone: Phone, signature: str) -> None:
    sealed = phone.seal({"action": "INIT"})
    response = httpx2.post(
        phone.url,
        content=sealed.body,
        headers={b"X-Hub-Signature-256": signature.encode("latin-1")},
        trust_env=False,
    )

    assert response.status_code == 432


def test_a_request_without_a_signature_is_a_432(phone: Phone) -> None:
    sealed = phone.seal({"action": "INIT"})

    assert httpx2.post(phone.url, content=sealed.body, trust_env=False).status_code == 432


def test_either_secret_is_accepted_while_it_is_being_changed(phone: Phone) -> None:
    renewed = Phone(phone.url, phone.public_key, "new-secret")

    assert renewed.ask({"action": "ping"}).status == 200
    assert Phone(phone.url, phone.public_key, "older").ask({"action": "ping"}).status == 432


def test_a_signed_flow_token_is_checked(phone: Phone) -> None:
    genuine = flow_crypto.sign_flow_token(_SECRET, "token-1")
    stolen = flow_crypto.sign_flow_token(_SECRET, "token-2")
    forged = flow_crypto.sign_flow_token("guessed", "token-1")

    assert _exchange(phone, "DONE", flow_token_signature=genuine).status == 200
    for signature in (stolen, forged, "", "a.b.c"):
        assert _exchange(phone, "DONE", flow_token_signature=signature).status == 432


def test_a_flow_before_flow_json_7_3_has_no_signed_token_with_data_api_4_0_either(
    phone: Phone,
) -> None:
    assert _exchange(phone, "DONE", version="4.0").status == 200


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"action": 1}',
        b'{"action": "INIT", "data": []}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_decrypted_request_of_another_form_is_a_400(phone: Phone, payload: bytes) -> None:
    assert phone.ask(payload).status == 400


def test_an_unknown_action_is_a_400(phone: Phone) -> None:
    assert phone.ask({"action": "dance", "data": {}}).status == 400


@pytest.mark.parametrize(
    "screen", ["UNKNOWN", "FAILS", "FORGETS", "UNENCODABLE", "TOO_MUCH", "SUCCESS"]
)
def test_what_the_endpoints_author_has_to_mend_is_a_500(phone: Phone, screen: str) -> None:
    reply = _exchange(phone, screen)

    assert reply.status == 500
    assert "database" not in reply.response.text


@pytest.mark.parametrize(
    ("screen", "sentence"),
    [
        ("UNKNOWN", "no handler for data_exchange of 'UNKNOWN'"),
        ("FORGETS", "returned a NoneType, not a NextScreen or a Completion"),
        ("UNENCODABLE", "cannot be written as JSON"),
        ("TOO_MUCH", "larger than 10 MB"),
    ],
)
def test_the_log_says_what_to_mend(
    phone: Phone, screen: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "waflows.endpoint"):
        _exchange(phone, screen)

    assert sentence in caplog.text


def test_the_log_shows_no_key_secret_token_or_data(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        _exchange(phone, "FAILS", {"field": "hush-data"}, flow_token="hush-token")
        _exchange(phone, "TYPED", {"seats": "hush-data"}, flow_token="hush-token")
        Phone(phone.url, phone.public_key, "hush-secret").ask({"action": "ping"})
        phone.send(phone.seal({"action": "ping"})._replace(body=b'{"encrypted_flow_data":"hush"}'))

    assert "RuntimeError: no database" in caplog.text
    assert "hush" not in caplog.text


def test_a_request_of_ten_megabytes_is_answered(phone: Phone) -> None:
    head = b'{"action":"data_exchange","screen":"LARGE","data":{"text":"'
    text = flow_crypto.MAX_PAYLOAD_BYTES - len(head) - 3

    reply = phone.ask(head + b"x" * text + b'"}}')

    assert reply.json["data"] == {"size": text}


def test_a_larger_request_is_a_413_announced_or_not(phone: Phone) -> None:
    body = b"x" * (flow_crypto.MAX_BODY_BYTES + 1)

    announced = httpx2.post(phone.url, content=body, trust_env=False)
    in_pieces = httpx2.post(phone.url, content=iter([body[:-1], b"x"]), trust_env=False)

    assert (announced.status_code, in_pieces.status_code) == (413, 413)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_a_405(phone: Phone, method: str) -> None:
    response = httpx2.request(method, phone.url, trust_env=False)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_without_a_secret_signatures_are_not_checked() -> None:
    with serving(Endpoint(_KEY, app_secret=None)) as url:
        reply = Phone(url, _KEY.public_key(), "whatever").ask({"action": "ping"})

    assert reply.status == 200


@pytest.mark.parametrize("secret", ["", [], [""], ["good", ""]])
def test_an_empty_secret_is_refused_at_the_start(secret: Any) -> None:
    with pytest.raises(ValueError, match="app_secret is empty"):
        Endpoint(_KEY, app_secret=secret)


def test_a_key_that_cannot_be_used_is_refused_at_the_start() -> None:
    with pytest.raises(UnusableKey, match="This is a public key"):
        Endpoint(key_pairs.public_pem(_KEY.public_key()), app_secret=_SECRET)


def test_an_encrypted_key_with_lost_line_breaks_serves() -> None:
    pem = key_pairs.private_pem(_KEY, "passphrase").replace("\n", "\\n")
    with serving(Endpoint(pem, passphrase="passphrase", app_secret=_SECRET)) as url:
        assert Phone(url, _KEY.public_key(), _SECRET).ask({"action": "ping"}).status == 200


def test_two_handlers_for_one_screen_are_refused_at_the_start() -> None:
    new = Endpoint(_KEY, app_secret=None)
    new.data_exchange("A")(lambda request: NextScreen("A"))

    with pytest.raises(ValueError, match="data_exchange of A has a handler already"):
        new.data_exchange("B", "A")(lambda request: NextScreen("A"))


def test_it_is_mounted_in_an_application_of_ones_own() -> None:
    with serving(Starlette(routes=[Mount("/flows/booking", endpoint)])) as url:
        reply = Phone(f"{url}/flows/booking/", _KEY.public_key(), _SECRET).ask({"action": "ping"})

    assert reply.json == {"data": {"status": "active"}}


def test_uvicorn_starts_and_stops_it_with_lifespan_on() -> None:
    with serving(endpoint, lifespan="on") as url:
        assert Phone(url, _KEY.public_key(), _SECRET).ask({"action": "ping"}).status == 200


def test_the_kit_imports_nothing_of_waflows_but_the_encryption() -> None:
    program = (
        "import sys, waflows.endpoint;"
        "print(*sorted(name for name in sys.modules if name.startswith('waflows')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    listed = run.stdout.split()

    assert [name for name in listed if not name.startswith("waflows.endpoint")] == [
        "waflows",
        "waflows.errors",
        "waflows.security",
        "waflows.security.flow_crypto",
        "waflows.security.key_pairs",
        "waflows.security.pem",
    ]


def test_the_signature_is_over_the_raw_bytes(phone: Phone) -> None:
    sealed = phone.seal({"action": "ping"})
    spaced = json.dumps(json.loads(sealed.body), indent=2).encode()
    mac = hmac.new(_SECRET.encode(), sealed.body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={mac}"}

    response = httpx2.post(phone.url, content=spaced, headers=headers, trust_env=False)

    assert response.status_code == 432
