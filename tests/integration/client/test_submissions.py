"""Submissions through both clients, against a running server."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from harness.answers import FLOW, insert_many
from harness.scripted import scripted
from harness.servers import Tenant, opened
from integration.api.test_submissions import DAY, MARCH, keep

from waflows.client import (
    ConnectionFailed,
    Forbidden,
    InvalidCall,
    InvalidParameter,
    NotFound,
    Submission,
)


def test_a_submission_is_read_shown_and_deleted(client: Any, server: Tenant) -> None:
    kept = keep(server, {"submitted_at": MARCH, "fields": {"name": "Ines", "no": None}})[0]

    found = client.submission(kept.id)

    assert found == Submission(
        id=kept.id,
        submitted_at=datetime(2026, 3, 1, tzinfo=UTC),
        msisdn=kept.msisdn,
        channel_id=server.channel_id,
        sub_account_id="sub",
        flow_id=FLOW,
        flow_revision=1,
        message_umid=kept.message_umid,
        answer_umid=kept.answer_umid,
        flow_token="token",
        fields={"name": "Ines", "no": None},
    )
    assert list(client.submissions()) == [found]
    assert client.delete_submission(kept.id) is None
    with pytest.raises(NotFound):
        client.submission(kept.id)


def test_every_submission_is_walked_through_page_by_page(client: Any, server: Tenant) -> None:
    kept = keep(server, *({"submitted_at": at} for at in range(5)))

    assert [each.id for each in client.submissions(page_size=2)] == [
        each.id for each in reversed(kept)
    ]
    page = client.submission_page(2, flow=FLOW)
    assert (page.columns, page.total, page.total_is_exact) == (["name"], 5, True)
    assert [each.id for each in client.submission_page(9, after=page.next).submissions] == [
        each.id for each in kept[2::-1]
    ]


def test_submissions_are_narrowed_by_every_filter(client: Any, server: Tenant) -> None:
    other_channel = server.new_channel()
    first, second, third = keep(
        server,
        {"submitted_at": MARCH},
        {"submitted_at": MARCH + DAY, "flow_id": "2"},
        {"submitted_at": MARCH + 2 * DAY, "channel_id": other_channel, "flow_id": "3"},
    )

    def found(**filters: Any) -> list[str]:
        return [each.id for each in client.submissions(**filters)]

    assert found(flow="2") == [second.id]
    assert found(channel=other_channel) == [third.id]
    assert found(msisdn=first.msisdn) == [first.id]
    assert found(since=date(2026, 3, 2)) == [third.id, second.id]
    assert found(until="2026-03-01") == [first.id]
    assert found(since=datetime(2026, 3, 2), until=datetime(2026, 3, 3, tzinfo=UTC)) == [second.id]
    assert found(flow=None, since=None) == [third.id, second.id, first.id]
    with pytest.raises(InvalidParameter, match="from must be a date"):
        found(since="yesterday")


def test_an_export_comes_in_pieces(client: Any, server: Tenant) -> None:
    with opened(server.database_url) as db:
        db.run_now(insert_many, server.account_id, server.channel_id, 3000)

    pieces = list(client.export_submissions("jsonl", since="1970-01-01"))

    assert len(pieces) > 1
    lines = b"".join(pieces).splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == 3000
    assert b"".join(client.export_submissions(flow="none")).count(b"\r\n") == 1


def test_what_a_person_sent_is_deleted_and_told(client: Any, server: Tenant) -> None:
    kept = keep(server, {}, {"msisdn": "+351910000009"})

    assert client.delete_submissions_of("+351910000009").submissions == 1
    assert [each.id for each in client.submissions()] == [kept[0].id]
    with pytest.raises(InvalidCall):
        client.delete_submissions_of("")


def test_an_export_that_is_refused_says_why(client: Any, connect: Any, server: Tenant) -> None:
    elsewhere = server.new_channel()
    with pytest.raises(InvalidCall, match="csv or jsonl"):
        list(client.export_submissions("xlsx"))
    with pytest.raises(InvalidParameter, match="to must be a date"):
        list(client.export_submissions(until="never"))
    stranger = connect(server.url, server.account_id, server.new_key(channel_ids=[elsewhere]))
    with pytest.raises(Forbidden):
        list(stranger.export_submissions(channel=server.channel_id))


def test_an_export_that_is_cut_off_is_no_whole_one(connect: Any) -> None:
    part = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nid\n\r\n"
    with scripted(part) as cut:
        client = connect(cut.url, "account", "key")
        with pytest.raises(ConnectionFailed):
            list(client.export_submissions())
