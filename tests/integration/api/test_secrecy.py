"""What must not be told: a flow's content in the log, one channel's errors to another's key."""

from __future__ import annotations

import uuid

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
