"""Before publishing, the console tells everything that is in the way."""

from __future__ import annotations

import html
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.console import post, signed_in
from harness.flow_json import VALID
from harness.scripted import unused_url
from harness.servers import Tenant

from waflows.security import key_pairs

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def endpoint_flow() -> str:
    send = {"name": "data_exchange", "payload": {}}
    footer = {"type": "Footer", "label": "Send", "on-click-action": send}
    layout = {"type": "SingleColumnLayout", "children": [footer]}
    screen = {"id": "FIRST", "title": "First", "terminal": True, "layout": layout, "data": {}}
    flow = {"version": "5.0", "data_api_version": "3.0", "routing_model": {"FIRST": []}}
    return json.dumps(flow | {"screens": [screen]})


def asked(server: Tenant, flow: str) -> str:
    """The page that asks whether to publish, as text."""
    with signed_in(server.url, server.api_key) as http:
        response = http.get(f"/console/flows/{flow}/publish")
    assert response.status_code == 200
    return html.unescape(response.text)


def settings(server: Tenant, flow: str) -> str:
    """The page of a flow's settings, as text."""
    with signed_in(server.url, server.api_key) as http:
        return html.unescape(http.get(f"/console/flows/{flow}/settings").text)


def test_every_unmet_condition_is_listed_at_once_and_there_is_no_button(server: Tenant) -> None:
    flow = server.create("Flow", flowJson=endpoint_flow().replace('"Send"', "7"))

    page = asked(server, flow)

    assert "INVALID_PROPERTY_TYPE at line 1" in page
    assert "Flow JSON version 5.0 is frozen" in page
    assert "It has a data_api_version and no endPointUri" in page
    assert "Its channel has no endpoint key" in page
    assert "(<code>waflows endpoint-key --help</code>)" in page
    assert "Publishing is final" in page
    assert "Publish for good" not in page


def test_an_endpoint_that_does_not_answer_is_told_before_publishing(server: Tenant) -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    key_path = server.flows.removesuffix("/flows") + "/endpointKey"
    body = {"publicKey": key_pairs.public_pem(public)}
    assert server.http.post(key_path, json=body).status_code == 200
    text = endpoint_flow().replace("5.0", "7.3")
    flow = server.create("Flow", flowJson=text, endPointUri=unused_url())

    assert "Endpoint access" in settings(server, flow)
    assert "never; it will be checked before publishing" in settings(server, flow)
    assert "Its endpoint does not pass the health check" in asked(server, flow)
    fingerprint = key_pairs.fingerprint(public)
    assert f"<code>{fingerprint}</code> since" in settings(server, flow)
    assert "failed at connect" in settings(server, flow)


def test_a_form_that_publishes_what_has_changed_meanwhile_does_nothing(server: Tenant) -> None:
    flow = server.create("Flow", flowJson=VALID)
    server.http.put(f"{server.flows}/{flow}", json={"flowJson": VALID + "\n"})
    with signed_in(server.url, server.api_key) as http:
        response = post(http, f"/console/flows/{flow}/publish", {"revision": "1"})
    assert response.status_code == 400
    assert "Somebody else has saved revision 2 since" in response.text
    assert server.status_of(flow) == "DRAFT"


def test_settings_that_somebody_else_changed_meanwhile_are_not_overwritten(server: Tenant) -> None:
    flow = server.create("Flow", flowJson=VALID)
    server.http.put(f"{server.flows}/{flow}", json={"name": "Theirs"})
    with signed_in(server.url, server.api_key) as http:
        form = {"name": "Mine", "categories": "OTHER", "updatedAt": "1"}
        response = post(http, f"/console/flows/{flow}/settings", form)
    assert response.status_code == 400
    assert "Somebody else has changed the flow since" in response.text
    assert 'value="Mine"' in response.text
    assert server.http.get(f"{server.flows}/{flow}").json()["name"] == "Theirs"


def test_an_endpoint_is_taken_away_by_leaving_its_field_empty(server: Tenant) -> None:
    flow = server.create("Flow", flowJson=VALID, endPointUri="https://example.org/flow")
    path = f"/console/flows/{flow}/settings"
    with signed_in(server.url, server.api_key) as http:
        shown = http.get(path).text
        found = re.search(r'name="updatedAt" value="(\d+)"', shown)
        assert found is not None
        form = {"name": "Flow", "categories": "OTHER", "endPointUri": "", "updatedAt": found[1]}
        assert post(http, path, form).status_code == 303
        assert 'type="url" value=""' in http.get(path).text
