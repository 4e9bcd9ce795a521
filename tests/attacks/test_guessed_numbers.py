"""A masked key cannot find the digits it is not shown: every number it tries is answered alike.

The attacker has a masked key that may write, and knows from the list of answers which message
brought which covered number. What is tried here are numbers that differ in the last digits.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from harness.flow_json import VALID
from harness.messages import (
    PERSON,
    flow_message,
    hear,
    template,
    template_message,
    text_message,
)
from harness.servers import Tenant, client, opened, production_server

from waflows.services.accounts import sub_accounts

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

GUESSES = [PERSON, "+6581230000", "+6581239999"]
_CHANGING = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)"
)


def _told(response: httpx2.Response) -> tuple[int, str]:
    """An answer without what differs between any two: ids and times."""
    return response.status_code, _CHANGING.sub("…", response.text)


def _tried(tenant: Tenant, key: str, body: dict[str, Any]) -> set[tuple[int, str]]:
    with client(tenant.url, key) as http:
        return {
            _told(http.post(tenant.messages, json=body | {"user": {"msisdn": number}}))
            for number in GUESSES
        }


@pytest.fixture
def met(server: Tenant) -> Tenant:
    """A tenant to whom one person wrote; the templates can be sent to anybody."""
    hear(server)
    server.http.post(server.templates, json=template("notice"))
    return server


def test_a_quoted_message_does_not_tell_whose_it_is(met: Tenant) -> None:
    umid = met.http.post(met.messages, json=text_message()).json()["umid"]
    key = met.new_key(masked=True)
    for quoted in (umid, hear(met), "00000000-0000-4000-8000-000000000000", "nonsense"):
        for body in (template_message("notice"), text_message()):
            answers = _tried(met, key, body | {"context": {"umid": quoted}})
            assert len(answers) == 1
            [(status, text)] = answers
            assert status == 403
            assert "it may not quote a message" in text


def test_what_may_be_sent_does_not_tell_who_wrote(met: Tenant) -> None:
    flow = met.create("Feedback", flowJson=VALID, publish=True)
    key = met.new_key(masked=True)
    for body in (text_message(), flow_message(flow)):
        answers = _tried(met, key, body)
        assert len(answers) == 1
        assert {status for status, _ in answers} == {403}
    assert {status for status, _ in _tried(met, key, template_message("notice"))} == {200}


def test_a_full_account_does_not_tell_which_numbers_it_knows(
    database_url: str, folder: Path
) -> None:
    variables = {"WAFLOWS_RATE_LIMIT": "0", "WAFLOWS_WORKERS": "1", "WAFLOWS_ACCOUNT_PHONES": "1"}
    with production_server(folder, database_url, **variables) as process:
        tenant = Tenant(process, database_url)
        tenant.http.post(tenant.templates, json=template("notice"))
        sent = tenant.http.post(tenant.messages, json=template_message("notice"))
        assert sent.status_code == 200, sent.text
        [(status, text)] = _tried(tenant, tenant.new_key(masked=True), template_message("notice"))
        assert status == 400
        assert "This account may have 1 phone numbers in conversations" in text
        again = tenant.http.post(tenant.messages, json=template_message("notice"))
        assert again.status_code == 200, "a key that sees the number may go on sending to it"
        tenant.http.close()


def test_the_count_of_numbers_does_not_tell_which_are_new(met: Tenant) -> None:
    usage = f"/api/v1/accounts/{met.account_id}/usage"
    body = template_message("notice")
    shown = set()
    with client(met.url, met.new_key(masked=True)) as http:
        for number in GUESSES:
            before = http.get(usage).json()["usage"]
            sent = http.post(met.messages, json=body | {"user": {"msisdn": number}})
            assert sent.status_code == 200, sent.text
            after = http.get(usage).json()["usage"]
            shown.add((after["phones"], after["storedBytes"] - before["storedBytes"]))
    [(phones, _)] = shown
    assert phones is None
    assert met.http.get(usage).json()["usage"]["phones"] == len(GUESSES)


def test_a_request_sent_again_does_not_tell_who_got_it_first(met: Tenant) -> None:
    body = template_message("notice") | {"clientMessageId": "order-17"}
    first = met.http.post(met.messages, json=body).json()["umid"]
    with client(met.url, met.new_key(masked=True)) as http:
        own = [http.post(met.messages, json=body).json()["umid"] for _ in range(2)]
    # Sent again by the same key it is the same message; it is never the other key's.
    assert own[0] == own[1] != first


def test_no_filter_and_no_route_takes_a_number_from_a_masked_key(met: Tenant) -> None:
    account = f"/api/v1/accounts/{met.account_id}"
    phone = f"{account}/channels/{met.channel_id}/phones"
    requests = [
        ("GET", f"{account}/submissions?msisdn={{}}"),
        ("GET", f"{account}/submissions.csv?msisdn={{}}"),
        ("GET", f"{account}/submissions.jsonl?msisdn={{}}"),
        ("DELETE", f"{account}/submissions?msisdn={{}}"),
        ("GET", f"{phone}/{{}}/messages"),
        ("POST", f"{phone}/{{}}/look"),
        ("POST", f"{phone}/{{}}/say"),
        ("GET", f"{phone}/{{}}/screen"),
    ]
    with client(met.url, met.new_key(masked=True)) as http:
        for method, path in requests:
            asked = [number.replace("+", "%2B") for number in GUESSES]
            answers = {_told(http.request(method, path.format(number))) for number in asked}
            assert {status for status, _ in answers} == {403}, path
            assert len(answers) == 1, path


def test_a_key_of_a_sub_account_learns_nothing_of_its_neighbours_messages(met: Tenant) -> None:
    umid = met.http.post(met.messages, json=text_message()).json()["umid"]
    with opened(met.database_url) as db:
        db.run_now(
            sub_accounts.create_sub_account, met.account_id, f"{met.sub_account_id}-2",
            met.channel_id,
        )  # fmt: skip
    neighbour = f"{met.sub_account_id}-2"
    key = met.new_key(sub_account_ids=[neighbour])
    path = met.messages.replace(met.sub_account_id, neighbour)
    with client(met.url, key) as http:
        answers = {
            _told(
                http.post(
                    path,
                    json=template_message("notice")
                    | {"user": {"msisdn": number}, "context": {"umid": quoted}},
                )
            )
            for number in GUESSES
            for quoted in (umid, "00000000-0000-4000-8000-000000000000")
        }
        assert len(answers) == 1
        # Whom nobody heard of and who wrote long ago are refused in the same words.
        refused = http.post(path, json=text_message() | {"user": {"msisdn": GUESSES[1]}})
    assert refused.json()["message"].startswith(
        "Outside service window: the person has not written to this channel within the last 24"
    )
