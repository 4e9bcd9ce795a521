"""Sending through both clients, against a running server."""

from __future__ import annotations

from typing import Any

import pytest
from harness.flow_json import VALID
from harness.servers import Tenant, opened

from waflows.client import InvalidParameter, WrongAccount
from waflows.services.accounts import sub_accounts

USER = "+12025550123"


@pytest.fixture
def desk(server: Tenant) -> str:
    """A sub-account of the tenant."""
    with opened(server.database_url) as db:
        db.run_now(
            sub_accounts.create_sub_account, server.account_id, "desk", server.channel_id, ""
        )
    return "desk"


def test_a_flow_is_sent_once_for_an_id_and_reaches_the_user(
    client: Any, server: Tenant, desk: str
) -> None:
    flow = client.create("Feedback", ["SURVEY"], flow_json=VALID).id
    client.publish(flow)
    with pytest.raises(InvalidParameter, match="Outside service window"):
        client.send_flow(desk, USER, flow, body="How was it?", button="Tell")
    phone = f"/api/v1/accounts/{server.account_id}/channels/{server.channel_id}/phones/{USER}"
    assert server.http.post(f"{phone}/say", json={"text": "Hello"}).status_code == 200

    words = {"body": "How was it?", "button": "Tell", "header": "A word", "token": "mine"}
    sent = client.send_flow(desk, USER, flow, client_message_id="visit-17", **words)

    assert (sent.status.state, sent.client_message_id) == ("queued", "visit-17")
    again = client.send_flow(desk, USER, flow, client_message_id="visit-17", **words)
    assert again.umid == sent.umid
    _, received = server.http.get(f"{phone}/messages").json()["messages"]
    assert (received["umid"], received["body"]) == (sent.umid, "How was it?")


def test_a_text_is_sent_in_the_apis_own_words(client: Any, server: Tenant, desk: str) -> None:
    phone = f"/api/v1/accounts/{server.account_id}/channels/{server.channel_id}/phones/{USER}"
    server.http.post(f"{phone}/say", json={"text": "Hello"})

    sent = client.send(desk, USER, "text", {"text": "Good morning"})

    assert server.http.get(f"{phone}/messages").json()["messages"][-1]["umid"] == sent.umid


def test_a_sub_account_that_is_not_there_is_told(client: Any) -> None:
    with pytest.raises(WrongAccount):
        client.send("nobody", USER, "text", {"text": "Hello"})
