"""Listing a channel's flows: the heart of the API."""

from __future__ import annotations

from harness.servers import Tenant


def test_a_list_holds_exactly_id_name_and_status_newest_first(server: Tenant) -> None:
    first = server.create("First")
    second = server.create("Second", flowJson='{"version": "7.3", "screens": []}')

    response = server.http.get(server.flows)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "flows": [
            {"id": second, "name": "Second", "status": "DRAFT"},
            {"id": first, "name": "First", "status": "DRAFT"},
        ]
    }
