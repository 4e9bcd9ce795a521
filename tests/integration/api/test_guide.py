"""The guide dialect: the same flows in other clothes."""

from __future__ import annotations

import json
import re
from typing import Any

from harness.flow_json import valid_flow
from harness.servers import Tenant

TEXT = valid_flow()


def create(server: Tenant, name: str = "Loan Collection", **more: Any) -> dict[str, Any]:
    response = server.http.post(
        server.guide_flows,
        json={"name": name, "categories": ["OTHER"], "flowJson": TEXT, **more},
    )
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_create_answers_201_with_the_flow(server: Tenant) -> None:
    answer = create(server)

    assert set(answer) == {"id", "name", "status", "categories", "validation_errors"}
    assert answer["name"] == "Loan Collection"
    assert answer["status"] == "DRAFT"
    assert answer["categories"] == ["OTHER"]


def test_create_needs_a_flow_json(server: Tenant) -> None:
    response = server.http.post(server.guide_flows, json={"name": "x", "categories": ["OTHER"]})

    assert response.status_code == 400
    assert response.json()["message"] == "flowJson is required: a string."


def test_details_hold_the_flow_json_itself(server: Tenant) -> None:
    flow = create(server)["id"]

    answer = server.http.get(f"{server.guide_flows}/{flow}").json()

    assert set(answer) == {"id", "name", "status", "categories", "validation_errors", "flowJson"}
    assert answer["flowJson"] == TEXT


def test_update_answers_200_with_the_flow(server: Tenant) -> None:
    flow = create(server)["id"]

    response = server.http.put(f"{server.guide_flows}/{flow}", json={"name": "Renamed"})

    assert response.status_code == 200
    assert response.json()["name"] == "Renamed"
    assert "validation_errors" in response.json()


def test_publish_and_deprecate_answer_id_name_and_status(server: Tenant) -> None:
    flow = create(server)["id"]
    shown = {"id": flow, "name": "Loan Collection"}

    published = server.http.post(f"{server.guide_flows}/{flow}/publish")
    deprecated = server.http.post(f"{server.guide_flows}/{flow}/deprecate")

    assert published.json() == {**shown, "status": "PUBLISHED"}
    assert deprecated.json() == {**shown, "status": "DEPRECATED"}
    assert published.status_code == deprecated.status_code == 200


def test_delete_answers_204_without_a_body(server: Tenant) -> None:
    flow = create(server)["id"]

    response = server.http.delete(f"{server.guide_flows}/{flow}")

    assert (response.status_code, response.content) == (204, b"")
    assert "content-length" not in response.headers


def test_preview_answers_a_link_and_an_end_in_z(server: Tenant) -> None:
    flow = create(server)["id"]

    answer = server.http.get(f"{server.guide_flows}/{flow}/preview").json()

    assert set(answer) == {"preview_url", "expires_at"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["expires_at"])


def test_a_published_flow_can_be_neither_updated_nor_deleted_409(server: Tenant) -> None:
    flow = create(server)["id"]
    server.http.post(f"{server.guide_flows}/{flow}/publish")

    for response in (
        server.http.put(f"{server.guide_flows}/{flow}", json={"name": "x"}),
        server.http.delete(f"{server.guide_flows}/{flow}"),
        server.http.post(f"{server.guide_flows}/{flow}/publish"),
    ):
        assert response.status_code == 409
        assert response.json()["message"].startswith("Flow must be in DRAFT status")


def test_flow_json_that_is_not_json_is_422_and_not_a_string_400(server: Tenant) -> None:
    body = {"name": "x", "categories": ["OTHER"]}

    broken = server.http.post(server.guide_flows, json={**body, "flowJson": "{"})
    structured = server.http.post(server.guide_flows, json={**body, "flowJson": {}})

    assert broken.status_code == 422
    assert broken.json()["message"].startswith("Invalid flowJson")
    assert structured.status_code == 400
    assert "flowJson must be a string" in structured.json()["message"]


def test_both_dialects_see_one_flow(server: Tenant) -> None:
    flow = create(server)["id"]
    server.http.put(f"{server.flows}/{flow}", json={"name": "Seen"})

    assert server.http.get(f"{server.guide_flows}/{flow}").json()["name"] == "Seen"
    missing = server.http.get(f"{server.guide_flows}/1")
    assert missing.status_code == 404
    assert missing.json()["code"] == 1300
    assert missing.json()["message"].startswith("Flow not found")


def test_details_of_more_than_an_accounts_share_are_sent_while_nothing_else_is(
    server: Tenant,
) -> None:
    text = json.dumps({"version": "7.0", "note": '"' * (5 * 1024 * 1024 - 20)})
    assert 10_000_000 < len(text) < 10 * 1024 * 1024
    flow = server.create("Quotes", flowJson=text)
    answer = server.http.get(f"{server.guide_flows}/{flow}")
    assert (answer.status_code, len(answer.content) > 20 * 1024 * 1024) == (200, True)
    assert answer.json()["flowJson"] == text
