"""A server whose operator wants no simulated phones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.console import signed_in
from harness.databases import new_sqlite
from harness.phones import SOMEBODY, done, phone_path
from harness.servers import Tenant, production_server


@pytest.fixture(scope="module")
def phoneless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A tenant of a production server without phones."""
    folder = tmp_path_factory.mktemp("phoneless")
    url = new_sqlite(folder)
    with production_server(folder, url, "--workers", "1", "--simulated-phone", "false") as process:
        tenant = Tenant(process, url)
        yield tenant
        tenant.http.close()


def test_nobody_can_be_a_user_where_the_phones_are_switched_off(phoneless: Tenant) -> None:
    phone = phone_path(phoneless)
    for said in (
        phoneless.http.post(f"{phone}/say", json={"text": "Hello"}),
        phoneless.http.get(f"{phone}/messages"),
        phoneless.http.post(f"{phone}/open", json={}),
    ):
        assert said.status_code == 404
        assert "There is nothing at" in said.json()["message"]

    paths = done(phoneless.http.get("/openapi.json"))["paths"]
    assert [path for path in paths if "phones" in path] == []


def test_a_message_stays_queued_where_no_phone_takes_it(phoneless: Tenant) -> None:
    components = [{"type": "BODY", "text": "We are open."}]
    template = {"name": "open", "language": "en", "category": "UTILITY", "components": components}
    done(phoneless.http.post(phoneless.templates, json=template))
    message = {
        "user": {"msisdn": SOMEBODY},
        "type": "template",
        "content": {"template": {"name": "open", "language": "en"}},
    }
    umid = done(phoneless.http.post(phoneless.messages, json=message))["umid"]

    [found] = done(phoneless.http.get(f"{phoneless.messages}/{umid}"))["data"]
    assert found["status"]["state"] == "queued"


def test_the_console_has_no_phone_where_they_are_switched_off(phoneless: Tenant) -> None:
    with signed_in(phoneless.url, phoneless.api_key) as http:
        missing = http.get("/console/phone")
        assert missing.status_code == 404
        assert "/console/phone" not in http.get("/console/flows").text
