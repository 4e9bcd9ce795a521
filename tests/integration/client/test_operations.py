"""The whole surface of both clients, against a running server."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from harness.flow_json import AWKWARD, VALID
from harness.servers import Tenant

from waflows.client import (
    ApiError,
    Category,
    Flow,
    FlowSummary,
    Forbidden,
    InvalidId,
    InvalidParameter,
    NoFlowJson,
    NotAuthenticated,
    NotFound,
    OutOfRange,
    Status,
    WrongAccount,
)


def test_a_flow_is_taken_through_its_whole_life(client: Any, server: Tenant) -> None:
    saved = client.create(
        "Life", [Category.SURVEY, "OTHER"], flow_json=AWKWARD, endpoint_uri="https://e.example/x"
    )
    assert saved.success
    assert saved.validation_errors == []

    flow = client.get(saved.id)
    assert isinstance(flow, Flow)
    assert (flow.id, flow.name, flow.status) == (saved.id, "Life", Status.DRAFT)
    assert flow.categories == ["SURVEY", "OTHER"]
    assert flow.endpoint_uri is None
    assert client.download(saved.id) == AWKWARD

    assert client.update(saved.id, name="Later life", application_id="app-1").id == saved.id
    more = client.get(saved.id, fields=["endPointUri", "applicationId", "revision", "createdAt"])
    assert (more.name, more.endpoint_uri) == ("Later life", "https://e.example/x")
    assert (more.application_id, more.revision) == ("app-1", 1)
    assert abs((datetime.now(UTC) - more.created_at).total_seconds()) < 60

    link = client.preview(saved.id)
    assert link.id == saved.id
    assert link.url.startswith(server.url)
    assert link.expires_at > datetime.now(UTC)
    assert client.preview(saved.id, refresh=True).url != link.url

    assert client.publish(saved.id) is None
    assert client.get(saved.id).status == Status.PUBLISHED
    with pytest.raises(InvalidParameter, match="DRAFT"):
        client.delete(saved.id)
    assert client.deprecate(saved.id) is None
    assert server.status_of(saved.id) == "DEPRECATED"


def test_a_draft_is_deleted(client: Any, server: Tenant) -> None:
    flow_id = server.create("Short-lived")

    assert client.delete(flow_id) is None

    with pytest.raises(NotFound, match=flow_id):
        client.get(flow_id)


def test_a_flow_is_cloned_and_published_in_one_call(client: Any) -> None:
    source = client.create("Source", ["OTHER"], flow_json=AWKWARD)

    clone = client.create("Clone", ["OTHER"], clone_flow_id=source.id, publish=True)

    assert client.download(clone.id) == AWKWARD
    assert client.get(clone.id).status == Status.PUBLISHED


def test_every_revision_can_be_had(client: Any) -> None:
    flow_id = client.create("Revised", ["OTHER"], flow_json=b'{"a": 1}').id
    client.update(flow_id, flow_json='{"a": 2}')

    newest, oldest = client.revisions(flow_id)

    assert (newest.revision, oldest.revision) == (2, 1)
    assert oldest.sha256 == hashlib.sha256(b'{"a": 1}').hexdigest()
    assert oldest.bytes == 8
    assert client.revision(flow_id, 1) == b'{"a": 1}'
    assert client.download(flow_id) == b'{"a": 2}'
    with pytest.raises(NotFound):
        client.revision(flow_id, 3)


def test_all_pages_are_walked_and_each_flow_comes_once(client: Any, server: Tenant) -> None:
    made = [server.create(f"Flow {number}") for number in range(7)]

    found = list(client.flows(page_size=3))

    assert [flow.id for flow in found] == made[::-1]
    assert found[0] == FlowSummary(id=made[-1], name="Flow 6", status="DRAFT")
    assert [flow.id for flow in client.flows()] == made[::-1]


def test_flows_made_while_the_list_is_read_neither_repeat_nor_hide_others(
    client: Any, server: Tenant
) -> None:
    made = [server.create(f"Flow {number}") for number in range(5)]
    walk = client.flows(page_size=2)

    first = next(walk)
    server.create("In between")
    rest = [flow.id for flow in walk]

    assert [first.id, *rest] == made[::-1]


def test_a_page_tells_the_total_and_the_next_page(client: Any, server: Tenant) -> None:
    made = [server.create(f"Flow {number}") for number in range(3)]

    page = client.page(2)
    last = client.page(2, after=page.next)

    assert [flow.id for flow in page.flows + last.flows] == made[::-1]
    assert (page.total, last.total, last.next) == (3, 3, None)
    assert client.page().next is None


def test_the_list_is_narrowed_by_status_and_by_part_of_the_name(
    client: Any, server: Tenant
) -> None:
    server.create("Booking of rooms")
    published = server.create("BOOKING of tables", flowJson=VALID, publish=True)
    server.create("Feedback")

    narrowed = list(client.flows(status=Status.PUBLISHED, name="booking", page_size=1))

    assert [flow.id for flow in narrowed] == [published]
    assert len(list(client.flows(name="Booking", page_size=1))) == 2


def test_an_empty_channel_has_no_flows(client: Any) -> None:
    assert list(client.flows()) == []


def test_another_channel_can_be_named_in_a_call(client: Any, server: Tenant) -> None:
    channel = server.new_channel()

    flow_id = client.create("There", ["OTHER"], channel=channel).id

    assert [flow.id for flow in client.flows(channel=channel)] == [flow_id]
    assert list(client.flows()) == []
    assert client.get(flow_id, channel=channel).name == "There"


def test_a_flow_without_flow_json_has_nothing_to_download(client: Any) -> None:
    flow_id = client.create("Empty", ["OTHER"]).id

    assert client.get(flow_id).flow_json_url is None
    with pytest.raises(NoFlowJson, match=flow_id):
        client.download(flow_id)


def test_each_refusal_of_the_server_arrives_as_its_exception(
    client: Any, connect: Any, server: Tenant, other: Tenant
) -> None:
    where = (server.url, server.account_id)
    reader = connect(*where, server.new_key(read_only=True), server.channel_id)
    stranger = connect(*where, "wf_live_" + "0" * 40, server.channel_id)
    lost = connect(server.url, other.account_id, server.api_key, other.channel_id)
    taken = client.create("Taken", ["OTHER"])
    refused: dict[type[ApiError], Callable[[], Any]] = {
        InvalidParameter: lambda: client.create("Taken", ["OTHER"]),
        InvalidId: lambda: client.create("New", ["OTHER"], clone_flow_id="1"),
        OutOfRange: lambda: client.page(1001),
        Forbidden: lambda: reader.delete(taken.id),
        NotAuthenticated: lambda: next(stranger.flows()),
        WrongAccount: lambda: next(lost.flows()),
        NotFound: lambda: client.publish("1" * 16),
    }
    for kind, call in refused.items():
        with pytest.raises(ApiError) as caught:
            call()
        error = caught.value
        assert type(error) is kind
        assert uuid.UUID(error.error_id)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", error.timestamp)
        assert error.request_id
        assert server.process.log_line(error_id=error.error_id)["request_id"] == error.request_id


def test_the_server_sees_which_client_called(client: Any, server: Tenant) -> None:
    with pytest.raises(NotFound) as caught:
        client.get("1" * 16)

    error = server.http.get(
        f"/api/v1/accounts/{server.account_id}/errors/{caught.value.error_id}"
    ).json()
    assert error["userAgent"].startswith("waflows/")
