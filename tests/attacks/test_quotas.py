"""At the limit of what an account may have, any number of requests at once get what is left."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.attack import Target, attacked, watched
from harness.contents import faults
from harness.messages import flow_message, flow_with_data, hear, text_message
from harness.servers import Tenant, client, opened

_AT_ONCE = 50


def _all_at_once(target: Target, requests: list[tuple[str, str, Any]]) -> list[Any]:
    """The answers to many requests of the attacker, each on a connection of its own."""

    def ask(request: tuple[str, str, Any]) -> Any:
        method, path, body = request
        with client(target.url, target.attacker.api_key) as http:
            return http.request(method, path, json=body)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(ask, requests))


def _assert_refused(answers: list[Any], made: int, what: str) -> None:
    assert [answer.status_code for answer in answers].count(200) == made
    for answer in answers:
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["code"]) == (400, 1010), answer.text
            assert f"This account may have {made} {what}" in answer.json()["message"]


def _usage(tenant: Tenant) -> Any:
    return tenant.http.get(f"/api/v1/accounts/{tenant.account_id}/usage").json()


def test_of_many_flows_and_templates_at_once_exactly_as_many_are_made_as_there_is_room(
    database_url: str, folder: Path
) -> None:
    with attacked(
        folder,
        database_url,
        WAFLOWS_WORKERS="2",
        WAFLOWS_ACCOUNT_FLOWS="20",
        WAFLOWS_ACCOUNT_TEMPLATES="7",
    ) as target:
        tenant = target.attacker
        channels = [tenant.channel_id, *(tenant.new_channel() for _ in range(4))]
        base = f"/api/v1/accounts/{tenant.account_id}/channels"
        creations = [
            (
                "POST",
                f"{base}/{channels[number % 5]}/flows",
                {"name": f"Flow {number}", "categories": ["OTHER"], "flowJson": "[1]"},
            )
            for number in range(_AT_ONCE)
        ]
        templates = [
            (
                "POST",
                tenant.templates,
                {
                    "name": f"template_{number}",
                    "language": "en",
                    "category": "UTILITY",
                    "components": [{"type": "BODY", "text": "Hello"}],
                },
            )
            for number in range(_AT_ONCE)
        ]
        with watched(target) as watch:
            with watch.attack():
                _assert_refused(_all_at_once(target, creations), 20, "flows")
                _assert_refused(_all_at_once(target, templates), 7, "templates")
            watch.assert_undisturbed(times=400)

        usage = _usage(tenant)
        assert usage["usage"] == {
            "flows": 20,
            "storedBytes": 60,
            "templates": 7,
            "phones": 0,
            "webhooks": 0,
        }
        assert usage["limits"]["flows"] == 20
        assert _usage(target.neighbour)["usage"]["flows"] == 1
        with opened(database_url) as db:
            assert faults(db) == {}


def test_of_many_texts_at_once_only_so_many_are_kept_as_fit(
    database_url: str, folder: Path
) -> None:
    with attacked(folder, database_url, WAFLOWS_ACCOUNT_BYTES="10000") as target:
        tenant = target.attacker
        ids = [tenant.create(f"Flow {number}") for number in range(10)]
        text = json.dumps("x" * 998)
        answers = _all_at_once(
            target,
            [
                ("PUT", f"{tenant.flows}/{ids[number % 10]}", {"flowJson": text.replace("x", c)})
                for number, c in enumerate("abcdefghijklmnopqrstuvwxyz" * 2)
            ],
        )
        kept = [answer.status_code for answer in answers].count(200)
        assert kept == 10
        assert _usage(tenant)["usage"]["storedBytes"] == 10_000
        with opened(database_url) as db:
            assert faults(db) == {}


def test_messages_full_of_data_cannot_fill_the_disk(database_url: str, folder: Path) -> None:
    most = 5_000_000
    with attacked(
        folder, database_url, WAFLOWS_ACCOUNT_BYTES=str(most), WAFLOWS_WORKERS="2"
    ) as target:
        tenant = target.attacker
        flow = tenant.create("Flow", flowJson=flow_with_data(), publish=True)
        people = [f"+658123456{number}" for number in range(8)]
        for person in people:
            hear(tenant, msisdn=person)
        data = {"guest": "x" * 500_000, "nights": 2}
        payload = {"screen": "WELCOME", "data": data}

        def send(person: str, message: dict[str, Any]) -> Any:
            with client(target.url, tenant.api_key) as http:
                return http.post(tenant.messages, json=message | {"user": {"msisdn": person}})

        with watched(target) as watch:
            with watch.attack(), ThreadPoolExecutor(len(people)) as threads:
                flooding = flow_message(flow, flowActionPayload=payload)
                answers = list(threads.map(send, people * 4, [flooding] * 4 * len(people)))
            watch.assert_undisturbed(times=400)

        sent = [answer.status_code for answer in answers].count(200)
        # Those that are written at the same moment may pass the limit together.
        assert most // 500_000 - 1 <= sent <= most // 500_000 + len(people)
        for answer in answers:
            if answer.status_code != 200:
                assert (answer.status_code, answer.json()["code"]) == (400, 1010), answer.text
                assert (
                    f"This account may have {most:,} bytes of Flow JSON, messages and answers"
                    in answer.json()["message"]
                )
        used = _usage(tenant)["usage"]["storedBytes"]
        assert sent * 500_000 < used < most + len(people) * 510_000
        # Erasing a person makes room again.
        gone = tenant.http.delete(
            f"/api/v1/accounts/{tenant.account_id}/submissions", params={"msisdn": people[0]}
        )
        assert gone.json()["messages"] > 1
        assert _usage(tenant)["usage"]["storedBytes"] < used
        assert send(people[1], text_message()).status_code == 200
        with opened(database_url) as db:
            assert faults(db) == {}
