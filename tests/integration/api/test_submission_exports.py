"""Exports: of any length, in flat memory, harmless in a spreadsheet, cut off when they fail."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Any

import httpx2
import psutil
import pytest
from harness.answers import FLOW, insert_many
from harness.servers import Tenant, client, opened
from integration.api.test_submissions import MARCH, keep, listed, path

_MEGABYTE = 1024 * 1024


def rows(response: httpx2.Response) -> list[list[str]]:
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.content.decode("utf-8"), newline="")))


def fill(tenant: Tenant, count: int) -> None:
    with opened(tenant.database_url) as db:
        db.run_now(insert_many, tenant.account_id, tenant.channel_id, count)


def test_a_csv_has_a_column_for_each_field(server: Tenant) -> None:
    answers: list[dict[str, Any]] = [
        {"name": 'José "Zé"', "topics": ["a", "b"], "rating": 4.5},
        {"name": "two\nlines, and a comma", "agreed": True, "photo": [{"id": "1"}], "no": None},
    ]
    first, second = keep(
        server, *({"fields": each, "submitted_at": MARCH - n} for n, each in enumerate(answers))
    )

    response = server.http.get(path(server, ".csv"))

    head, *body = rows(response)
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == 'attachment; filename="submissions.csv"'
    assert "content-length" not in response.headers
    fixed = [
        "id",
        "submittedAt",
        "msisdn",
        "channelId",
        "subAccountId",
        "flowId",
        "flowRevision",
        "messageUmid",
        "answerUmid",
        "flowToken",
    ]
    assert head == [*fixed, "name", "topics", "rating", "agreed", "photo", "no", "otherFields"]
    assert body[0][:4] == [first.id, "2026-03-01T00:00:00Z", first.msisdn, server.channel_id]
    assert body[0][10:] == ['José "Zé"', "a; b", "4.5", "", "", "", ""]
    assert body[1][10:] == ["two\nlines, and a comma", "", "", "true", '[{"id":"1"}]', "", ""]
    assert response.content.endswith(b"\r\n")
    assert second.id == body[1][0]


def test_an_export_of_one_flow_has_the_columns_of_that_flow(server: Tenant) -> None:
    keep(server, {"fields": {"a": 1}}, {"flow_id": "2", "fields": {"b": 2}})

    assert rows(server.http.get(path(server, f".csv?flowId={FLOW}")))[0][10:] == [
        "a",
        "otherFields",
    ]
    assert rows(server.http.get(path(server, ".csv")))[0][10:] == ["a", "b", "otherFields"]


def test_a_field_named_like_a_fixed_column_is_told_apart(server: Tenant) -> None:
    keep(server, {"fields": {"msisdn": "1", "otherFields": "2", "=SUM(A1)": "3"}})

    head, row = rows(server.http.get(path(server, ".csv")))

    assert head[10:] == ["fields.msisdn", "fields.otherFields", "'=SUM(A1)", "otherFields"]
    assert row[10:] == ["1", "2", "3", ""]


def test_what_a_spreadsheet_would_compute_is_made_harmless(server: Tenant) -> None:
    formulas = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", " =1+1", "\t1", "\uff1d1+1", "+351 91", "-"]
    numbers = ["-5", "+351910000001", "1", "3.5", "a=b", "", "e@mail"]
    fields = {f"f{n}": text for n, text in enumerate([*formulas, *numbers])}
    keep(server, {"fields": fields | {"list": ["=1", "b"]}, "flow_token": "=cmd"})

    row = rows(server.http.get(path(server, ".csv")))[1]

    assert row[9] == "'=cmd"
    assert row[10:-1] == [*(f"'{text}" for text in formulas), *numbers, "'=1; b"]


def test_nothing_becomes_a_formula_where_cells_are_parted_at_semicolons_or_tabs(
    server: Tenant,
) -> None:
    made_harmless = {
        "1;=2": "1;'=2",
        "1; =2;+3;@x": "1;' =2;+3;'@x",
        "one\n=2": "one\n'=2",
        "\t=1": "'\t'=1",
        "a; -5; -b": "a; -5;' -b",
    }
    fields = {f"f{n}": text for n, text in enumerate(made_harmless)}
    keep(server, {"fields": fields | {"list": ["b", "=1"], "deep": {"a": "1;=2; x"}}})

    row = rows(server.http.get(path(server, ".csv")))[1]

    assert row[10:-3] == list(made_harmless.values())
    assert row[-3] == "b;' =1"
    assert ";=" not in row[-2]
    assert json.loads(row[-2]) == {"a": "1;=2; x"}


def test_json_lines_are_the_submissions_of_the_list_in_its_order(server: Tenant) -> None:
    fill(server, 1203)
    keep(server, {"fields": {"name": "José", "deep": {"a": [1, None]}}, "submitted_at": MARCH})

    response = server.http.get(path(server, ".jsonl"))

    assert response.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in response.content.decode("utf-8").splitlines()]
    first = listed(server, limit=1000)["submissions"]
    assert lines[:1000] == first
    assert len(lines) == 1204
    assert len({line["id"] for line in lines}) == 1204


@pytest.mark.parametrize("count", [0, 499, 500, 501, 1000])
def test_an_export_of_whole_batches_has_neither_more_nor_fewer_rows(
    server: Tenant, count: int
) -> None:
    if count:
        fill(server, count)

    assert len(rows(server.http.get(path(server, ".csv")))) == count + 1
    assert len(server.http.get(path(server, ".jsonl")).content.splitlines()) == count


def test_filters_narrow_an_export_too(server: Tenant) -> None:
    kept = keep(server, {"submitted_at": MARCH}, {"submitted_at": 0}, {"flow_id": "2"})

    text = server.http.get(path(server, f".jsonl?from=2026-03-01&flowId={FLOW}")).text

    assert [json.loads(line)["id"] for line in text.splitlines()] == [kept[0].id]
    refused = server.http.get(path(server, ".csv?from=never"))
    assert (refused.status_code, refused.json()["code"]) == (400, 1000)


def test_a_head_of_an_export_says_what_would_come_and_reads_nothing(server: Tenant) -> None:
    keep(server, {})

    response = server.http.head(path(server, ".csv"))

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"].startswith("text/csv")


def _memory_grows_by(server: Tenant, count: int) -> tuple[float, int]:
    """Megabytes by which the server's memory grew during an export; and the rows exported."""
    fill(server, count)
    process = psutil.Process(server.process.popen.pid)
    # What one export needs for ever, such as compiled statements, is there after the first.
    server.http.get(path(server, ".csv?to=1970-01-02"))
    before = most = process.memory_info().rss
    lines = 0
    with server.http.stream("GET", path(server, ".csv")) as response:
        for chunk in response.iter_raw():
            lines += chunk.count(b"\n")
            most = max(most, process.memory_info().rss)
    return (most - before) / _MEGABYTE, lines


def test_memory_stays_flat_while_a_long_export_runs(server: Tenant) -> None:
    grown, lines = _memory_grows_by(server, 50_000)

    assert lines == 50_001
    assert grown < 25, f"{grown:.1f} MB for an export of 15 MB"


@pytest.mark.soak
def test_memory_stays_flat_while_a_million_answers_are_exported(server: Tenant) -> None:
    begun = time.monotonic()
    grown, lines = _memory_grows_by(server, 1_000_000)
    print(f"1,000,000 rows in {time.monotonic() - begun:.0f} s, memory grew by {grown:.1f} MB")

    assert lines == 1_000_001
    assert grown < 25, f"{grown:.1f} MB for an export of 300 MB"


def test_reading_stops_when_the_client_goes_away(server: Tenant) -> None:
    fill(server, 50_000)
    with client(server.url, server.api_key) as leaving:
        request = leaving.build_request(
            "GET", path(server, ".csv"), headers={"X-Request-Id": f"gone-{server.channel_id}"}
        )
        response = leaving.send(request, stream=True)
        next(response.iter_raw())
        response.close()

    line = server.process.log_line(request_id=f"gone-{server.channel_id}", status=499)

    assert line["path"] == path(server, ".csv")
    assert server.http.get(path(server, "?limit=1")).status_code == 200


def test_an_export_that_fails_halfway_is_cut_off_and_can_be_looked_up(server: Tenant) -> None:
    fill(server, 1500)
    with opened(server.database_url) as db:
        # The oldest row, which is read last, as a fault of the disk would leave it.
        db.run_now(
            lambda tx: tx.execute(
                "UPDATE submissions SET fields = '{' WHERE account_id = ? AND submitted_at = 60000",
                server.account_id,
            )
        )
    request_id = f"cut-{server.channel_id}"

    with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
        server.http.get(path(server, ".csv"), headers={"X-Request-Id": request_id})

    line = server.process.log_line(request_id=request_id, path=path(server, ".csv"))
    found = server.http.get(f"/api/v1/accounts/{server.account_id}/errors/{line['error_id']}")
    assert found.status_code == 200
    assert found.json()["requestId"] == request_id
