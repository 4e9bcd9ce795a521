"""Submissions over HTTP: listed page by page, filtered, shown, covered and deleted."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from harness.answers import FLOW, insert_many, record_all, submission
from harness.servers import Tenant, client, opened

from waflows.storage.submissions import Submission

DAY = 24 * 3600 * 1000
MARCH = 1_772_323_200_000  # 2026-03-01T00:00:00Z


def path(tenant: Tenant, rest: str = "") -> str:
    return f"/api/v1/accounts/{tenant.account_id}/submissions{rest}"


def keep(tenant: Tenant, *answers: dict[str, Any]) -> list[Submission]:
    """Submissions of the tenant; each says what is special about it."""
    own = {"channel_id": tenant.channel_id}
    made = [submission(tenant.account_id, **(own | each)) for each in answers]
    with opened(tenant.database_url) as db:
        assert all(db.run_now(record_all, made))
    return made


def listed(tenant: Tenant, http: httpx2.Client | None = None, /, **query: Any) -> dict[str, Any]:
    response = (http or tenant.http).get(path(tenant), params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["id"] for each in answer["submissions"]]


def test_a_submission_is_shown_with_all_that_is_known_of_it(server: Tenant) -> None:
    kept = keep(server, {"submitted_at": MARCH, "fields": {"name": "Ines", "rating": 5}})[0]
    shown = {
        "id": kept.id,
        "submittedAt": "2026-03-01T00:00:00Z",
        "msisdn": kept.msisdn,
        "channelId": server.channel_id,
        "subAccountId": "sub",
        "flowId": FLOW,
        "flowRevision": 1,
        "messageUmid": kept.message_umid,
        "answerUmid": kept.answer_umid,
        "flowToken": "token",
        "fields": {"name": "Ines", "rating": 5},
    }

    response = server.http.get(path(server, f"/{kept.id}"))

    assert response.json() == shown
    assert response.headers["cache-control"] == "private, no-store"
    assert listed(server) == {
        "submissions": [shown],
        "columns": [],
        "total": 1,
        "totalIsExact": True,
    }


def test_an_account_without_answers_has_an_empty_list(server: Tenant) -> None:
    assert listed(server, flowId="1") == {
        "submissions": [],
        "columns": [],
        "total": 0,
        "totalIsExact": True,
    }


def test_the_list_of_one_flow_names_its_columns(server: Tenant) -> None:
    keep(server, {"fields": {"b": 1}}, {"fields": {"a": 1, "b": 2}}, {"flow_id": "2"})

    assert listed(server, flowId=FLOW)["columns"] == ["b", "a"]


def test_a_walk_along_the_links_meets_every_submission_once_and_keeps_its_filters(
    server: Tenant,
) -> None:
    kept = keep(server, *({"submitted_at": at} for at in range(7)), {"flow_id": "2"})
    met: list[str] = []
    address = f"{path(server)}?limit=2&flowId={FLOW}&from=1970-01-01"
    while address:
        response = server.http.get(address)
        met += ids(response.json())
        keep(server, {"submitted_at": MARCH})
        parts = urlsplit(response.links.get("next", {}).get("url", ""))
        assert not parts.query or parse_qs(parts.query)["limit"] == ["2"]
        address = f"{parts.path}?{parts.query}" if parts.path else ""

    assert met == [each.id for each in reversed(kept[:7])]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"from": "2026-03-02"}, ["third", "second"]),
        ({"to": "2026-03-01"}, ["first"]),
        ({"from": "2026-03-02", "to": "2026-03-02"}, ["second"]),
        ({"from": "2026-03-02T00:00:00.000Z", "to": "2026-03-03T00:00:00Z"}, ["second"]),
        ({"from": "2026-03-02T03:00:00+03:00"}, ["third", "second"]),
        ({"from": "2026-03-02T00:00:00.001"}, ["third"]),
        ({"from": "2027-01-01"}, []),
        ({"from": "2026-03-03", "to": "2026-03-01"}, []),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_date_narrows_the_list_and_counts_as_a_whole_day(
    server: Tenant, query: dict[str, str], expected: list[str]
) -> None:
    days = {"first": MARCH, "second": MARCH + DAY, "third": MARCH + 2 * DAY}
    keep(server, *({"submitted_at": at, "fields": {"is": word}} for word, at in days.items()))

    answer = listed(server, **query)

    assert [each["fields"]["is"] for each in answer["submissions"]] == expected
    assert (answer["total"], answer["totalIsExact"]) == (len(expected), True)


def test_a_plus_sign_that_was_not_encoded_is_understood(server: Tenant) -> None:
    kept = keep(server, {"msisdn": "+351910000001", "submitted_at": MARCH})[0]

    for spelling in ("+351910000001", "%2B351910000001", "351910000001"):
        response = server.http.get(f"{path(server)}?msisdn={spelling}")
        assert ids(response.json()) == [kept.id], spelling
    response = server.http.get(f"{path(server)}?from=2026-03-01T02:00:00+02:00")
    assert ids(response.json()) == [kept.id]


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"from": "yesterday"}, 1000, "from must be a date"),
        ({"to": "2026-02-30"}, 1000, "to must be a date"),
        ({"to": "9999-12-31"}, 1000, "to must be a date"),
        ({"msisdn": "Ines"}, 1000, "msisdn must be a phone number"),
        ({"cursor": "nonsense"}, 1000, "cursor must be"),
        ({"cursor": "é"}, 1000, "cursor must be"),
        ({"limit": "0"}, 1010, "limit must be an integer from 1 to 1000"),
        ({"limit": "1001"}, 1010, "limit must be an integer from 1 to 1000"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_wrong_parameter_is_told_with_what_would_be_right(
    server: Tenant, query: dict[str, str], code: int, words: str
) -> None:
    response = server.http.get(path(server), params=query)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert words in response.json()["message"]


def test_a_key_limited_to_a_channel_sees_its_answers_alone(server: Tenant) -> None:
    elsewhere = server.new_channel()
    hidden, seen = keep(server, {}, {"channel_id": elsewhere, "flow_id": "2"})
    key = server.new_key(channel_ids=[elsewhere])
    with client(server.url, key) as limited:
        assert listed(server, limited) | {"submissions": []} == {
            "submissions": [],
            "columns": [],
            "total": 1,
            "totalIsExact": True,
        }
        assert ids(listed(server, limited)) == [seen.id]
        assert ids(listed(server, limited, flowId=FLOW)) == []
        assert ids(listed(server, limited, msisdn=hidden.msisdn)) == []
        assert limited.get(path(server, f"/{seen.id}")).status_code == 200
        assert limited.get(path(server, f"/{hidden.id}")).status_code == 404
        assert limited.delete(path(server, f"/{hidden.id}")).status_code == 404
        refused = limited.get(path(server), params={"channelId": server.channel_id})
        assert (refused.status_code, refused.json()["code"]) == (403, 1201)
        exported = limited.get(path(server, ".jsonl")).text
        assert seen.id in exported
        assert hidden.id not in exported
        gone = limited.delete(path(server), params={"msisdn": hidden.msisdn})
        assert gone.json()["submissions"] == 0

    assert sorted(ids(listed(server))) == sorted([hidden.id, seen.id])


def test_a_deleted_submission_is_gone_and_no_more_counted(server: Tenant) -> None:
    first, second = keep(server, {}, {})

    response = server.http.delete(path(server, f"/{first.id}"))

    assert (response.status_code, response.content) == (204, b"")
    assert server.http.get(path(server, f"/{first.id}")).status_code == 404
    assert server.http.delete(path(server, f"/{first.id}")).status_code == 404
    assert ids(listed(server)) == [second.id]
    assert listed(server)["total"] == 1


def test_all_that_a_person_sent_is_deleted_and_told(server: Tenant, other: Tenant) -> None:
    one, two = "+351910000001", "+351910000002"
    keep(server, {"msisdn": one}, {"msisdn": one, "flow_id": "2"})
    kept = keep(server, {"msisdn": two})[0]
    foreign = keep(other, {"msisdn": one})[0]

    response = server.http.delete(path(server), params={"msisdn": one})

    assert response.status_code == 200
    assert response.json()["submissions"] == 2
    assert ids(listed(server)) == [kept.id]
    assert ids(listed(other)) == [foreign.id]


def test_nobody_deletes_everybody_by_leaving_the_number_out(server: Tenant) -> None:
    keep(server, {})

    response = server.http.delete(path(server))

    assert (response.status_code, response.json()["code"]) == (400, 1000)
    assert listed(server)["total"] == 1


def test_more_than_the_counters_know_is_said_to_be_at_least_that_many(server: Tenant) -> None:
    with opened(server.database_url) as db:
        db.run_now(insert_many, server.account_id, server.channel_id, 1500)

    total = listed(server, limit=1)
    narrowed = listed(server, limit=1, **{"from": "1970-01-01"})

    assert (total["total"], total["totalIsExact"]) == (1500, True)
    assert (narrowed["total"], narrowed["totalIsExact"]) == (1000, False)


def test_to_a_masked_key_values_and_numbers_are_covered_in_the_same_shape(server: Tenant) -> None:
    answer = {
        "name": "SECRET Ines",
        "age": 34,
        "agreed": True,
        "topics": ["SECRET one", "SECRET two"],
        "photo": [{"file_name": "SECRET.png", "size": 5}],
        "nothing": None,
    }
    kept = keep(
        server, {"msisdn": "+351910001234", "fields": answer, "flow_token": "SECRET token"}
    )[0]
    covered = {
        "name": "***",
        "age": "***",
        "agreed": "***",
        "topics": ["***", "***"],
        "photo": [{"file_name": "***", "size": "***"}],
        "nothing": "***",
    }
    with client(server.url, server.new_key(masked=True)) as masked:
        shown = masked.get(path(server, f"/{kept.id}")).json()
        answers = [
            masked.get(path(server, rest)).text for rest in ("", ".csv", ".jsonl", f"/{kept.id}")
        ]
        listed_covered = listed(server, masked, flowId=FLOW)
        line = masked.get(path(server, ".jsonl")).json()

    assert (shown["fields"], shown["flowToken"]) == (covered, "***")
    assert shown["msisdn"] == "+35191000xxxx"
    assert shown["id"] == kept.id
    assert listed_covered["submissions"] == [shown]
    assert listed_covered["columns"] == list(answer)
    assert line == shown
    for text in answers:
        assert "SECRET" not in text
        assert "1234" not in text.replace(kept.id, "").replace(kept.message_umid, "").replace(
            kept.answer_umid, ""
        )
        assert "*" in text


def test_a_masked_key_may_not_ask_whose_answers_there_are(server: Tenant) -> None:
    kept = keep(server, {"msisdn": "+351910001234"})[0]
    number = {"msisdn": kept.msisdn}
    with client(server.url, server.new_key(masked=True)) as masked:
        faces = [
            masked.request(method, path(server, rest), params=number)
            for method, rest in (("GET", ""), ("GET", ".csv"), ("GET", ".jsonl"), ("DELETE", ""))
        ]
        assert [(face.status_code, face.json()["code"]) for face in faces] == [(403, 1201)] * 4

    assert ids(listed(server)) == [kept.id]


def test_a_key_limited_to_a_sub_account_sees_its_answers_alone(server: Tenant) -> None:
    theirs, own = keep(server, {}, {"sub_account_id": server.sub_account_id})
    with client(server.url, server.new_key(sub_account_ids=[server.sub_account_id])) as limited:
        for query in ({}, {"flowId": FLOW}, {"channelId": server.channel_id}):
            answer = listed(server, limited, **query)
            assert (ids(answer), answer["total"]) == ([own.id], 1), query
        assert limited.get(path(server, f"/{theirs.id}")).status_code == 404
        assert theirs.id not in limited.get(path(server, ".csv")).text
