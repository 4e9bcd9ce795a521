"""Faults of a Flow JSON over HTTP: stored, told in each dialect, and in the way of publishing."""

from __future__ import annotations

import json
from typing import Any

from harness.flow_json import VALID, valid_flow
from harness.servers import Tenant, opened

# Line 4 has a property that no TextBody has; line 5 a component that is none.
FAULTY = """{
  "version": "7.3", "screens": [{ "id": "O", "title": "O", "terminal": true, "layout": {
  "type": "SingleColumnLayout", "children": [
    { "type": "TextBody", "text": "Hello", "colour": "red" },
    { "type": "TextBodi", "text": "Hello" },
    { "type": "Footer", "label": "Done", "on-click-action": { "name": "complete", "payload": {} } }
  ] } }]
}"""
EXPECTED = [
    {
        "error": "INVALID_PROPERTY_KEY",
        "errorType": "FLOW_JSON_ERROR",
        "message": "Property 'colour' cannot be specified at TextBody on"
        " $root/screens/0/layout/children/0.",
        "lineStart": 4,
        "lineEnd": 4,
        "columnStart": 44,
        "columnEnd": 51,
        "pointers": [
            {
                "lineStart": 4,
                "lineEnd": 4,
                "columnStart": 44,
                "columnEnd": 51,
                "path": "screens[0].layout.children[0].colour",
            }
        ],
    },
    {
        "error": "INVALID_PROPERTY_VALUE",
        "errorType": "FLOW_JSON_ERROR",
        "message": "Invalid value found for property 'type'.",
        "lineStart": 5,
        "lineEnd": 5,
        "columnStart": 15,
        "columnEnd": 24,
        "pointers": [
            {
                "lineStart": 5,
                "lineEnd": 5,
                "columnStart": 15,
                "columnEnd": 24,
                "path": "screens[0].layout.children[1].type",
            }
        ],
    },
]


def snake(fault: Any) -> Any:
    """A fault as the guide dialect spells it."""
    if isinstance(fault, dict):
        spelled = {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in k): v for k, v in fault.items()
        }
        return {name: snake(value) for name, value in spelled.items()}
    return [snake(item) for item in fault] if isinstance(fault, list) else fault


def test_a_faulty_flow_is_kept_as_a_draft_and_its_faults_are_told_and_stored(
    server: Tenant,
) -> None:
    body = {"name": "Faulty", "categories": ["OTHER"], "flowJson": FAULTY}

    created = server.http.post(server.flows, json=body)

    assert created.status_code == 200
    flow = created.json()["id"]
    assert created.json() == {"id": flow, "success": True, "validationErrors": EXPECTED}
    details = server.http.get(f"{server.flows}/{flow}").json()
    assert details["status"] == "DRAFT"
    assert details["validationErrors"] == EXPECTED
    renamed = server.http.put(f"{server.flows}/{flow}", json={"name": "Renamed"}).json()
    assert renamed["validationErrors"] == EXPECTED


def test_the_guide_dialect_spells_the_same_faults_its_own_way(server: Tenant) -> None:
    body = {"name": "Faulty", "categories": ["OTHER"], "flowJson": FAULTY}

    created = server.http.post(server.guide_flows, json=body)

    assert created.status_code == 201
    assert created.json()["validation_errors"] == snake(EXPECTED)
    details = server.http.get(f"{server.guide_flows}/{created.json()['id']}").json()
    assert details["validation_errors"] == snake(EXPECTED)


def test_a_flow_without_faults_has_no_field_for_them_here_and_an_empty_one_there(
    server: Tenant,
) -> None:
    flow = server.create("Sound", flowJson=VALID)

    assert "validationErrors" not in server.http.get(f"{server.flows}/{flow}").json()
    assert server.http.get(f"{server.guide_flows}/{flow}").json()["validation_errors"] == []


def test_mending_the_flow_json_takes_the_faults_away(server: Tenant) -> None:
    flow = server.create("Mended", flowJson=FAULTY)

    mended = server.http.put(f"{server.flows}/{flow}", json={"flowJson": VALID})

    assert mended.json() == {"id": flow, "success": True}
    assert server.http.post(f"{server.flows}/{flow}/publish").status_code == 200


def test_a_faulty_flow_cannot_be_published_and_every_reason_is_told(server: Tenant) -> None:
    old = FAULTY.replace("7.3", "2.1")
    flow = server.create("Faulty", flowJson=old)

    for address in (server.flows, server.guide_flows):
        refused = server.http.post(f"{address}/{flow}/publish")
        message = refused.json()["message"]
        assert refused.status_code == (400 if address == server.flows else 409)
        assert "INVALID_PROPERTY_KEY at line 4, column 44" in message
        assert "INVALID_PROPERTY_VALUE at line 5, column 15" in message
        assert "version 2.1 is frozen since 2025-04-08" in message
    assert server.status_of(flow) == "DRAFT"


def test_create_with_publish_makes_no_flow_when_it_has_faults(server: Tenant) -> None:
    body = {"name": "Faulty", "categories": ["OTHER"], "flowJson": FAULTY, "publish": True}

    refused = server.http.post(server.flows, json=body)

    assert refused.status_code == 400
    assert "2 validation errors" in refused.json()["message"]
    assert server.http.get(server.flows).json() == {"flows": []}


def test_a_frozen_version_is_no_fault_but_keeps_a_flow_from_being_published(
    server: Tenant,
) -> None:
    flow = server.create("Frozen", flowJson=valid_flow(version="5.0"))
    address = f"{server.flows}/{flow}"

    assert "validationErrors" not in server.http.get(address).json()
    assert server.http.get(f"{address}?fields=jsonVersion").json()["jsonVersion"] == "5.0"
    refused = server.http.post(f"{address}/publish").json()
    assert "version 5.0 is frozen since 2025-09-10" in refused["message"]


def test_a_clone_has_the_faults_of_its_source(server: Tenant) -> None:
    source = server.create("Source", flowJson=FAULTY)

    clone = server.create("Clone", cloneFlowId=source)

    assert server.http.get(f"{server.flows}/{clone}").json()["validationErrors"] == EXPECTED


def test_a_text_can_be_checked_without_being_kept(server: Tenant) -> None:
    address = f"{server.flows}:validate"

    faulty = server.http.post(address, json={"flowJson": FAULTY}).json()
    sound = server.http.post(address, json={"flowJson": VALID}).json()
    broken = server.http.post(address, json={"flowJson": '{"version": }'}).json()
    older = server.http.post(address, json={"flowJson": VALID, "version": "2.1"}).json()
    unknown = server.http.post(address, json={"flowJson": VALID, "version": "9.9"})

    assert faulty == {
        "valid": False,
        "validationErrors": EXPECTED,
        "warnings": [],
        "complete": True,
    }
    assert sound == {"valid": True, "validationErrors": [], "warnings": [], "complete": True}
    assert broken["validationErrors"][0]["error"] == "INVALID_FLOW_JSON"
    assert broken["validationErrors"][0]["columnStart"] == 13
    assert older["valid"] is True
    assert unknown.status_code == 400
    assert "version must be one of 2.1, 3.0" in unknown.json()["message"]
    assert server.http.get(server.flows).json() == {"flows": []}


def test_a_flow_from_before_faults_were_kept_is_checked_when_they_are_asked_for(
    server: Tenant,
) -> None:
    flow = server.create("Old", flowJson=FAULTY)
    with opened(server.database_url) as db:
        db.run_now(
            lambda tx: tx.execute(
                "UPDATE flow_revisions SET faults = NULL, json_version = NULL WHERE flow_id = ?",
                flow,
            )
        )

    details = server.http.get(f"{server.flows}/{flow}").json()

    assert details["validationErrors"] == EXPECTED
    assert server.http.post(f"{server.flows}/{flow}/publish").status_code == 400


def test_of_very_many_faults_the_first_thousand_are_kept(server: Tenant) -> None:
    broken = json.loads(VALID)
    broken["screens"][0]["layout"]["children"][:0] = [{"type": "None"}] * 1500

    flow = server.create("Many", flowJson=json.dumps(broken))

    details = server.http.get(f"{server.flows}/{flow}?fields=warnings").json()
    errors = len(details["validationErrors"])
    assert errors + len(details["warnings"]) == 1000
    refused = server.http.post(f"{server.flows}/{flow}/publish").json()
    assert f"at least {errors} validation errors" in refused["message"]
    assert f"and {errors - 20} more" in refused["message"]
