"""Configuring webhooks over HTTP, as 8x8 documents it, and what waflows adds."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from harness.servers import Tenant, client

OAUTH = {
    "url": "http://127.0.0.1:9/token",
    "clientId": "client",
    "clientSecret": "s3cret",
    "credentialsLocation": "header",
    "scope": "read write",
}

_TOO_MANY = "One request may name at most 1,000 webhooks."


def _path(tenant: Tenant) -> str:
    return f"/api/v1/accounts/{tenant.account_id}/webhooks"


def _hook(**more: Any) -> dict[str, Any]:
    return {"subAccountId": "*", "url": "http://127.0.0.1:9/events", **more}


def _refusal(tenant: Tenant, body: Any, method: str = "POST") -> str:
    response = tenant.http.request(method, _path(tenant), json=body)
    assert (response.status_code, response.json()["code"]) == (400, 1000), response.text
    message: str = response.json()["message"]
    return message


def test_webhooks_are_added_replaced_and_listed_with_their_secrets_hidden(server: Tenant) -> None:
    path = _path(server)
    assert server.http.get(path).json() == []
    first = server.http.post(
        path,
        json=[
            _hook(subAccountId="Onion_Marketing", httpAuthorization="Bearer t0ken"),
            _hook(type="CABM", enabled=False, oauth=OAUTH),
        ],
    )
    assert (first.status_code, first.content) == (200, b"")
    onion = {"subAccountId": "Onion_Marketing", "url": "http://127.0.0.1:9/events"}
    shown = [
        {**_hook(type="CABM", enabled=False), "oauth": {**OAUTH, "clientSecret": "***"}},
        {"type": "CADR", **onion, "enabled": True, "httpAuthorization": "***"},
        {"type": "MSG", **onion, "enabled": True, "httpAuthorization": "***"},
    ]
    assert server.http.get(path).json() == shown

    again = server.http.post(path, json=server.http.get(path).json())
    assert again.status_code == 200, "what is listed can be sent back"
    assert server.http.get(path).json() == shown

    server.http.post(path, json=[{**onion, "type": "MSG", "httpAuthorization": None}])
    assert "httpAuthorization" not in server.http.get(path).json()[2]


def test_webhooks_are_removed_by_sub_account_and_type(server: Tenant) -> None:
    path = _path(server)
    server.http.post(path, json=[_hook(), _hook(type="CABM"), _hook(subAccountId="other")])
    removed = server.http.request("DELETE", path, json=[{"subAccountId": "*", "type": "MSG"}])
    assert (removed.status_code, removed.content) == (200, b"")
    server.http.request("DELETE", path, json=[{"subAccountId": "other"}])
    left = [(one["subAccountId"], one["type"]) for one in server.http.get(path).json()]
    assert left == [("*", "CABM"), ("*", "CADR")]

    again = server.http.request("DELETE", path, json=[{"subAccountId": "*", "type": "MSG"}])
    assert (again.status_code, again.json()["code"]) == (404, 1300)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "must be a list"),
        ([{"url": "http://127.0.0.1:9/"}], "subAccountId is required"),
        ([_hook(url=7)], "url must be a string"),
        ([_hook(url="ftp://127.0.0.1/")], "must start with https:// or http://"),
        ([_hook(url="http://user:pass@127.0.0.1/")], "send credentials in a header"),
        ([_hook(url="https://<e")], "an invalid character"),
        ([_hook(url="http://10.0.0.1/")], "a private address"),
        ([_hook(url="http://127.0.0.1:9/a b")], "must be percent-encoded"),
        ([_hook(url="http://0x7f.1/")], "a number"),
        ([_hook(oauth={**OAUTH, "url": "http://169.254.169.254/"})], "link-local"),
        ([_hook(type="DR")], "one of"),
        ([_hook(subAccountId="a b")], "subAccountId must be"),
        ([_hook(httpAuthorization="x\r\nHost: evil")], "printable ASCII"),
        ([_hook(httpAuthorization="x", oauth=OAUTH)], "not both"),
        ([_hook(httpAuthorization="***")], "there is none yet"),
        ([_hook(oauth={**OAUTH, "credentialsLocation": "query"})], "one of"),
        ([_hook(subaccountid="x")], "is spelled 'subAccountId'"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_with_a_reason(
    server: Tenant, body: Any, said: str
) -> None:
    assert said in _refusal(server, body)
    assert server.http.get(_path(server)).json() == []


def test_more_webhooks_than_one_request_may_name_are_refused_before_any_is_looked_at(
    server: Tenant,
) -> None:
    many = [_hook(subAccountId=f"sub-{n}", url=f"http://n{n}.invalid/") for n in range(1001)]
    assert _refusal(server, [*many, _hook(subAccountId="no id")]) == _TOO_MANY
    scopes = [{"subAccountId": "*", "type": "MSG"}] * 1001
    assert _refusal(server, scopes, "DELETE") == _TOO_MANY
    assert server.http.get(_path(server)).json() == []


def test_no_refusal_repeats_a_credential(server: Tenant) -> None:
    secret = "hunter2-hunter2"
    for body in (
        [_hook(httpAuthorization=f"{secret}\n")],
        [_hook(url=f"http://user:{secret}@127.0.0.1/")],
        [_hook(oauth={**OAUTH, "clientSecret": secret, "credentialsLocation": "query"})],
    ):
        response = server.http.post(_path(server), json=body)
        assert response.status_code == 400
        assert secret not in response.text


def test_a_signing_secret_is_shown_once_and_can_be_replaced_and_dropped(server: Tenant) -> None:
    server.http.post(_path(server), json=[_hook(type="MSG")])
    secrets = f"{_path(server)}/*/MSG/secrets"
    assert server.http.get(secrets).json() == {"secrets": []}
    made = server.http.post(secrets, json={})
    assert made.headers["cache-control"] == "no-store"
    first = made.json()
    assert len(base64.b64decode(first["secret"].removeprefix("whsec_"))) == 32
    assert "previousExpiresAt" not in first
    second = server.http.post(secrets, json={"overlapHours": 1}).json()
    assert second["previousExpiresAt"] > "2"

    listed = server.http.get(secrets).json()["secrets"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert listed[1]["expiresAt"] == second["previousExpiresAt"]
    assert "whsec_" not in server.http.get(secrets).text + server.http.get(_path(server)).text
    assert server.http.delete(secrets).status_code == 200
    assert server.http.get(secrets).json() == {"secrets": []}

    assert server.http.get(f"{_path(server)}/*/CADR/secrets").status_code == 404
    refused = server.http.post(secrets, json={"overlapHours": -1})
    assert refused.json()["message"] == "overlapHours must be an integer from 0 to 8760."


def test_a_body_whose_fields_all_have_defaults_may_be_left_out(server: Tenant) -> None:
    server.http.post(_path(server), json=[_hook(type="MSG")])
    made = server.http.post(f"{_path(server)}/*/MSG/secrets")
    assert made.status_code == 200, made.text
    assert made.json()["secret"].startswith("whsec_")


@pytest.mark.parametrize("body", [" ", "\n", "\f", "\x00"])
def test_a_body_that_may_be_left_out_must_be_json_when_it_is_sent(
    server: Tenant, body: str
) -> None:
    server.http.post(_path(server), json=[_hook(type="MSG")])
    refused = server.http.post(
        f"{_path(server)}/*/MSG/secrets",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert (refused.status_code, refused.json()["code"]) == (400, 1000)
    assert refused.json()["message"].startswith("The request body is not valid JSON")
    assert server.http.get(f"{_path(server)}/*/MSG/secrets").json() == {"secrets": []}


def test_a_key_limited_to_a_channel_sees_and_changes_no_webhook(server: Tenant) -> None:
    server.http.post(_path(server), json=[_hook(type="MSG")])
    key = server.new_key(channel_ids=[server.channel_id])
    with client(server.url, key) as limited:
        assert limited.get(_path(server)).json() == []
        for method, path, body in (
            ("POST", "", [_hook()]),
            ("DELETE", "", [{"subAccountId": "*"}]),
            ("GET", "/*/MSG/secrets", None),
            ("POST", "/*/MSG/secrets", {}),
            ("DELETE", "/*/MSG/secrets", None),
        ):
            refused = limited.request(method, _path(server) + path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, 1201)
