"""Endpoint keys over HTTP: installed in any form, replaced, shown without their private half."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from harness.contents import everything
from harness.databases import new_sqlite
from harness.endpoints import serving
from harness.faulty_endpoint import FaultyEndpoint
from harness.scripted import unused_url
from harness.servers import Tenant, opened, production_server

from waflows.security import key_pairs

_KEY = rsa.generate_private_key(65537, 2048)
_OTHER_KEY = rsa.generate_private_key(65537, 2048)
_PASSPHRASE = f"passphrase-{uuid.uuid4().hex}"
_SECRET = "app-secret"


def _pem(
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8, passphrase: str = ""
) -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return _KEY.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


_PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
_PUBLIC = key_pairs.public_pem(_KEY.public_key())
_FINGERPRINT = key_pairs.fingerprint(_KEY.public_key())


def _path(tenant: Tenant, more: str = "") -> str:
    return tenant.flows.removesuffix("/flows") + "/endpointKey" + more


def _install(tenant: Tenant, **body: Any) -> httpx2.Response:
    return tenant.http.post(_path(tenant), json=body)


def _endpoint_flow(data_api: str = "4.0") -> str:
    send = {"name": "data_exchange", "payload": {}}
    footer = {"type": "Footer", "label": "Send", "on-click-action": send}
    layout = {"type": "SingleColumnLayout", "children": [footer]}
    screen = {"id": "FIRST", "title": "First", "terminal": True, "layout": layout, "data": {}}
    return json.dumps(
        {
            "version": "7.3",
            "data_api_version": data_api,
            "routing_model": {"FIRST": []},
            "screens": [screen],
        }
    )


@pytest.fixture
def faulty() -> Iterator[tuple[str, FaultyEndpoint]]:
    """An endpoint that makes the mistake its path names."""
    made = FaultyEndpoint(_KEY, _SECRET)
    with serving(made.app) as url:
        yield url, made


@pytest.mark.parametrize(
    ("body", "form", "holds"),
    [
        ({"publicKey": _PUBLIC}, "public key", False),
        ({"publicKey": _PUBLIC.replace("\n", "\\n")}, "public key", False),
        ({"publicKey": "".join(_PUBLIC.splitlines()[1:-1])}, "public key", False),
        ({"privateKey": _pem()}, "private key, PKCS#8", True),
        ({"privateKey": _pem(_PKCS1).replace("\n", " ")}, "private key, PKCS#1", True),
        (
            {"privateKey": _pem(_PKCS1, _PASSPHRASE), "passphrase": _PASSPHRASE},
            "private key, PKCS#1, encrypted",
            True,
        ),
        (
            {"privateKey": json.dumps(_pem(passphrase=_PASSPHRASE)), "passphrase": _PASSPHRASE},
            "private key, PKCS#8, encrypted",
            True,
        ),
    ],
    ids=range(7),
)
def test_either_half_of_a_pair_is_taken_however_it_was_pasted(
    server: Tenant, body: dict[str, str], form: str, holds: bool
) -> None:
    installed = _install(server, **body)

    assert installed.status_code == 200, installed.text
    shown = server.http.get(_path(server)).json()
    key = shown["key"]
    assert installed.json()["key"] == key
    assert (key["fingerprint"], key["bits"], key["form"]) == (_FINGERPRINT, 2048, form)
    assert key["holdsPrivateKey"] is holds
    assert key["publicKey"] == _PUBLIC
    assert shown["earlier"] == []


def test_a_channel_has_no_key_until_it_gets_one(server: Tenant) -> None:
    shown = server.http.get(_path(server))

    assert shown.json() == {"key": None, "earlier": [], "appSecretSetAt": None}


def test_a_pair_is_made_when_none_is_given_and_its_private_half_stays_inside(
    server: Tenant,
) -> None:
    answer = _install(server)

    key = answer.json()["key"]
    assert (key["form"], key["holdsPrivateKey"]) == ("generated", True)
    assert key_pairs.fingerprint(key_pairs.read_public_key(key["publicKey"])) == key["fingerprint"]
    assert "PRIVATE" not in answer.text + server.http.get(_path(server)).text


def test_a_key_is_replaced_only_on_purpose_and_its_private_half_is_then_forgotten(
    server: Tenant,
) -> None:
    _install(server, privateKey=_pem())
    refused = _install(server)
    assert refused.status_code == 400
    assert _FINGERPRINT in refused.json()["message"]
    assert "send replace: true" in refused.json()["message"]

    second = _install(server, replace=True).json()["key"]
    shown = server.http.get(_path(server)).json()
    assert shown["key"] == second
    (earlier,) = shown["earlier"]
    assert (earlier["fingerprint"], earlier["holdsPrivateKey"]) == (_FINGERPRINT, False)
    assert earlier["replacedAt"] >= earlier["createdAt"]


def test_a_key_that_is_removed_leaves_a_channel_without_one(server: Tenant) -> None:
    _install(server, publicKey=_PUBLIC)
    for _ in range(2):
        assert server.http.delete(_path(server)).status_code == 200

    shown = server.http.get(_path(server)).json()
    assert shown["key"] is None
    assert [key["fingerprint"] for key in shown["earlier"]] == [_FINGERPRINT]
    assert _install(server, publicKey=_PUBLIC).status_code == 200


def test_an_app_secret_comes_with_the_first_key_and_is_shown_this_once(server: Tenant) -> None:
    made = _install(server).json()["appSecret"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert "appSecret" not in _install(server, replace=True).json()

    shown = server.http.get(_path(server))
    assert made not in shown.text
    assert shown.json()["appSecretSetAt"]
    fresh = server.http.post(_path(server, "/appSecret"), json={}).json()["appSecret"]
    assert fresh != made
    chosen = server.http.post(_path(server, "/appSecret"), json={"appSecret": "of-my-own"})
    assert chosen.json() == {"appSecret": "of-my-own"}


_EC = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"publicKey": _pem()}, "private key must stay"),
        ({"privateKey": _PUBLIC}, "This is a public key"),
        ({"privateKey": _pem(passphrase=_PASSPHRASE)}, "give its passphrase too"),
        (
            {"privateKey": _pem(passphrase=_PASSPHRASE), "passphrase": f"not-{_PASSPHRASE}"},
            "passphrase is wrong",
        ),
        ({"privateKey": _pem()[:900]}, "cut off"),
        ({"privateKey": _EC}, "another kind than RSA"),
        ({"publicKey": "private.pem"}, "give what is in the file"),
        ({"publicKey": ""}, "empty"),
        ({"publicKey": _PUBLIC, "privateKey": _pem()}, "not both"),
        ({"publicKey": _PUBLIC, "passphrase": _PASSPHRASE}, "belongs to privateKey"),
        ({"privateKey": 7}, "privateKey"),
        ({"appSecret": "short"}, "8 to 256 printable"),
        ({"appSecret": "a secret with blanks"}, "8 to 256 printable"),
    ],
    ids=range(13),
)
def test_what_is_no_key_is_refused_with_what_it_is_instead_and_never_repeated(
    server: Tenant, body: dict[str, Any], words: str
) -> None:
    refused = _install(server, **body)

    assert refused.status_code == 400
    assert words in refused.json()["message"]
    assert _PASSPHRASE not in refused.text
    assert not _repeats(refused.text, *map(str, body.values()))
    assert server.http.get(_path(server)).json()["key"] is None


def _repeats(text: str, *secrets: str) -> bool:
    """Whether a text has a longer piece of one of the secrets in it."""
    return any(
        secret[at : at + 16] in text and not secret[at : at + 16].startswith("-----")
        for secret in secrets
        for at in range(0, len(secret) - 16, 8)
        if "BEGIN" not in secret[at : at + 16] and "KEY" not in secret[at : at + 16]
    )


def _publishable(tenant: Tenant, uri: str | None, **more: Any) -> str:
    key = {"endPointUri": uri} if uri else {}
    return tenant.create(uuid.uuid4().hex, flowJson=_endpoint_flow(), **key, **more)


def test_every_condition_of_an_endpoint_flow_that_is_not_met_is_told_at_once(
    server: Tenant,
) -> None:
    faulty = json.loads(_endpoint_flow())
    faulty["screens"][0]["title"] = 7
    flow = server.create("Flow", flowJson=json.dumps(faulty))

    for path, status in ((server.flows, 400), (server.guide_flows, 409)):
        refused = server.http.post(f"{path}/{flow}/publish")
        message = refused.json()["message"]
        assert refused.status_code == status
        assert "a validation error" in message
        assert "no endPointUri" in message
        assert "no endpoint key" in message


@pytest.mark.parametrize("path", ["status/500", "other-key", "plain", "wrong-status", "status/421"])
def test_an_endpoint_that_is_not_well_keeps_its_flow_from_being_published(
    server: Tenant, faulty: tuple[str, FaultyEndpoint], path: str
) -> None:
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    flow = _publishable(server, f"{faulty[0]}/{path}")

    refused = server.http.post(f"{server.flows}/{flow}/publish")
    assert refused.status_code == 400
    assert "does not pass the health check" in refused.json()["message"]
    assert f"waflows doctor {flow}" in refused.json()["message"]
    assert server.status_of(flow) == "DRAFT"


def test_an_endpoint_flow_is_published_after_its_endpoint_was_asked(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    flow = _publishable(server, url)

    assert server.http.post(f"{server.flows}/{flow}/publish").status_code == 200
    assert server.status_of(flow) == "PUBLISHED"
    assert [request["action"] for request in endpoint.requests] == ["ping"]


def test_a_flow_is_published_as_it_is_made_or_changed_under_the_same_conditions(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    body = {"name": "Flow", "categories": ["OTHER"], "flowJson": _endpoint_flow(), "publish": True}
    for flows in (server.flows, server.guide_flows):
        refused = server.http.post(flows, json={**body, "endPointUri": unused_url()})
        assert "no endpoint key" in refused.json()["message"]
    assert server.http.get(server.flows).json() == {"flows": []}

    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    made = server.http.post(server.flows, json={**body, "endPointUri": url})
    assert made.status_code == 200, made.text
    assert server.status_of(made.json()["id"]) == "PUBLISHED"
    draft = _publishable(server, unused_url())
    changed = server.http.put(f"{server.flows}/{draft}", json={"publish": True})
    assert "does not pass the health check" in changed.json()["message"]
    changed = server.http.put(f"{server.flows}/{draft}", json={"publish": True, "endPointUri": url})
    assert changed.status_code == 200
    # The first answer was still fresh.
    assert [request["action"] for request in endpoint.requests] == ["ping"]


def test_a_health_check_counts_for_its_key_and_secret_only(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, _ = faulty
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    first, second, third = (_publishable(server, url) for _ in range(3))
    assert server.http.post(f"{server.flows}/{first}/publish").status_code == 200

    other = key_pairs.public_pem(_OTHER_KEY.public_key())
    _install(server, publicKey=other, replace=True)
    assert "(421)" in server.http.post(f"{server.flows}/{second}/publish").json()["message"]
    _install(server, publicKey=_PUBLIC, replace=True)
    server.http.post(_path(server, "/appSecret"), json={"appSecret": "another-secret"})
    assert "(432)" in server.http.post(f"{server.flows}/{third}/publish").json()["message"]
    server.http.post(_path(server, "/appSecret"), json={"appSecret": _SECRET})
    assert server.http.post(f"{server.flows}/{third}/publish").status_code == 200


def test_a_failed_health_check_is_not_remembered_against_a_mended_endpoint(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    flow = _publishable(server, url)
    endpoint.app_secret = "mistyped"
    assert server.http.post(f"{server.flows}/{flow}/publish").status_code == 400
    endpoint.app_secret = _SECRET

    assert server.http.post(f"{server.flows}/{flow}/publish").status_code == 200


def test_an_examination_names_the_step_that_fails_and_its_cure(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, _ = faulty
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    well, unwell = _publishable(server, url), _publishable(server, f"{url}/unflipped")

    found = server.http.post(f"{server.flows}/{well}/examination", json={}).json()
    assert (found["healthy"], found["failingStep"]) == (True, None)
    assert found["fingerprint"] == _FINGERPRINT
    assert {check["call"] for check in found["checks"]} == {
        "ping", "INIT", "error", "undecryptable", "forged",
    }  # fmt: skip
    found = server.http.post(f"{server.flows}/{unwell}/examination", json={}).json()
    assert (found["healthy"], found["failingStep"]) == (False, "aes")
    (failed,) = [check for check in found["checks"] if check["state"] == "failed"]
    assert "flip every bit" in failed["message"]
    assert failed["cure"]
    assert "~$iv" in failed["code"]["PHP"]


def test_an_examination_leaves_init_out_or_sends_a_screen_as_it_is_asked_to(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    address = f"{server.flows}/{_publishable(server, f'{url}/no-init')}/examination"

    found = server.http.post(address, json={}).json()
    assert found["healthy"] is True
    assert "INIT is not answered" in next(
        check["message"] for check in found["checks"] if check["state"] == "warned"
    )
    endpoint.requests.clear()
    asked = {"openedBy": "navigate", "screen": "FIRST", "data": {"day": "mon"}}
    assert server.http.post(address, json=asked).json()["healthy"] is True
    sent = [(one["action"], one.get("data")) for one in endpoint.requests]
    assert sent[:2] == [("ping", None), ("data_exchange", {"day": "mon"})]
    demanded = server.http.post(address, json={"openedBy": "data_exchange"}).json()
    assert (demanded["healthy"], demanded["failingStep"]) == (False, "http")
    refused = server.http.post(address, json={"data": {"day": "mon"}})
    assert (refused.status_code, "screen" in refused.json()["message"]) == (400, True)


def test_an_examination_asks_with_the_flow_token_it_is_given(
    server: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    _install(server, publicKey=_PUBLIC, appSecret=_SECRET)
    flow = _publishable(server, url)
    server.http.post(f"{server.flows}/{flow}/examination", json={"flowToken": "of-my-own"})

    (init,) = [request for request in endpoint.requests if request["action"] == "INIT"]
    assert init["flow_token"] == "of-my-own"
    assert init["flow_token_signature"]


def test_no_secret_stands_in_the_log_an_error_or_the_database(server: Tenant) -> None:
    secret = f"hush{uuid.uuid4().hex}"
    pem = _pem(passphrase=_PASSPHRASE)
    generated = _install(server).json()["appSecret"]
    for body in (
        {"privateKey": pem, "passphrase": _PASSPHRASE, "appSecret": secret, "replace": True},
        {"privateKey": pem, "passphrase": f"{_PASSPHRASE}?", "appSecret": secret},
        {"privateKey": pem, "passphrase": [_PASSPHRASE], "appSecret": secret},
        {"privateKey": [pem], "passphrase": _PASSPHRASE, "appSecret": secret},
        {"privateKey": pem, "passphrase": _PASSPHRASE, "appSecret": {secret: 1}},
    ):
        _install(server, **body)
    broken = (
        f'{{"privateKey": {json.dumps(pem)}, "passphrase": "{_PASSPHRASE}", "appSecret": "{secret}'
    )
    answer = server.http.post(
        _path(server), content=broken, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    server.process.log_line(error_id=answer.json()["errorId"])
    # Looking it up waits until it has been written.
    account = server.flows.partition("/channels/")[0]
    server.http.get(f"{account}/errors/{answer.json()['errorId']}")

    with opened(server.database_url) as db:
        kept = json.dumps(everything(db), default=repr)
    log = server.process.log.read_text("utf-8")
    lines = "".join(pem.splitlines()[2:-2])
    for text in (log, kept, answer.text):
        for hidden in (secret, _PASSPHRASE, generated, lines[:32], lines[200:232]):
            assert hidden not in text


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/",
        "https://localhost/flow",
        "https://endpoint.localhost/",
        "https://10.1.2.3/",
        "https://192.168.0.7:8443/flow",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://0.0.0.0/",
    ],
)
def test_a_production_server_takes_no_address_of_its_own_network(
    production: Tenant, uri: str
) -> None:
    draft = production.create(uuid.uuid4().hex)
    body = {"name": uuid.uuid4().hex, "categories": ["OTHER"], "endPointUri": uri}
    for answer in (
        production.http.post(production.flows, json=body),
        production.http.post(production.guide_flows, json={**body, "flowJson": _endpoint_flow()}),
        production.http.put(f"{production.flows}/{draft}", json={"endPointUri": uri}),
    ):
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"].startswith("endPointUri cannot be called: ")
        assert "hush" not in answer.text


def test_a_production_server_does_not_ask_an_address_that_came_in_another_way(
    production: Tenant, faulty: tuple[str, FaultyEndpoint]
) -> None:
    url, endpoint = faulty
    _install(production, publicKey=_PUBLIC, appSecret=_SECRET)
    flow = _publishable(production, "https://flows.example.org/")
    with opened(production.database_url) as db:
        db.run_now(
            lambda tx: tx.execute("UPDATE flows SET endpoint_uri = ? WHERE id = ?", url, flow)
        )

    refused = production.http.post(f"{production.flows}/{flow}/publish")
    assert refused.status_code == 400
    assert "loopback" in refused.json()["message"]
    found = production.http.post(f"{production.flows}/{flow}/examination", json={}).json()
    assert found["failingStep"] == "address"
    assert endpoint.requests == []


@pytest.fixture(scope="module")
def production(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Tenant]:
    """A tenant of a production server."""
    folder = tmp_path_factory.mktemp(f"production-{engine}")
    url = new_sqlite(folder)
    if engine == "postgres":
        url = request.getfixturevalue("postgres").new_database()
    arguments = ("--workers", "1", "--rate-limit", "0")
    with production_server(folder, url, *arguments) as process:
        tenant = Tenant(process, url)
        yield tenant
        tenant.http.close()
