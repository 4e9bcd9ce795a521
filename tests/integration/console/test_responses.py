"""What users sent, in the console: the table, its filters, its pages, the file, deleting."""

from __future__ import annotations

import csv
import io

import pytest
from harness.answers import insert_many
from harness.console import post, signed_in
from harness.flow_json import VALID
from harness.servers import Tenant, opened
from integration.api.test_submissions import DAY, MARCH, keep, listed

# The queries are proved on both engines through the API; here it is the pages.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

HOME = "/console/responses"


def test_the_table_of_a_flow_has_a_column_for_each_field(server: Tenant) -> None:
    flow = server.create("Feedback <b>", flowJson=VALID)
    fields = {"name": "<script>alert(1)</script>", "topics": ["a", "b"], "photo": [{"id": 1}]}
    kept = keep(server, {"flow_id": flow, "fields": fields, "submitted_at": MARCH})[0]
    keep(server, {"fields": {"other": "elsewhere"}})
    with signed_in(server.url, server.api_key) as http:
        every = http.get(HOME).text
        one = http.get(HOME, params={"flow": flow}).text

    for text in (every, one):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "<script>alert" not in text
        assert "Feedback &lt;b&gt;" in text
    assert '<th scope="col">topics</th>' in one
    assert "<td>a, b</td>" in one
    assert "[{&#34;id&#34;:1}]" in one
    assert kept.msisdn in one
    assert "2026-03-01 00:00" in one
    assert "elsewhere" in every
    assert "elsewhere" not in one


def test_responses_are_narrowed_by_date_and_channel_and_leafed_through(server: Tenant) -> None:
    elsewhere = server.new_channel()
    with opened(server.database_url) as db:
        db.run_now(insert_many, server.account_id, server.channel_id, 60)
    keep(
        server,
        {"channel_id": elsewhere, "flow_id": "2", "fields": {"in": "another channel"}},
        {"flow_id": "3", "submitted_at": MARCH, "fields": {"on": "the first of March"}},
        {"flow_id": "3", "submitted_at": MARCH + DAY, "fields": {"on": "the second"}},
    )
    with signed_in(server.url, server.api_key) as http:
        march = http.get(HOME, params={"from": "2026-03-01", "to": "2026-03-01"}).text
        channel = http.get(HOME, params={"channel": elsewhere}).text
        first = http.get(HOME).text
        older = first.split('<a rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = http.get(older).text
        wrong = http.get(HOME, params={"from": "soon"})
        nothing = http.get(HOME, params={"from": "2030-01-01"}).text

    assert "the first of March" in march
    assert "the second" not in march
    assert "another channel" in channel
    assert "March" not in channel
    assert (first.count("Details</a>"), second.count("Details</a>")) == (50, 13)
    assert "Older" not in second
    assert f'href="{HOME}?"' in second
    assert wrong.status_code == 400
    assert "from must be a date" in wrong.text
    assert "No matching responses." in nothing


def test_the_file_is_for_spreadsheets_and_of_the_same_selection(server: Tenant) -> None:
    keep(server, {"flow_id": "2", "fields": {"name": "José"}}, {"flow_id": "3"})
    with signed_in(server.url, server.api_key) as http:
        response = http.get(f"{HOME}.csv", params={"flow": "2"})

    assert response.headers["content-type"].startswith("text/csv")
    assert response.content.startswith(b"\xef\xbb\xbfid,")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 2
    assert rows[1][rows[0].index("name")] == "José"


def test_to_a_masked_key_nothing_of_an_answer_is_shown(server: Tenant) -> None:
    kept = keep(server, {"fields": {"name": "SECRET"}, "msisdn": "+351910001234"})[0]
    with signed_in(server.url, server.new_key(masked=True)) as http:
        pages = [
            http.get(address).text
            for address in (
                HOME,
                f"{HOME}?flow={kept.flow_id}",
                f"{HOME}.csv",
                f"{HOME}/{kept.id}",
                f"{HOME}/{kept.id}/delete",
            )
        ]

    for text in pages:
        assert "SECRET" not in text
        assert kept.msisdn not in text
        assert "+35191000xxxx" in text


def test_a_key_limited_to_a_channel_is_shown_its_responses_alone(server: Tenant) -> None:
    elsewhere = server.new_channel()
    keep(server, {"fields": {"is": "hidden"}}, {"channel_id": elsewhere, "flow_id": "2"})
    with signed_in(server.url, server.new_key(channel_ids=[elsewhere])) as http:
        text = http.get(HOME).text
        refused = http.get(HOME, params={"channel": server.channel_id})

    assert "hidden" not in text
    assert text.count("Details</a>") == 1
    assert refused.status_code == 403


def test_a_response_is_shown_in_full_and_deleted_once_it_is_sure(server: Tenant) -> None:
    long = "word " * 200
    kept = keep(server, {"fields": {"comment": long}})[0]
    with signed_in(server.url, server.api_key) as http:
        assert long not in http.get(HOME).text
        assert long in http.get(f"{HOME}/{kept.id}").text
        assert "This cannot be undone" in http.get(f"{HOME}/{kept.id}/delete").text
        assert listed(server)["total"] == 1
        done = post(http, f"{HOME}/{kept.id}/delete", {"sure": "yes"})
        assert done.status_code == 303
        assert "The response was deleted." in http.get(done.headers["location"]).text
        assert http.get(f"{HOME}/{kept.id}").status_code == 404

    assert listed(server)["total"] == 0
