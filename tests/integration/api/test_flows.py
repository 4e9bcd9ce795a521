"""The life of a flow over HTTP, in the reference dialect."""

from __future__ import annotations

import re
from typing import Any

import pytest
from harness.flow_json import VALID, valid_flow
from harness.servers import Tenant

TEXT = "\r\n\t" + valid_flow("é \U0001f600").replace("Only", "\\u004fnly") + "  \n"


def json_of(server: Tenant, flow: str) -> bytes:
    """The text behind a flow's flowJsonUrl, fetched without a key."""
    url = server.http.get(f"{server.flows}/{flow}").json()["flowJsonUrl"]
    response = server.http.get(url, headers={"Authorization": ""})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    return response.content


def details(server: Tenant, flow: str, fields: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = server.http.get(
        f"{server.flows}/{flow}", params={"fields": fields} if fields else {}
    ).json()
    return answer


def refused(response: Any, status: int, code: int, words: str) -> None:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert words in body["message"]


def test_a_created_flow_is_a_draft_with_an_id_of_digits(server: Tenant) -> None:
    response = server.http.post(
        server.flows, json={"name": "Loan Collection", "categories": ["LEAD_GENERATION", "OTHER"]}
    )

    assert response.status_code == 200
    flow = response.json()["id"]
    assert response.json() == {"id": flow, "success": True}
    assert re.fullmatch(r"[1-9][0-9]{14,16}", flow)
    shown = details(server, flow)
    shown.pop("flowJsonUrl", None)
    assert shown == {
        "flowId": flow,
        "name": "Loan Collection",
        "status": "DRAFT",
        "categories": ["LEAD_GENERATION", "OTHER"],
    }


def test_flow_json_comes_back_byte_for_byte(server: Tenant) -> None:
    for number, text in enumerate([TEXT, "\ufeff" + TEXT, "{}", "null", ' "a string" ', "[1e999]"]):
        flow = server.create(f"Text {number}", flowJson=text)
        assert json_of(server, flow) == text.encode("utf-8")


def test_text_that_is_not_json_is_refused_with_its_place_and_makes_no_flow(server: Tenant) -> None:
    for text, words in [
        ('{"version": }', "line 1, column 13"),
        ('{\n"a": 1,\n}', "line 2, column 7"),
        ("", "line 1, column 1"),
        ('{"a": NaN}', "NaN is not a JSON value"),
        ("[" * 100_000, "nested too deeply"),
    ]:
        response = server.http.post(
            server.flows, json={"name": "Broken", "categories": ["OTHER"], "flowJson": text}
        )
        refused(response, 400, 1000, "Invalid flowJson")
        assert words in response.json()["message"]
    assert server.http.get(server.flows).json() == {"flows": []}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, 1000, "name is required: a string."),
        ({"name": "x"}, 1000, "categories is required: a list, each item one of SIGN_UP"),
        ({"name": 1, "categories": ["OTHER"]}, 1000, "name must be a string, not an integer."),
        ({"name": "x", "categories": "OTHER"}, 1000, "categories must be a list"),
        ({"name": "x", "categories": []}, 1010, "at least one category"),
        ({"name": "x", "categories": ["FUN"]}, 1000, "not 'FUN'"),
        ({"name": "", "categories": ["OTHER"]}, 1010, "1 to 200 characters long, not 0"),
        ({"name": "x" * 201, "categories": ["OTHER"]}, 1010, "not 201"),
        ({"name": "a\nb", "categories": ["OTHER"]}, 1000, "printable"),
        ({"name": "x", "categories": ["OTHER"], "publish": "yes"}, 1000, "publish must be true or"),
        ({"name": "x", "categories": ["OTHER"], "flowJson": {}}, 1000, "flowJson must be a string"),
        ({"name": "x", "categories": ["OTHER"], "endPointUri": "ftp://h"}, 1000, "endPointUri"),
        (
            {"name": "x", "categories": ["OTHER"], "endpointUri": "https://h"},
            1000,
            "the field is spelled 'endPointUri'",
        ),
        ({"name": "x", "categories": ["OTHER"], "cloneFlowId": "1"}, 1008, "cloneFlowId '1'"),
        (
            {"name": "x", "categories": ["OTHER"], "cloneFlowId": "1", "flowJson": "{}"},
            1000,
            "flowJson or cloneFlowId, not both",
        ),
        ({"name": "x", "categories": ["OTHER"], "publish": True}, 1000, "it has no Flow JSON"),
    ],
)
def test_a_bad_create_says_which_field_and_what_would_be_right_and_makes_nothing(
    server: Tenant, body: dict[str, Any], code: int, words: str
) -> None:
    response = server.http.post(server.flows, json=body)

    refused(response, 400, code, words)
    assert server.http.get(server.flows).json() == {"flows": []}


def test_null_counts_as_left_out(server: Tenant) -> None:
    nulls = dict.fromkeys(("publish", "flowJson", "cloneFlowId", "endPointUri", "applicationId"))

    flow = server.create("Nulls", **nulls)

    assert server.status_of(flow) == "DRAFT"


def test_a_name_is_taken_once_in_a_channel_and_free_in_another(server: Tenant) -> None:
    server.create("Twice")

    again = server.http.post(server.flows, json={"name": "Twice", "categories": ["OTHER"]})

    refused(again, 400, 1000, "Flow name must be unique")
    elsewhere = server.flows.replace(server.channel_id, server.new_channel())
    body = {"name": "Twice", "categories": ["OTHER"]}
    assert server.http.post(elsewhere, json=body).status_code == 200
    other = server.create("Other")
    rename = server.http.put(f"{server.flows}/{other}", json={"name": "Twice"})
    refused(rename, 400, 1000, "Flow name must be unique")
    assert server.http.put(f"{server.flows}/{other}", json={"name": "Other"}).status_code == 200


def test_an_update_changes_what_it_names_and_keeps_earlier_texts(server: Tenant) -> None:
    flow = server.create("Draft", flowJson='{"n": 1}', endPointUri="https://example.org/flow")
    address = f"{server.flows}/{flow}"

    second = valid_flow("Second")
    for body in ({"flowJson": second}, {"flowJson": second}, {"name": "Renamed"}):
        response = server.http.put(address, json=body)
        assert response.json() == {"id": flow, "success": True}

    shown = details(server, flow, "endPointUri,revision,applicationId,createdAt,updatedAt")
    assert shown["name"] == "Renamed"
    assert shown["endPointUri"] == "https://example.org/flow"
    assert shown["applicationId"] is None
    assert shown["revision"] == 2
    assert json_of(server, flow) == second.encode()
    listed = server.http.get(f"{address}/revisions").json()["revisions"]
    assert [revision["revision"] for revision in listed] == [2, 1]
    assert server.http.get(f"{address}/revisions/1").content == b'{"n": 1}'
    refused(server.http.get(f"{address}/revisions/3"), 404, 1300, "no revision 3")


def test_an_update_needs_something_to_change(server: Tenant) -> None:
    flow = server.create("Draft")

    for body in ({}, {"name": None}, {"colour": "red"}):
        refused(server.http.put(f"{server.flows}/{flow}", json=body), 400, 1000, "at least one of")


def test_an_update_that_fails_changes_nothing(server: Tenant) -> None:
    flow = server.create("Draft", flowJson='{"n": 1}')

    response = server.http.put(
        f"{server.flows}/{flow}", json={"name": "New", "categories": ["SURVEY"], "flowJson": "{"}
    )

    refused(response, 400, 1000, "Invalid flowJson")
    shown = details(server, flow, "revision")
    assert (shown["name"], shown["categories"], shown["revision"]) == ("Draft", ["OTHER"], 1)


def test_a_clone_takes_json_endpoint_and_application_but_not_name_or_status(server: Tenant) -> None:
    source = server.create(
        "Source", flowJson=TEXT, endPointUri="https://example.org/flow", applicationId="app-1"
    )
    server.http.post(f"{server.flows}/{source}/publish")

    clone = server.create("Clone", cloneFlowId=source)

    assert server.status_of(clone) == "DRAFT"
    assert json_of(server, clone) == TEXT.encode("utf-8")
    shown = details(server, clone, "endPointUri,applicationId")
    assert shown["endPointUri"] == "https://example.org/flow"
    assert shown["applicationId"] == "app-1"


def test_publishing_goes_one_way(server: Tenant) -> None:
    flow = server.create("Final", flowJson=VALID)
    address = f"{server.flows}/{flow}"

    published = server.http.post(f"{address}/publish")

    assert (published.status_code, published.content) == (200, b"")
    assert server.status_of(flow) == "PUBLISHED"
    for response in (
        server.http.post(f"{address}/publish"),
        server.http.put(address, json={"name": "Changed"}),
        server.http.delete(address),
    ):
        refused(response, 400, 1000, "Flow must be in DRAFT status")
    assert details(server, flow)["name"] == "Final"


def test_a_flow_can_be_published_as_it_is_created_or_updated(server: Tenant) -> None:
    created = server.create("At once", flowJson=VALID, publish=True)
    draft = server.create("Later")
    server.http.put(f"{server.flows}/{draft}", json={"flowJson": VALID, "publish": True})

    assert server.status_of(created) == server.status_of(draft) == "PUBLISHED"


def test_a_flow_without_json_cannot_be_published(server: Tenant) -> None:
    flow = server.create("Empty")

    refused(server.http.post(f"{server.flows}/{flow}/publish"), 400, 1000, "it has no Flow JSON")
    assert server.status_of(flow) == "DRAFT"


def test_only_a_published_flow_can_be_deprecated_and_it_stays_so(server: Tenant) -> None:
    flow = server.create("Old", flowJson=VALID)
    address = f"{server.flows}/{flow}"
    refused(server.http.post(f"{address}/deprecate"), 400, 1000, "Flow is not published")
    server.http.post(f"{address}/publish")

    deprecated = server.http.post(f"{address}/deprecate")

    assert (deprecated.status_code, deprecated.content) == (200, b"")
    assert server.status_of(flow) == "DEPRECATED"
    refused(server.http.post(f"{address}/deprecate"), 400, 1000, "Flow is not published")
    refused(server.http.post(f"{address}/publish"), 400, 1000, "Flow must be in DRAFT status")
    refused(server.http.delete(address), 400, 1000, "Flow must be in DRAFT status")


def test_a_deleted_draft_is_gone_with_its_links_and_frees_its_name(server: Tenant) -> None:
    flow = server.create("Gone", flowJson="{}")
    address = f"{server.flows}/{flow}"
    links = [
        details(server, flow)["flowJsonUrl"],
        server.http.get(f"{address}/preview").json()["preview_url"],
    ]

    deleted = server.http.delete(address)

    assert (deleted.status_code, deleted.content) == (200, b"")
    for response in (server.http.get(address), server.http.delete(address)):
        refused(response, 404, 1300, "Flow not found")
    for link in links:
        refused(server.http.get(link), 404, 1300, "This link is not valid")
    server.create("Gone")


def test_a_preview_link_lives_48_hours_opens_without_a_key_and_can_be_replaced(
    server: Tenant,
) -> None:
    flow = server.create("Preview", flowJson="{}")
    address = f"{server.flows}/{flow}/preview"

    first = server.http.get(address).json()
    again = server.http.get(address).json()
    fresh = server.http.get(address, params={"refresh": "true"}).json()

    assert set(first) == {"id", "preview_url", "expires_at"}
    assert first["id"] == flow
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", first["expires_at"])
    assert again == first
    assert fresh["preview_url"] != first["preview_url"]
    anonymous = {"Authorization": ""}
    assert server.http.get(fresh["preview_url"], headers=anonymous).status_code == 200
    refused(server.http.get(first["preview_url"], headers=anonymous), 404, 1300, "not valid")


def test_a_link_answers_only_to_its_own_token(server: Tenant) -> None:
    one = server.create("One", flowJson='{"one": 1}')
    two = server.create("Two", flowJson='{"two": 2}')
    link = details(server, one)["flowJsonUrl"]
    token = link.split("token=")[1]

    for address in (
        link.replace(one, two),
        link.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B")),
        link.replace(token, "9" + token),
        link.split("?")[0],
    ):
        refused(server.http.get(address), 404, 1300, "This link is not valid")


def test_ten_megabytes_of_flow_json_are_taken_and_more_refused(server: Tenant) -> None:
    most = '{"a":"' + "x" * (10 * 1024 * 1024 - 8) + '"}'
    flow = server.create("Large", flowJson=most)
    assert json_of(server, flow) == most.encode()

    body = {"name": "Larger", "categories": ["OTHER"], "flowJson": most + " "}
    refused(server.http.post(server.flows, json=body), 400, 1010, "at most 10485760 bytes")
