"""Listing a channel's flows: the heart of the API."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from harness.flow_json import VALID
from harness.servers import Tenant, opened

from waflows.services.flows import lifecycle
from waflows.services.flows.lifecycle import Content
from waflows.storage.database import Transaction


def fill(server: Tenant, count: int) -> list[str]:
    """Ids of new flows, newest first."""
    return [server.create(f"Flow {number}") for number in range(count)][::-1]


def ids(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [flow["id"] for flow in answer["flows"]]


def test_a_list_holds_exactly_id_name_and_status_newest_first(server: Tenant) -> None:
    first = server.create("First")
    second = server.create("Second", flowJson='{"version": "7.3", "screens": []}')

    response = server.http.get(server.flows)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.json() == {
        "flows": [
            {"id": second, "name": "Second", "status": "DRAFT"},
            {"id": first, "name": "First", "status": "DRAFT"},
        ]
    }


def test_an_empty_channel_has_an_empty_list(server: Tenant) -> None:
    response = server.http.get(server.flows)

    assert response.content == b'{"flows":[]}'
    assert response.headers["x-total-count"] == "0"
    assert "link" not in response.headers


def test_both_dialects_give_the_same_list(server: Tenant) -> None:
    fill(server, 3)

    assert server.http.get(server.guide_flows).json() == server.http.get(server.flows).json()


def test_every_spelling_of_the_account_is_one_account(server: Tenant) -> None:
    server.create("One")
    spellings = {
        server.account_id,
        server.account_id.upper(),
        server.account_id.replace("-", ""),
        server.account_id.replace("-", "", 2),
    }

    bodies = {
        server.http.get(server.flows.replace(server.account_id, spelling)).content
        for spelling in spellings
    }

    assert len(bodies) == 1


@pytest.mark.parametrize("dialect", ["flows", "guide_flows"])
@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("0", 1010),
        ("1001", 1010),
        ("-1", 1010),
        ("9" * 40, 1010),
        ("ten", 1000),
        ("", 1000),
        ("1.5", 1000),
        ("1e2", 1000),
        ("٣", 1000),
        ("0x10", 1000),
    ],
)
def test_a_limit_that_is_no_number_or_out_of_range_is_told_apart(
    server: Tenant, dialect: str, limit: str, code: int
) -> None:
    response = server.http.get(getattr(server, dialect), params={"limit": limit})

    assert response.status_code == 400
    assert response.json()["code"] == code
    assert "limit must be an integer from 1 to 1000" in response.json()["message"]


def test_without_a_limit_a_page_has_a_hundred_flows_and_at_most_a_thousand(server: Tenant) -> None:
    with opened(server.database_url) as db:
        db.run_now(_create_many, server.account_id, server.channel_id, 1001)

    assert len(server.http.get(server.flows).json()["flows"]) == 100
    assert len(server.http.get(f"{server.flows}?limit=1000").json()["flows"]) == 1000
    assert len(server.http.get(f"{server.flows}?limit=1").json()["flows"]) == 1


def test_a_walk_along_the_links_meets_every_flow_once_while_others_come_and_go(
    server: Tenant,
) -> None:
    before = fill(server, 7)
    met: list[str] = []
    address = f"{server.flows}?limit=2"
    while address:
        response = server.http.get(address)
        met += ids(response.json())
        server.create(f"New after {len(met)}")
        if len(met) == 4:
            assert server.http.delete(f"{server.flows}/{before[0]}").status_code == 200
        link = response.links.get("next", {}).get("url", "")
        parts = urlsplit(link)
        address = f"{parts.path}?{parts.query}" if link else ""

    assert met == before


def test_a_list_can_be_narrowed_by_status_and_by_a_part_of_the_name(server: Tenant) -> None:
    server.create("Straße 100%", flowJson="{}")
    published = server.create("Loan_Collection", flowJson=VALID)
    server.http.post(f"{server.flows}/{published}/publish")

    def found(**query: str) -> list[str]:
        response = server.http.get(server.flows, params=query)
        names = [flow["name"] for flow in response.json()["flows"]]
        assert response.headers["x-total-count"] == str(len(names))
        return names

    assert found(status="PUBLISHED") == ["Loan_Collection"]
    assert found(status="DRAFT") == ["Straße 100%"]
    assert found(name="STRASSE") == ["Straße 100%"]
    assert found(name="collection") == ["Loan_Collection"]
    assert found(name="%") == ["Straße 100%"]
    assert found(name="_") == ["Loan_Collection"]
    assert found(name="loan", status="DRAFT") == []
    refused = server.http.get(server.flows, params={"status": "LIVE"})
    assert (refused.status_code, refused.json()["code"]) == (400, 1000)
    assert "one of DRAFT, PUBLISHED, DEPRECATED" in refused.json()["message"]


def test_a_part_of_a_name_longer_than_any_name_is_out_of_range(server: Tenant) -> None:
    refused = server.http.get(server.flows, params={"name": "!" * 201})

    assert (refused.status_code, refused.json()["code"]) == (400, 1010)
    assert server.http.get(server.flows, params={"name": "!" * 200}).status_code == 200


def test_the_next_page_of_a_narrowed_list_is_narrowed_too(server: Tenant) -> None:
    for number in range(3):
        server.create(f"Match {number}")
        server.create(f"Other {number}")

    first = server.http.get(server.flows, params={"name": "match", "limit": "2"})
    second = server.http.get(first.links["next"]["url"])

    names = [flow["name"] for flow in first.json()["flows"] + second.json()["flows"]]
    assert names == ["Match 2", "Match 1", "Match 0"]
    assert "next" not in second.links


@pytest.mark.parametrize("cursor", ["", "x", "bm90aGluZw", "YmVsb3c6LTE", "é", "YmVsb3c6MQ==\n"])
def test_a_cursor_that_is_none_is_refused(server: Tenant, cursor: str) -> None:
    response = server.http.get(server.flows, params={"after": cursor})

    assert response.status_code == 400
    assert response.json()["code"] == 1000
    assert "after must be the cursor" in response.json()["message"]


def test_an_unchanged_list_is_not_sent_again(server: Tenant) -> None:
    server.create("One")
    first = server.http.get(server.flows)
    tag = first.headers["etag"]

    for sent in (tag, f'W/{tag}, "x"', "*"):
        again = server.http.get(server.flows, headers={"If-None-Match": sent})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
    server.create("Two")
    changed = server.http.get(server.flows, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("change", ["rename", "publish", "delete"])
def test_every_change_shows_in_the_very_next_list(server: Tenant, change: str) -> None:
    flow = server.create("Before", flowJson=VALID)
    for _ in range(3):
        assert server.http.get(server.flows).json()["flows"][0]["name"] == "Before"

    address = f"{server.flows}/{flow}"
    if change == "rename":
        server.http.put(address, json={"name": "After"})
    elif change == "publish":
        server.http.post(f"{address}/publish")
    else:
        server.http.delete(address)

    expected = {
        "rename": [{"id": flow, "name": "After", "status": "DRAFT"}],
        "publish": [{"id": flow, "name": "Before", "status": "PUBLISHED"}],
        "delete": [],
    }
    assert server.http.get(server.flows).json() == {"flows": expected[change]}


def test_a_head_request_tells_the_headers_of_a_list_alone(server: Tenant) -> None:
    server.create("One")

    head = server.http.head(server.flows)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["x-total-count"] == "1"
    assert head.headers["content-length"] == server.http.get(server.flows).headers["content-length"]


def _create_many(tx: Transaction, account_id: str, channel_id: str, count: int) -> None:
    for number in range(count):
        content = Content(name=f"Flow {number}", categories=["OTHER"])
        lifecycle.create(tx, account_id, channel_id, content)
