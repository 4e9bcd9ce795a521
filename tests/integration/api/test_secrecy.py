"""What must not be told: flows and phone numbers in the log, errors to keys they do not concern."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from harness.console import signed_in
from harness.flow_json import valid_flow
from harness.servers import Tenant, client


def test_neither_a_flow_nor_its_name_nor_a_key_stands_in_the_log(server: Tenant) -> None:
    marker = f"SECRET{uuid.uuid4().hex}"
    faulty = valid_flow().replace('"text"', f'"{marker}"')
    flow = server.create(marker, flowJson=faulty)
    for response in (
        server.http.post(f"{server.flows}/{flow}/publish"),
        server.http.post(server.flows, json={"name": marker, "categories": ["OTHER"]}),
        server.http.put(f"{server.flows}/{flow}", json={"flowJson": f'{{"{marker}": }}'}),
        server.http.get(server.flows, params={"status": marker}),
    ):
        assert response.status_code == 400
        server.process.log_line(error_id=response.json()["errorId"])

    log = server.process.log.read_text("utf-8")
    assert marker not in log
    assert server.api_key not in log


def test_a_key_of_one_channel_does_not_learn_of_the_errors_of_another(server: Tenant) -> None:
    error_id = server.http.get(f"{server.flows}/1").json()["errorId"]
    channel = server.new_channel()
    address = f"/api/v1/accounts/{server.account_id}/errors/"

    with client(server.url, server.new_key(channel_ids=[channel])) as limited:
        hidden = limited.get(address + error_id)
        absent = limited.get(address + str(uuid.uuid4()))
        own = limited.get(f"{server.flows.replace(server.channel_id, channel)}/1").json()["errorId"]
        assert limited.get(address + own).status_code == 200

    assert hidden.status_code == absent.status_code == 404
    assert server.http.get(address + error_id).status_code == 200


def test_a_phone_number_stands_neither_in_the_log_nor_in_what_is_kept_of_an_error(
    server: Tenant,
) -> None:
    number = f"+3519{uuid.uuid4().int % 10**8:08}"
    account = f"/api/v1/accounts/{server.account_id}"
    phones = f"{account}/channels/{server.channel_id}/phones"
    with signed_in(server.url, server.api_key) as console:
        refused = [
            server.http.get(f"{phones}/{number}/screen"),
            server.http.get(f"{phones}/%2B{number[1:]}/nowhere"),
            server.http.delete(f"{phones}/{number}/screen"),
            server.http.get(f"{account}/submissions", params={"msisdn": number, "limit": "0"}),
            console.get(f"/console/phone/nowhere/{number}/messages"),
            console.get("/console/phone", params={"msisdn": number, "channel": "nowhere"}),
        ]
    errors = [
        response.json()["errorId"]
        for response in refused
        if response.headers["content-type"] == "application/json"
    ]
    for error_id in errors:
        server.process.log_line(error_id=error_id)
        record = server.http.get(f"{account}/errors/{error_id}")
        assert number[1:] not in record.text

    assert [response.status_code for response in refused] == [404, 404, 405, 400, 404, 404]
    assert len(errors) == 4
    assert number[1:] not in server.process.log.read_text("utf-8")


@pytest.mark.parametrize("limit", ["masked", "of a sub-account", "of a channel"])
def test_a_limited_key_learns_of_its_own_errors_and_of_no_others_of_the_account(
    server: Tenant, limit: str
) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "masked": {"masked": True},
        "of a sub-account": {"sub_account_ids": [server.sub_account_id]},
        "of a channel": {"channel_ids": [server.channel_id]},
    }
    errors = f"/api/v1/accounts/{server.account_id}/errors"
    nowhere = f"{server.messages}/no-id"
    others = server.http.get(nowhere).json()["errorId"]
    with client(server.url, server.new_key(**kinds[limit])) as limited:
        own = limited.get(nowhere).json()["errorId"]
        assert limited.get(f"{errors}/{others}").status_code == 404
        assert limited.get(f"{errors}/{own}").status_code == 200
    for error_id in (others, own):
        assert server.http.get(f"{errors}/{error_id}").status_code == 200
